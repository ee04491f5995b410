package org.hatask.link;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class PassTest {

    private static final byte[] KEY = TestNode.KEY;
    private static final byte[] NEXT = new byte[32];
    private static final Handshake.Peer SELF = new Handshake.Peer("a", "a-1");

    @Test
    void aHolderOfAnyAcceptedKeyIsKnownByItsPass() {
        assertThat(Pass.judge(Pass.create(NEXT, "c", SELF), List.of(KEY, NEXT), "c", SELF))
                .satisfies(shown -> assertThat(shown.key()).isEqualTo(NEXT));
        assertThat(Pass.judge(Pass.create(KEY, "c", SELF), List.of(KEY, NEXT), "c", SELF))
                .satisfies(shown -> assertThat(shown.key()).isEqualTo(KEY));
    }

    @Test
    void aPassForAnotherKeyClusterOrProcessIsNone() {
        assertThat(judge(Pass.create(NEXT, "c", SELF))).isNull();
        assertThat(judge(Pass.create(KEY, "d", SELF))).isNull();
        assertThat(judge(Pass.create(KEY, "c", new Handshake.Peer("a", "a-2")))).isNull();
        assertThat(judge(Pass.create(KEY, "c", new Handshake.Peer("b", "a-1")))).isNull();
    }

    @Test
    void noTwoPassesAreTheSame() {
        assertThat(judge(Pass.create(KEY, "c", SELF)).id())
                .isNotEqualTo(judge(Pass.create(KEY, "c", SELF)).id());
    }

    @Test
    void whatIsNoPassIsNone() {
        String pass = Pass.create(KEY, "c", SELF);
        for (String odd :
                List.of("", "x", pass + "A", pass.substring(1), "€".repeat(64), "=".repeat(64), "A".repeat(63) + "=")) {
            assertThat(judge(odd)).isNull();
        }
        assertThat(judge(null)).isNull();
        for (int i = 0; i < pass.length(); i++) {
            char[] changed = pass.toCharArray();
            changed[i] = changed[i] == 'A' ? 'B' : 'A';
            assertThat(judge(new String(changed))).isNull();
        }
    }

    private static Pass.Shown judge(String header) {
        return Pass.judge(header, List.of(KEY), "c", SELF);
    }
}
