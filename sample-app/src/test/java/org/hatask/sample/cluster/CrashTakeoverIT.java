package org.hatask.sample.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.hatask.sample.cluster.MasterAttempts.Begun;
import org.hatask.sample.cluster.MasterWatch.Sighting;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A killed master is replaced long before its session ends; a paused one is not. */
@Timeout(1200)
class CrashTakeoverIT extends ProcessTest {

    private static final Duration SESSION = Duration.ofSeconds(6);

    /** More for a figure to be quoted: {@code -Dtakeover.rounds=20}. */
    private static final int ROUNDS = Integer.getInteger("takeover.rounds", 3);

    private final DeskClient operator = new DeskClient(Duration.ofSeconds(40));
    private final List<Kill> kills = new ArrayList<>();

    /**
     * @param epoch that of the killed master
     * @param booked when the first caller had the answer of the next one
     */
    private record Kill(long epoch, Instant at, Instant booked) {}

    @Test
    void aKilledMasterIsReplacedLongBeforeItsSessionEndsAndAPausedOneIsNot() {
        startCluster(SESSION);
        load.booking(6, Duration.ofMillis(25));
        for (int round = 0; round < ROUNDS; round++) {
            killTheMaster(awaitAgreement());
        }
        pauseTheMaster(awaitAgreement());
        stopLoadAndJudge();
        judge("external ZooKeeper");
    }

    @Test
    void soItIsWithAnEmbeddedQuorumWhoseLeaderLives() throws IOException {
        startClusterWithItsOwnQuorum(SESSION, "--management.endpoint.ha.access=unrestricted");
        load.booking(6, Duration.ofMillis(25));
        for (int round = 0; round < ROUNDS; round++) {
            killTheMaster(awaitAMasterThatDoesNotLeadTheQuorum());
        }
        stopLoadAndJudge();
        judge("embedded quorum, its leader lives");
    }

    private Sighting awaitAMasterThatDoesNotLeadTheQuorum() throws IOException {
        Sighting master = awaitAgreement();
        while (cluster.leadsQuorum(cluster.node(master.master()))) {
            NodeProcess both = cluster.node(master.master());
            assertThat(operator.order(both.uri(), "demote", both.id()).status()).isEqualTo(200);
            master = awaitAgreementAfter(master.epoch());
        }
        return master;
    }

    private void killTheMaster(Sighting old) {
        awaitBooking(old.epoch(), Instant.now());
        // Warm: candidates have proved that they could lead at once.
        Waiting.pause(Duration.ofSeconds(2));
        NodeProcess victim = cluster.node(old.master());
        Instant killed = Instant.now();
        victim.kill9();
        Load.Call booked = awaitBooking(old.epoch() + 1, killed);
        kills.add(new Kill(old.epoch(), killed, booked.end()));
        assertThat(String.join(" ", watch.history())).doesNotContain("lost its session");
        start(victim);
    }

    private void pauseTheMaster(Sighting old) {
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
        Duration gap = Duration.between(paused, next.at());
        say(
                "FIGURE kill -STOP of the master, session %d s: new master seen after %d ms",
                SESSION.toSeconds(), gap.toMillis());
        assertThat(gap).as("a paused process refuses no connection").isGreaterThan(SESSION.dividedBy(2));
    }

    private void start(NodeProcess node) {
        node.start();
        node.awaitReady(PATIENCE);
        assertThat(Waiting.until(PATIENCE, () -> rotation.isIn(node.id()))).isTrue();
    }

    private void judge(String where) {
        List<Begun> attempts = MasterAttempts.of(cluster);
        List<Long> begun = kills.stream()
                .map(kill ->
                        Duration.between(kill.at(), firstAfter(kill, attempts)).toMillis())
                .toList();
        List<Long> booked = kills.stream()
                .map(kill -> Duration.between(kill.at(), kill.booked()).toMillis())
                .toList();
        say(
                "FIGURE kill -9 of the master, session %d s, %s: the first task on the new one begun after %s, done after %s",
                SESSION.toSeconds(), where, summary(begun), summary(booked));
        assertThat(median(booked)).as("instead of the session of 6 s").isLessThan(SESSION.toMillis() / 2);
    }

    private static Instant firstAfter(Kill kill, List<Begun> attempts) {
        return attempts.stream()
                .filter(attempt -> attempt.epoch() > kill.epoch())
                .map(Begun::at)
                .filter(at -> at.isAfter(kill.at()))
                .min(Instant::compareTo)
                .orElseThrow();
    }

    private static String summary(List<Long> millis) {
        List<Long> sorted = millis.stream().sorted().toList();
        return "%d ms (median; longest %d ms; all %s)".formatted(median(millis), sorted.get(sorted.size() - 1), millis);
    }

    private static long median(List<Long> millis) {
        return millis.stream().sorted().toList().get(millis.size() / 2);
    }
}
