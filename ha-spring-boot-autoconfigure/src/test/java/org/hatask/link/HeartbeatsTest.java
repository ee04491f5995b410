package org.hatask.link;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class HeartbeatsTest {

    private static final long MILLI = 1_000_000;

    private final Heartbeats heartbeats = new Heartbeats(Duration.ofSeconds(1), 0);

    @Test
    void beatsOncePerInterval() {
        int beats = 0;
        for (long now = 0; now < 10_000 * MILLI; now += heartbeats.periodNanos()) {
            if (heartbeats.isDue(now)) {
                beats++;
            }
        }
        assertThat(beats).isEqualTo(10);
    }

    @Test
    void onlyATickThatIsLateByMoreThanAnIntervalTellsOfAPause() {
        assertThat(heartbeats.wasPaused(250 * MILLI)).isFalse();
        assertThat(heartbeats.wasPaused(1500 * MILLI)).isFalse();
        assertThat(heartbeats.wasPaused(2751 * MILLI)).isTrue();
        assertThat(heartbeats.wasPaused(3000 * MILLI)).isFalse();
    }
}
