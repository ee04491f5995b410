package org.hatask.execute;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SharesTest {

    private final Shares shares = new Shares(16);

    private int takeAll(String task) {
        return (int) IntStream.range(0, 100).filter(i -> shares.take(task)).count();
    }

    @Test
    void whoeverComesGetsHalfOfWhatTheOthersLeaveFree() {
        assertThat(takeAll("a")).isEqualTo(16);
        assertThat(takeAll("b")).isEqualTo(8);
        assertThat(takeAll("c")).isEqualTo(4);
        assertThat(takeAll("d")).isEqualTo(2);
        assertThat(takeAll("e")).isEqualTo(1);
        assertThat(takeAll("f")).isEqualTo(1);
        assertThat(takeAll("g")).isZero();
    }

    @Test
    void whereTwoWantAllTheyEndUpWithEqualShares() {
        takeAll("a");
        for (int i = 0; i < 16; i++) {
            shares.giveBack("a");
            takeAll("b");
            takeAll("a");
        }

        assertThat(shares.of("a")).isBetween(10, 11);
        assertThat(shares.of("b")).isBetween(10, 11);
    }

    @Test
    void oneThreadIsEnoughForEachOfTwo() {
        Shares single = new Shares(1);

        assertThat(single.take("a")).isTrue();
        assertThat(single.take("a")).isFalse();
        assertThat(single.take("b")).isTrue();
        assertThat(single.take("c")).isFalse();
        single.giveBack("a");
        assertThat(single.take("c")).isTrue();
    }
}
