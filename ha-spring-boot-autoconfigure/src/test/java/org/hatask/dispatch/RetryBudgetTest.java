package org.hatask.dispatch;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

/** The account on a clock that only the test moves. */
class RetryBudgetTest {

    private long nanos = 1;

    private RetryBudget budget(double share, int perSecond) {
        return new RetryBudget(share, perSecond, () -> nanos);
    }

    private static int takeAll(RetryBudget budget) {
        int taken = 0;
        while (budget.take()) {
            taken++;
        }
        return taken;
    }

    private void pass(Duration time) {
        nanos += time.toNanos();
    }

    @Test
    void aShareOfTheCallsAndAFewASecond() {
        RetryBudget budget = budget(0.2, 3);
        for (int i = 0; i < 100; i++) {
            budget.called();
        }

        assertThat(takeAll(budget)).isEqualTo(20 + 3);
        pass(Duration.ofSeconds(1));
        assertThat(takeAll(budget)).isEqualTo(3);
        assertThat(budget.denied()).isEqualTo(2);
    }

    @Test
    void partsOfBothKindsMakeOne() {
        RetryBudget budget = budget(0.5, 1);
        assertThat(takeAll(budget)).isOne();
        budget.called();
        assertThat(budget.take()).isFalse();

        // The half has faded a little meanwhile.
        pass(Duration.ofMillis(550));

        assertThat(budget.take()).isTrue();
    }

    @Test
    void aQuietHourDoesNotPayForAStorm() {
        RetryBudget budget = budget(0.2, 3);
        for (int i = 0; i < 10_000; i++) {
            budget.called();
        }
        budget.available();

        pass(Duration.ofHours(1));

        assertThat(takeAll(budget)).isEqualTo(3);
    }

    @Test
    void steadyCallsSaveAboutTenSecondsOfTheirShare() {
        RetryBudget budget = budget(0.2, 0);
        for (int second = 0; second < 600; second++) {
            for (int i = 0; i < 100; i++) {
                budget.called();
            }
            pass(Duration.ofSeconds(1));
        }

        assertThat(takeAll(budget)).isBetween(195, 200);
    }

    @Test
    void whoCanWaitQueuesForWhatEachSecondBrings() {
        RetryBudget budget = budget(0.2, 2);
        assertThat(budget.reserve(Duration.ofSeconds(5))).isZero();
        assertThat(budget.reserve(Duration.ofSeconds(5))).isZero();

        for (int i = 1; i <= 10; i++) {
            assertThat(budget.reserve(Duration.ofSeconds(5)).toMillis()).isBetween(500L * i, 500L * i + 1);
        }

        assertThat(budget.reserve(Duration.ofSeconds(5))).isNegative();
        assertThat(budget.take()).isFalse();
        assertThat(budget.denied()).isEqualTo(2);
        pass(Duration.ofSeconds(5));
        assertThat(budget.take()).isFalse();
        pass(Duration.ofMillis(510));
        assertThat(budget.take()).isTrue();
    }

    @Test
    void nothingIsTriedAgainWhereBothAreZero() {
        RetryBudget budget = budget(0, 0);
        budget.called();
        pass(Duration.ofSeconds(10));

        assertThat(budget.take()).isFalse();
        assertThat(budget.reserve(Duration.ofHours(1))).isNegative();
    }
}
