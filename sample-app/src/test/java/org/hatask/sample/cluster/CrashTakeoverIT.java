package org.hatask.sample.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.hatask.sample.cluster.MasterWatch.Sighting;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A killed master is replaced long before its session ends; a paused one is not. */
@Timeout(600)
class CrashTakeoverIT extends ProcessTest {

    private static final Duration SESSION = Duration.ofSeconds(6);

    /** More for a figure to be quoted: {@code -Dtakeover.rounds=20}. */
    private static final int ROUNDS = Integer.getInteger("takeover.rounds", 4);

    @Test
    void aKilledMasterIsReplacedLongBeforeItsSessionEnds() {
        startCluster(SESSION);
        load.booking(6, Duration.ofMillis(5));
        List<Long> millis = new ArrayList<>();

        for (int round = 0; round < ROUNDS; round++) {
            Sighting old = awaitAgreement();
            awaitBooking(old.epoch(), Instant.now());
            // Warm: candidates have proved that they could lead at once.
            Waiting.pause(Duration.ofSeconds(2));
            NodeProcess victim = cluster.node(old.master());
            Instant killed = Instant.now();
            victim.kill9();
            Load.Call booked = awaitBooking(old.epoch() + 1, killed);
            millis.add(Duration.between(killed, booked.end()).toMillis());
            assertThat(String.join(" ", watch.history())).doesNotContain("lost its session");
            victim.start();
            victim.awaitReady(PATIENCE);
            assertThat(Waiting.until(PATIENCE, () -> rotation.isIn(victim.id())))
                    .isTrue();
        }
        stopLoadAndJudge();

        List<Long> sorted = new ArrayList<>(millis);
        Collections.sort(sorted);
        say(
                "FIGURE kill -9 of the master to the first task on the new one, session %d s: median %d ms, longest %d ms, all %s",
                SESSION.toSeconds(), sorted.get(sorted.size() / 2), sorted.get(sorted.size() - 1), millis);
        assertThat(sorted.get(sorted.size() / 2))
                .as("instead of the session of 6 s")
                .isLessThan(SESSION.toMillis() / 2);
    }

    @Test
    void aPausedMasterIsNotReplacedBeforeItsSessionEnds() {
        startCluster(Duration.ofSeconds(3), Duration.ofSeconds(4));
        load.booking(6, Duration.ofMillis(10));
        Sighting old = awaitAgreement();
        awaitBooking(old.epoch(), Instant.now());
        NodeProcess master = cluster.node(old.master());

        Instant paused = Instant.now();
        master.pause();
        Sighting next = awaitMasterAfter(old.epoch());
        // Only now a booking: the paused one may have stopped within a transaction, whose lock the database keeps for
        // it.
        master.resume();
        awaitBooking(next.epoch(), paused);
        awaitAgreementAfter(old.epoch());
        stopLoadAndJudge();

        Duration gap = Duration.between(paused, next.at());
        say("FIGURE kill -STOP of the master, session 3 s: new master seen after %d ms", gap.toMillis());
        assertThat(gap).as("a paused process refuses no connection").isGreaterThan(Duration.ofSeconds(1));
    }
}
