package org.hatask.sample.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import org.hatask.sample.cluster.MasterWatch.Sighting;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(300)
class RollingRestartIT extends ProcessTest {

    @ParameterizedTest
    @ValueSource(strings = {"leader-latch", "lowest-node-id"})
    void noCallFailsAndEveryStoppedMasterIsOneChangeOfMaster(String strategy) {
        startCluster(Duration.ofSeconds(6), "--ha.election.strategy=" + strategy);
        boolean returns = strategy.equals("lowest-node-id");
        if (returns) {
            assertThat(Waiting.until(PATIENCE, () -> watch.agreed(ids())
                            .filter(master -> master.master().equals("n1"))
                            .isPresent()))
                    .as("the smallest id leads")
                    .isTrue();
        }
        Sighting begin = awaitAgreement();
        load.pricing(5, Duration.ofMillis(30)).booking(3, Duration.ofMillis(10));
        awaitBooking(begin.epoch(), Instant.now());
        long expected = begin.epoch();
        for (String id : ids()) {
            boolean wasMaster = awaitAgreement().master().equals(id);
            NodeProcess node = cluster.node(id);
            Instant asked = Instant.now();
            node.terminate();
            assertThat(node.awaitEnd(Duration.ofSeconds(30)))
                    .as(id + " ended by itself")
                    .isTrue();
            Instant ended = Instant.now();
            if (wasMaster) {
                expected++;
                awaitMasterAfter(expected - 1);
            }
            node.start();
            node.awaitReady(PATIENCE);
            assertThat(Waiting.until(PATIENCE, () -> rotation.isIn(id))).isTrue();
            if (wasMaster && returns) {
                expected++;
                awaitMasterAfter(expected - 1);
            }
            awaitBooking(expected, Instant.now());
            say(
                    "%s %sended within %s and was back %s later",
                    id, wasMaster ? "was master, " : "", millis(asked, ended), millis(ended, Instant.now()));
        }
        Sighting end = awaitAgreement();
        awaitValuations(100);
        stopLoadAndJudge();

        say("FIGURE rolling restart, %s: epochs %d to %d, no call failed", strategy, begin.epoch(), end.epoch());
        assertThat(end.epoch()).as("changes of master").isEqualTo(expected);
    }
}
