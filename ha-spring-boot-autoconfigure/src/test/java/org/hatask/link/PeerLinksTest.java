package org.hatask.link;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.hatask.link.PeerLinks.Failure;
import org.junit.jupiter.api.Test;

/** When another dial is worth making, on a clock that only the test moves. */
class PeerLinksTest {

    private final PeerLinks peer = new PeerLinks();
    private long now = 1_000_000;

    private Duration pauseAfter(Failure failure) {
        assertThat(peer.wantsDial(false, now)).as("a dial is worth making").isTrue();
        peer.dialFailed("of the test", failure, now);
        Duration pause = peer.pauseLeft(now);
        assertThat(peer.wantsDial(false, now + pause.toNanos() - 1))
                .as("before")
                .isFalse();
        now += pause.toNanos();
        return pause;
    }

    @Test
    void aConnectionThatWasAcceptedAndBrokenOffIsTriedAgainAtOnceButNotForEver() {
        assertThat(pauseAfter(Failure.BROKEN)).isEqualTo(Duration.ofMillis(20));
        assertThat(pauseAfter(Failure.BROKEN)).isEqualTo(Duration.ofMillis(40));
        for (int i = 0; i < 10; i++) {
            pauseAfter(Failure.BROKEN);
        }
        assertThat(pauseAfter(Failure.BROKEN)).isEqualTo(Duration.ofSeconds(5));
    }

    @Test
    void whoRefusesIsTriedAgainSoonerThanWhoDoesNotAnswer() {
        assertThat(pauseAfter(Failure.REFUSED)).isEqualTo(Duration.ofMillis(250));
        assertThat(pauseAfter(Failure.REFUSED)).isEqualTo(Duration.ofMillis(500));
        assertThat(pauseAfter(Failure.OTHER)).isEqualTo(Duration.ofSeconds(4));
        assertThat(pauseAfter(Failure.REFUSED)).isEqualTo(Duration.ofSeconds(1));
    }

    @Test
    void whatIsNoHttpIsTriedOnceAMinuteInTheEnd() {
        assertThat(pauseAfter(Failure.NO_HTTP)).isEqualTo(Duration.ofSeconds(1));
        for (int i = 0; i < 10; i++) {
            pauseAfter(Failure.NO_HTTP);
        }
        assertThat(pauseAfter(Failure.NO_HTTP)).isEqualTo(Duration.ofMinutes(1));
    }

    @Test
    void aBrokenLinkIsDialledAnewDuringAPause() {
        pauseAfter(Failure.OTHER);
        peer.silent(now);

        assertThat(peer.wantsDial(false, now)).isFalse();
        assertThat(peer.wantsDial(true, now)).isTrue();
    }
}
