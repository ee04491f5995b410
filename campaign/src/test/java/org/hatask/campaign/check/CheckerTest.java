package org.hatask.campaign.check;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.hatask.campaign.check.Finding.Rule;
import org.junit.jupiter.api.Test;

class CheckerTest {

    private static final String A = "n1-100";
    private static final String B = "n2-200";
    private static final String CRASH = "the_process_of_n1_is_gone,_as_seen_by_n2_and_n3";

    /** Two masters one after the other, each with a write that was called, made and acknowledged. */
    private static Past orderly() {
        return new Past()
                .alive(A, 0, 6_000)
                .alive(B, 0, 6_000)
                .event(A, 100, "elected", "1", "n1", "start")
                .event(A, 100, "gained", "1")
                .event(B, 100, "call", "w1", "write")
                .event(A, 110, "begin", "w1", "1")
                .event(A, 120, "checked", "w1", "1")
                .append(A, 120, "w1", 1)
                .row("w1", 1)
                .event(A, 130, "written", "w1", "1")
                .event(B, 140, "return", "w1", "ok")
                .event(B, 3_000, "elected", "2", "n2", "shutdown_of_n1")
                .event(B, 3_000, "gained", "2")
                .event(A, 3_000, "call", "w2", "write")
                .event(B, 3_100, "begin", "w2", "2")
                .event(B, 3_120, "checked", "w2", "2")
                .append(B, 3_120, "w2", 2)
                .row("w2", 2)
                .event(B, 3_130, "written", "w2", "2")
                .event(A, 3_150, "return", "w2", "ok");
    }

    @Test
    void nothingIsFoundInAnOrderlyHistory() {
        assertThat(orderly().verdict().findings()).isEmpty();
    }

    @Test
    void anEpochThatShrinksIsFound() {
        Past past = orderly().event(B, 4_000, "elected", "1", "n1", "start");

        assertThat(past.broken()).containsExactly(Rule.EPOCHS_GROW);
    }

    @Test
    void anEpochOfTwoMastersIsFound() {
        Past past = orderly().event(A, 4_000, "gained", "2");

        assertThat(past.broken()).containsExactly(Rule.EPOCHS_GROW);
    }

    @Test
    void aFencedWriteOfAnOlderEpochIsFound() {
        Past past = orderly().row("w3", 1);

        assertThat(past.broken()).containsExactly(Rule.FENCED_ORDER);
    }

    @Test
    void aLineOfAnOlderEpochInTheUnfencedLogIsFound() {
        Past past = orderly().append(A, 3_500, "w3", 1);

        assertThat(past.broken()).containsExactly(Rule.UNFENCED_ORDER);
    }

    @Test
    void aLineIsToleratedWhoseWriterWasPausedAfterItHadAsked() {
        Past past = new Past()
                .alive(A, 0, 1_000)
                .alive(A, 7_000, 8_000)
                .alive(B, 0, 8_000)
                .event(B, 5_000, "checked", "w2", "2")
                .append(B, 5_000, "w2", 2)
                .append(A, 1_000, "w1", 1);

        assertThat(past.verdict().findings()).isEmpty();
        assertThat(past.verdict().tolerated().pausedAppends()).isEqualTo(1);
    }

    @Test
    void aLineIsFoundWhoseWriterWasNotPaused() {
        Past past = new Past()
                .alive(A, 0, 8_000)
                .alive(B, 0, 8_000)
                .event(B, 5_000, "checked", "w2", "2")
                .append(B, 5_000, "w2", 2)
                .append(A, 1_000, "w1", 1);

        assertThat(past.broken()).containsExactly(Rule.UNFENCED_ORDER);
    }

    @Test
    void twoMastersAtTheSameTimeAreFound() {
        Past past = orderly().event(A, 3_200, "checked", "w9", "1");

        assertThat(past.broken()).containsExactly(Rule.NO_OVERLAP);
    }

    @Test
    void aMasterThatWakesAndIsToldThatItStillIsOneIsFound() {
        Past past = new Past()
                .alive(A, 0, 1_000)
                .alive(B, 0, 8_000)
                .event(B, 5_000, "checked", "w2", "2")
                .event(A, 7_001, "checked", "w1", "1")
                .alive(A, 7_000, 8_000);

        assertThat(past.broken()).containsExactly(Rule.NO_OVERLAP);
    }

