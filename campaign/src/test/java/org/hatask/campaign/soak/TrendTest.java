package org.hatask.campaign.soak;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Random;
import java.util.function.LongUnaryOperator;
import java.util.stream.LongStream;
import org.hatask.campaign.soak.Series.Kind;
import org.junit.jupiter.api.Test;

class TrendTest {

    private static final long MIB = 1 << 20;

    private static Series series(Kind kind, int size, LongUnaryOperator value) {
        return new Series(
                "n1",
                "something",
                kind,
                LongStream.range(0, size).map(value).boxed().toList());
    }

    @Test
    void whatOnlyFillsUpAtFirstIsFlat() {
        Trend trend = Trend.of(series(Kind.COUNT, 60, minute -> Math.min(minute, 15) * 100));

        assertThat(trend.growth()).isZero();
        assertThat(trend.isFlat()).isTrue();
    }

    @Test
    void whatGrowsByOneWithEveryRestartIsNot() {
        // Fifteen restarts a minute.
        Trend trend = Trend.of(series(Kind.COUNT, 60, minute -> 40 + 15 * minute));

        assertThat(trend.before()).isEqualTo(40 + 15 * 22);
        assertThat(trend.after()).isEqualTo(40 + 15 * 52);
        assertThat(trend.isFlat()).isFalse();
    }

    @Test
    void whatGrowsByOneWithEveryFiftiethRestartIsNotEither() {
        assertThat(Trend.of(series(Kind.COUNT, 60, minute -> minute * 15 / 50)).isFlat())
                .isFalse();
    }

    @Test
    void aHeapOfTwentyMegabytesMayGrowByOne() {
        assertThat(Trend.of(series(Kind.HEAP, 60, minute -> minute < 30 ? 20 * MIB : 21 * MIB))
                        .isFlat())
                .isTrue();
        assertThat(Trend.of(series(Kind.HEAP, 60, minute -> minute < 30 ? 20 * MIB : 21 * MIB + 1))
                        .isFlat())
                .isFalse();
    }

    @Test
    void singleValuesMoveNoMedian() {
        Random random = new Random(1);

        assertThat(Trend.of(series(Kind.COUNT, 60, minute -> random.nextInt(4) == 0 ? 5_000 : 90))
                        .isFlat())
                .isTrue();
    }

    @Test
    void aFewValuesTellNothing() {
        assertThatThrownBy(() -> Trend.of(series(Kind.COUNT, 7, minute -> 1)))
                .hasMessage("7 values are too few to tell a trend");
    }

    @Test
    void theOrderOfTimeCountsAndNotThatOfSize() {
        assertThat(Trend.of(new Series("n1", "x", Kind.COUNT, List.of(0L, 0L, 900L, 900L, 0L, 0L, 0L, 0L)))
                        .growth())
                .isEqualTo(-900);
    }
}
