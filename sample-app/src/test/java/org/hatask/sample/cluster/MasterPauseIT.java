package org.hatask.sample.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.hatask.sample.cluster.MasterAttempts.Begun;
import org.hatask.sample.cluster.MasterWatch.Sighting;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(300)
class MasterPauseIT extends ProcessTest {

    private static final Duration SESSION = Duration.ofSeconds(2);
    private static final int ROUNDS = 10;

    private record Pause(long epoch, String master, Instant paused, Instant resumed) {}

    @Test
    void masterThatWakesAfterItsSessionRunsNothingOfItsOldEpochTenTimesInARow() {
        // Callers give up on the paused node soon, so that they are there when it wakes; it settles all the time.
        startCluster(SESSION, Duration.ofSeconds(3), "--desk.settle-every=100ms");
        load.pricing(2, Duration.ofMillis(100)).booking(9, Duration.ofMillis(60));
        List<Pause> pauses = new ArrayList<>();

        for (int round = 1; round <= ROUNDS; round++) {
            Sighting master = awaitAgreement();
            awaitBooking(master.epoch(), Instant.now());
            pauses.add(pause(master, round));
        }
        awaitAgreement();
        awaitBooking(0, Instant.now());
        stopLoadAndJudge();

        List<Begun> begun = MasterAttempts.of(cluster);
        assertThat(begun).as("attempts in the logs").hasSizeGreaterThan(ROUNDS * 5);
        for (Pause pause : pauses) {
            assertThat(tooLate(begun, pause))
                    .as("attempts of epoch " + pause.epoch() + " after its master " + pause.master() + " woke at "
                            + pause.resumed() + " or after a newer epoch began")
                    .isEmpty();
        }
        say(
                "FIGURE %d pauses of %s: no attempt of an old epoch among %d",
                ROUNDS, SESSION.multipliedBy(2), begun.size());
    }

    private Pause pause(Sighting master, int round) {
        NodeProcess process = cluster.node(master.master());
        Instant paused = Instant.now();
        process.pause();
        Waiting.pause(SESSION.multipliedBy(2));
        Instant resumed = Instant.now();
        process.resume();
        Sighting next = awaitMasterAfter(master.epoch());
        say(
                "round %d: %s paused in epoch %d, %s seen as master after %s",
                round, master.master(), master.epoch(), next.master(), millis(paused, next.at()));
        awaitBooking(next.epoch(), resumed);
        return new Pause(master.epoch(), master.master(), paused, resumed);
    }

    /**
     * Attempts of the paused epoch that began after the pause. One that was admitted in the instant before the pause may write
     * its first words after it; nobody can tell that from outside, and it can only be one that was sent before.
     */
    private List<Begun> tooLate(List<Begun> begun, Pause pause) {
        Instant newer = begun.stream()
                .filter(attempt -> attempt.epoch() > pause.epoch())
                .map(Begun::at)
                .min(Instant::compareTo)
                .orElseThrow();
        Instant limit = newer.isBefore(pause.resumed()) ? newer : pause.resumed();
        return begun.stream()
                .filter(attempt -> attempt.epoch() == pause.epoch())
                .filter(attempt -> attempt.at().isAfter(limit))
                .filter(attempt -> !wasSentBefore(attempt, pause))
                .toList();
    }

    private boolean wasSentBefore(Begun attempt, Pause pause) {
        Instant sent = load.sent().get(attempt.reference());
        boolean before = sent != null && sent.isBefore(pause.paused());
        if (before) {
            say("admitted before the pause and held up by it: %s", attempt);
        }
        return before;
    }
}
