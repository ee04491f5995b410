package org.hatask.sample.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import org.hatask.sample.cluster.MasterWatch.Sighting;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(180)
class MasterStopIT extends ProcessTest {

    @Test
    void noCallFailsWhenTheMasterIsStoppedUnderLoad() {
        startCluster(Duration.ofSeconds(6));
        Sighting old = awaitAgreement();
        load.pricing(13, Duration.ofMillis(20)).booking(3, Duration.ofMillis(5));
        awaitBooking(old.epoch(), Instant.now());
        awaitValuations(500);

        NodeProcess master = cluster.node(old.master());
        Instant asked = Instant.now();
        master.terminate();
        Sighting next = awaitMasterAfter(old.epoch());
        Load.Call booked = awaitBooking(next.epoch(), asked);
        boolean ended = master.awaitEnd(Duration.ofSeconds(30));
        Instant end = Instant.now();
        awaitValuations(200);
        TradeAudit audit = stopLoadAndJudge();

        say(
                "FIGURE SIGTERM of the master under load: new master since %s, seen after %s, first booking after %s, "
                        + "no trade for %s, process ended after %s",
                next.since().map(since -> millis(asked, since)).orElse("?"),
                millis(asked, next.at()),
                millis(asked, booked.end()),
                pauseBetween(audit, old.epoch()),
                millis(asked, end));
        assertThat(Duration.between(asked, next.at()))
                .as("hand-over, instead of the end of the session")
                .isLessThan(Duration.ofSeconds(4));
        assertThat(ended).as("the stopped master ended by itself").isTrue();
        assertThat(next.epoch()).isEqualTo(old.epoch() + 1);
        assertThat(next.master()).isNotEqualTo(old.master());
    }

    /** Time from the last trade of that epoch to the first of the next. */
    private static String pauseBetween(TradeAudit audit, long epoch) {
        Instant last = null;
        for (TradeAudit.Row row : audit.rows()) {
            if (row.epoch() > epoch && last != null) {
                return millis(last, row.bookedAt());
            }
            last = row.bookedAt();
        }
        return "?";
    }
}
