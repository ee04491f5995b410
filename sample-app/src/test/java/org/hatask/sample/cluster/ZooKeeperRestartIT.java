package org.hatask.sample.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import org.hatask.sample.cluster.MasterWatch.Sighting;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(240)
class ZooKeeperRestartIT extends ProcessTest {

    private static final Duration SESSION = Duration.ofSeconds(2);
    private static final Duration OUTAGE = Duration.ofSeconds(6);

    @Test
    void anyCallsGoOnMasterCallsWaitAndAllHealsWhenZooKeeperIsRestarted() {
        startCluster(SESSION);
        Sighting old = awaitAgreement();
        load.pricing(8, Duration.ofMillis(20)).booking(3, Duration.ofMillis(10));
        awaitBooking(old.epoch(), Instant.now());
        awaitValuations(200);

        Instant killed = Instant.now();
        zooKeeper.kill9();
        Waiting.pause(OUTAGE);
        Instant restarted = Instant.now();
        zooKeeper.startAndAwait();
        Instant serving = Instant.now();
        Load.Call booked = awaitBooking(old.epoch(), serving);
        Sighting after = awaitAgreement();
        assertThat(Waiting.until(PATIENCE, () -> cluster.nodes().stream().allMatch(NodeProcess::isReady)))
                .as("every node is healthy again")
                .isTrue();
        awaitValuations(200);
        TradeAudit audit = stopLoadAndJudge();

        long valued = load.calls().stream()
                .filter(call -> call.kind() == Load.Kind.PRICE)
                .filter(call -> call.start().isAfter(killed) && call.end().isBefore(restarted))
                .count();
        say(
                "FIGURE ZooKeeper away for %s: %d valuations meanwhile; first booking %s after it was back, master %s of epoch %d",
                millis(killed, serving), valued, millis(serving, booked.end()), after.master(), after.epoch());
        assertThat(valued).as("valuations while ZooKeeper was away").isGreaterThan(50);
        assertThat(audit.rows())
                .as("trades after the master's lease had run out and before ZooKeeper was back")
                .noneMatch(row -> row.bookedAt().isAfter(killed.plus(SESSION))
                        && row.bookedAt().isBefore(restarted));
    }
}
