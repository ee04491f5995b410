package org.hatask.execute;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

/** When to come back, on a clock that only the test moves. */
class BusyEstimateTest {

    private static final long MILLI = 1_000_000;

    private final BusyEstimate estimate = new BusyEstimate(0);

    private long millis(long now, long completed, int queued) {
        return estimate.comeBackAfter(now * MILLI, completed, queued).toMillis();
    }

    @Test
    void halfTheQueueAtThePresentPace() {
        estimate.observe(1000 * MILLI, 500, false);

        // 50 done in a second: 20 ms each.
        assertThat(millis(2000, 550, 100)).isEqualTo(51 * 20);
        assertThat(millis(2000, 550, 0)).isEqualTo(20);
    }

    @Test
    void neverLessThanTenMillisecondsNorMoreThanFiveSeconds() {
        assertThat(millis(1000, 100_000, 4)).isEqualTo(10);
        assertThat(millis(1000, 1, 1000)).isEqualTo(5000);
        assertThat(millis(0, 0, 0)).isEqualTo(10);
    }

    @Test
    void aNodeThatHasFinishedNothingYetSaysAsLongAsItHasWorked() {
        estimate.observe(1000 * MILLI, 0, false);

        assertThat(millis(1300, 0, 100)).isEqualTo(300);
    }

    @Test
    void idleTimeDoesNotCount() {
        estimate.observe(60_000 * MILLI, 10, false);

        assertThat(millis(60_100, 20, 20)).isEqualTo(110);
    }

    @Test
    void onlyTheLastSecondsCount() {
        for (long now = 0; now <= 10_000; now += 50) {
            // One per second at first, then twenty.
            estimate.observe(now * MILLI, now < 5000 ? now / 1000 : 5 + (now - 5000) / 50, true);
        }

        assertThat(Duration.ofMillis(millis(10_000, 105, 38))).isEqualTo(Duration.ofSeconds(1));
    }
}
