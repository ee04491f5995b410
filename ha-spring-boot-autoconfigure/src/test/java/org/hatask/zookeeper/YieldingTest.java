package org.hatask.zookeeper;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class YieldingTest {

    private final Yielding yielding = new Yielding(Duration.ofSeconds(10));

    private boolean isOverAfter(int seconds) {
        return yielding.isOver(Duration.ofSeconds(seconds).toNanos());
    }

    private void deposedAfter(int seconds) {
        yielding.deposed(Duration.ofSeconds(seconds).toNanos());
    }

    @Test
    void whoWasNeverDeposedDoesNotYield() {
        assertThat(isOverAfter(0)).isTrue();
    }

    @Test
    void whoIsDeposedYieldsForAWhile() {
        deposedAfter(100);

        assertThat(isOverAfter(109)).isFalse();
        assertThat(isOverAfter(110)).isTrue();
    }

    @Test
    void whoIsDeposedSoonAgainYieldsForTwiceAsLongUpToFiveMinutes() {
        deposedAfter(100);
        deposedAfter(111);

        assertThat(isOverAfter(130)).isFalse();
        assertThat(isOverAfter(131)).isTrue();
        int second = 131;
        for (int time = 0; time < 10; time++) {
            deposedAfter(second);
            second += 1;
            while (!isOverAfter(second)) {
                second++;
            }
        }
        deposedAfter(second);
        assertThat(isOverAfter(second + 299)).isFalse();
        assertThat(isOverAfter(second + 300)).isTrue();
    }

    @Test
    void whoWasLeftAloneForAsLongBeginsAnew() {
        deposedAfter(100);
        deposedAfter(111);
        deposedAfter(131 + 20);

        assertThat(isOverAfter(151 + 10)).isTrue();
    }
}
