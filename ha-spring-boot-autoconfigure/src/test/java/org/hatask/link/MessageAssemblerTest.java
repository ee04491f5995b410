package org.hatask.link;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.Random;
import org.hatask.link.MessageAssembler.TooLargeException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MessageAssemblerTest {

    private static final int LIMIT = 100_000;

    private final MessageAssembler assembler = new MessageAssembler();

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 4095, 4096, 4097, 50_000, 100_000})
    void whatCameInPartsIsTheWholeMessageAgain(int largestPart) throws TooLargeException {
        Random random = new Random(largestPart);
        for (int i = 0; i < 3; i++) {
            byte[] sent = new byte[LIMIT];
            random.nextBytes(sent);
            // Handed over in one buffer that is used again, as containers do.
            ByteBuffer buffer = ByteBuffer.allocate(largestPart);
            ByteBuffer message = null;
            for (int from = 0; from < sent.length; ) {
                assertThat(message).isNull();
                int length = Math.min(random.nextInt(largestPart + 1), sent.length - from);
                buffer.clear().put(sent, from, length).flip();
                from += length;
                message = assembler.add(buffer, from == sent.length, LIMIT);
            }

            byte[] whole = new byte[message.remaining()];
            message.get(whole);
            assertThat(whole).isEqualTo(sent);
        }
    }

    @Test
    void aMessageInOnePartIsNotCopied() throws TooLargeException {
        ByteBuffer part = ByteBuffer.allocate(10);

        assertThat(assembler.add(part, true, LIMIT)).isSameAs(part);
    }

    @Test
    void morePartsThanTheLimitAllowsAreRefusedAndPartsWithoutBytesAreNot() throws TooLargeException {
        for (int i = 0; i < LIMIT; i++) {
            assertThat(assembler.add(ByteBuffer.allocate(1), false, LIMIT)).isNull();
            assertThat(assembler.add(ByteBuffer.allocate(0), false, LIMIT)).isNull();
        }

        assertThatThrownBy(() -> assembler.add(ByteBuffer.allocate(1), true, LIMIT))
                .isInstanceOf(TooLargeException.class);
    }
}