    @Test
    void anAttemptThatWakesInAnotherEpochHasAMomentToBeInterrupted() {
        Past past = new Past()
                .alive(A, 0, 1_000)
                .alive(A, 7_000, 8_000)
                .alive(B, 0, 8_000)
                .event(A, 990, "busy", "h1", "1")
                .event(B, 5_000, "checked", "w2", "2")
                .event(A, 7_040, "busy", "h1", "1");

        assertThat(past.verdict().findings()).isEmpty();
        assertThat(past.verdict().tolerated().wokenSteps()).isEqualTo(1);
        assertThat(past.event(A, 7_900, "busy", "h1", "1").broken()).containsExactly(Rule.NO_OVERLAP);
    }

    @Test
    void anAttemptThatNeverSleptHasNoExcuse() {
        Past past = orderly().event(A, 3_200, "busy", "h1", "1");

        assertThat(past.broken()).containsExactly(Rule.NO_OVERLAP);
    }

    @Test
    void aMasterDeposedAliveIsToleratedForASessionTimeout() {
        Past past = new Past()
                .alive(A, 0, 9_000)
                .alive(B, 0, 9_000)
                .event(B, 2_900, "elected", "2", "n2", CRASH)
                .event(B, 3_000, "checked", "w2", "2")
                .event(A, 6_900, "checked", "w1", "1");

        assertThat(past.verdict().findings()).isEmpty();
        assertThat(past.verdict().tolerated().falseCrashActs()).isEqualTo(1);
        assertThat(past.event(A, 7_100, "checked", "w1", "1").broken()).containsExactly(Rule.NO_OVERLAP);
    }

    @Test
    void anAcknowledgedWriteThatIsNotThereIsFound() {
        Past past = orderly()
                .event(A, 4_000, "call", "w5", "write")
                .event(B, 4_010, "begin", "w5", "2")
                .event(A, 4_100, "return", "w5", "ok");

        assertThat(past.broken()).containsExactly(Rule.ACKNOWLEDGED);
    }

    @Test
    void aSuccessWithoutARunIsFound() {
        Past past = orderly().event(A, 4_000, "call", "o1", "once").event(A, 4_100, "return", "o1", "ok");

        assertThat(past.broken()).containsExactly(Rule.ACKNOWLEDGED);
    }

    @Test
    void aSecondRunIsFoundUnlessRetryAllowsIt() {
        Past again = orderly()
                .event(A, 4_000, "call", "r1", "again")
                .event(A, 4_010, "run", "r1")
                .event(B, 4_020, "run", "r1")
                .event(A, 4_100, "return", "r1", "ok");
        Past once = orderly()
                .event(A, 4_000, "call", "o1", "once")
                .event(A, 4_010, "run", "o1")
                .event(B, 4_020, "run", "o1")
                .event(A, 4_100, "return", "o1", "ok");

        assertThat(again.verdict().findings()).isEmpty();
        assertThat(once.broken()).containsExactly(Rule.AT_MOST_ONCE);
    }

    @Test
    void anErrorWithoutATypeIsFound() {
        Past past = orderly()
                .event(A, 4_000, "call", "o1", "once")
                .event(A, 4_100, "return", "o1", "untyped:java.lang.NullPointerException");

        assertThat(past.broken()).containsExactly(Rule.ANSWERED);
    }

    @Test
    void aCallThatIsNotAnsweredIsFoundUnlessItsCallerDied() {
        Past dies = orderly().event(A, 5_000, "call", "o1", "once");
        Past lives = orderly().event(A, 5_000, "call", "o1", "once").alive(A, 6_050, 13_000);

        assertThat(dies.verdict().findings()).isEmpty();
        assertThat(lives.broken()).containsExactly(Rule.ANSWERED);
    }

    @Test
    void theTimeInWhichACallerWasPausedDoesNotCount() {
        Past past = orderly()
                .event(A, 5_990, "call", "o1", "once")
                .alive(A, 15_000, 15_500)
                .event(A, 15_100, "return", "o1", "TaskTimeoutException");

        assertThat(past.verdict().findings()).isEmpty();
    }

    @Test
    void lateHealthIsFound() {
        assertThat(orderly().health(Duration.ofMillis(8_000)).broken()).isEmpty();
        assertThat(orderly().health(Duration.ofMillis(8_001)).broken()).containsExactly(Rule.HEALTHY);
        assertThat(orderly().health(null).broken()).containsExactly(Rule.HEALTHY);
    }
}
