package org.hatask.link;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.nio.ByteBuffer;
import java.util.List;
import org.hatask.link.Sealing.Opener;
import org.hatask.link.Sealing.Sealer;
import org.junit.jupiter.api.Test;

class SealingTest {

    private static final byte[] KEY = TestNode.KEY;

    private final Sealer sealer = new Sealer(KEY);
    private final Opener opener = new Opener(KEY);

    private byte[] sealed(long id) {
        byte[] frame = FrameCodec.encode(new Frame.Cancel(id));
        return sealer.seal(List.of(frame, frame), 2 * frame.length).array();
    }

    @Test
    void sealedMessagesOpenInTheirOrder() throws Exception {
        for (long i = 0; i < 5; i++) {
            assertThat(opener.open(ByteBuffer.wrap(sealed(i))))
                    .containsExactly(new Frame.Cancel(i), new Frame.Cancel(i));
        }
    }

    @Test
    void anyChangedBitIsNoticed() {
        byte[] message = sealed(1);
        for (int i = 0; i < message.length; i++) {
            byte[] changed = message.clone();
            changed[i] ^= 1;
            assertSealBroken(new Opener(KEY), changed);
        }
    }

    @Test
    void repeatedMessageDoesNotOpen() throws Exception {
        byte[] message = sealed(1);
        opener.open(ByteBuffer.wrap(message.clone()));
        assertSealBroken(opener, message);
    }

    @Test
    void reorderedOrMissingMessageDoesNotOpen() {
        sealed(1);
        assertSealBroken(opener, sealed(2));
    }

    @Test
    void messageOfAnotherKeyDoesNotOpen() {
        assertSealBroken(new Opener(new byte[32]), sealed(1));
    }

    @Test
    void shortMessageDoesNotOpen() {
        for (int length = 0; length <= Sealing.OVERHEAD; length++) {
            assertSealBroken(opener, new byte[length]);
        }
    }

    private static void assertSealBroken(Opener opener, byte[] message) {
        assertThatExceptionOfType(MalformedFrameException.class)
                .isThrownBy(() -> opener.open(ByteBuffer.wrap(message)));
    }
}
