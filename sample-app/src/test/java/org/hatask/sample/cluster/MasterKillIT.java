package org.hatask.sample.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import org.hatask.sample.cluster.MasterWatch.Sighting;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(300)
class MasterKillIT extends ProcessTest {

    private static final Duration SESSION = Duration.ofSeconds(2);

    /** With a longer session others do the same: {@link CrashTakeoverIT} and the drill. */
    @Test
    void callsGoOnAndAnotherNodeIsMasterWhenTheMasterIsKilled() {
        startCluster(SESSION);
        Sighting old = awaitAgreement();
        load.pricing(6, Duration.ofMillis(20)).booking(4, Duration.ofMillis(10));
        awaitBooking(old.epoch(), Instant.now());
        awaitValuations(200);

        Instant killed = Instant.now();
        cluster.node(old.master()).kill9();
        Sighting next = awaitMasterAfter(old.epoch());
        Load.Call booked = awaitBooking(next.epoch(), killed);
        awaitValuations(200);
        stopLoadAndJudge();

        say(
                "FIGURE kill -9 of the master, session %d s: new master seen after %s, first booking after %s",
                SESSION.toSeconds(), millis(killed, next.at()), millis(killed, booked.end()));
        assertThat(next.epoch()).isEqualTo(old.epoch() + 1);
        assertThat(next.master()).isNotEqualTo(old.master());
    }
}
