package org.hatask.failure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hatask.NodeHealthChangedEvent.Status.PROBING;
import static org.hatask.NodeHealthChangedEvent.Status.RAMPING;
import static org.hatask.NodeHealthChangedEvent.Status.SICK;
import static org.hatask.NodeHealthChangedEvent.Status.UP;
import static org.hatask.failure.Judge.BROKE;
import static org.hatask.failure.Judge.QUOTE;
import static org.hatask.failure.Judge.SUCCEEDED;
import static org.hatask.failure.Judge.TIMED_OUT;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.hatask.failure.Fitness.Trial;
import org.junit.jupiter.api.Test;

/**
 * "An online system answers within 500 ms on average; a server is faulty when within one minute 80 % of the answers took
 * longer than 1 s, timeouts included. A recovered server gets tasks again." To the second, with the defaults.
 */
class OnlineJudgementTest {

    private static final Duration USUAL = Duration.ofMillis(500);

    private final Judge judge = new Judge(3);

    @Test
    void aServerIsFaultyInTheSecondInWhichEightyPercentOfAMinutesAnswersWereSlow() {
        // One answer a second, for a minute after the usual time and then after two seconds.
        Deque<Trial> slow = new ArrayDeque<>();
        for (int second = 1; second <= 60 + 48; second++) {
            assertThat(judge.status("n2")).as("before second %d", second).isEqualTo(UP);
            if (second <= 60) {
                judge.nanos += 500_000_000;
                judge.call("n2", QUOTE, USUAL, SUCCEEDED);
            } else {
                judge.nanos += 1_000_000_000;
                slow.remove().ended(SUCCEEDED, judge.nanos);
            }
            judge.pass(Duration.ZERO);
            if (second > 58 && second <= 106) {
                slow.add(judge.begin("n2", QUOTE));
            }
        }

        assertThat(judge.status("n2")).as("48 of 60").isEqualTo(SICK);
        assertThat(judge.reason("n2"))
                .isEqualTo("48 of 60 calls within 60 s were bad (48 too slow, 0 without an answer)");
        assertThat(judge.fit()).containsExactly("n1", "n3");
    }

    @Test
    void theJudgementComesAlsoWhenOldGoodAnswersLeaveTheMinute() {
        judge.calls(3, "n2", Duration.ZERO, SUCCEEDED);
        judge.passSeconds(30);
        judge.calls(10, "n2", Duration.ZERO, BROKE);
        judge.passSeconds(29);
        assertThat(judge.status("n2")).as("10 of 13, second 59").isEqualTo(UP);

        judge.passSeconds(1);

        assertThat(judge.status("n2")).as("10 of 10, second 60").isEqualTo(SICK);
    }

    @Test
    void fewerAnswersThanTheMinimumDecideNothing() {
        judge.calls(9, "n2", Duration.ofMillis(1001), SUCCEEDED);
        assertThat(judge.pass(Duration.ZERO).status("n2")).isEqualTo(UP);

        judge.calls(1, "n2", Duration.ofMillis(1001), SUCCEEDED);

        assertThat(judge.status("n2")).isEqualTo(SICK);
    }

    @Test
    void exactlyASecondIsNotSlow() {
        judge.calls(20, "n2", Duration.ofSeconds(1), SUCCEEDED);

        assertThat(judge.pass(Duration.ZERO).status("n2")).isEqualTo(UP);
    }

    @Test
    void timeoutsCountAlsoWhereTheyComeBeforeASecondHasPassed() {
        for (int i = 0; i < 10; i++) {
            assertThat(judge.status("n2")).isEqualTo(UP);
            judge.call("n2", Judge.BRIEF, Duration.ofMillis(600), TIMED_OUT);
        }

        assertThat(judge.status("n2")).isEqualTo(SICK);
    }

    @Test
    void callsThatHangCountAsSoonAsASecondHasPassed() {
        for (int i = 0; i < 10; i++) {
            judge.begin("n2", QUOTE);
        }
        assertThat(judge.passSeconds(1).status("n2")).isEqualTo(UP);

        judge.pass(Duration.ofNanos(1));

        assertThat(judge.status("n2")).isEqualTo(SICK);
    }

    @Test
    void afterQuarantineAndProbesARecoveredServerGetsAGrowingShare() {
        judge.sicken("n2");
        judge.passSeconds(30);
        assertThat(judge.status("n2")).isEqualTo(SICK);
        assertThat(judge.fit()).doesNotContain("n2");

        judge.pass(Duration.ofMillis(1));
        assertThat(judge.status("n2")).isEqualTo(PROBING);
        assertThat(judge.reason("n2")).startsWith("its quarantine is over after 10 of 10 calls");
        assertThat(judge.fit()).contains("n2");

        judge.calls(5, "n2", USUAL, SUCCEEDED);
        assertThat(judge.status("n2")).isEqualTo(RAMPING);
        assertThat(judge.share("n2")).isEqualTo(10);
        assertThat(judge.passSeconds(15).share("n2")).isEqualTo(50);
        assertThat(judge.passSeconds(15).share("n2")).isEqualTo(100);
        assertThat(judge.status("n2")).isEqualTo(UP);
        assertThat(judge.changes)
                .containsExactly("n2 UP -> SICK", "n2 SICK -> PROBING", "n2 PROBING -> RAMPING", "n2 RAMPING -> UP");
    }

    @Test
    void toAskWhoCouldBeFitUsesNothingUpOfAGrowingShare() {
        judge.sicken("n2");
        judge.passSeconds(30);
        judge.pass(Duration.ofMillis(1));
        judge.calls(5, "n2", USUAL, SUCCEEDED);
        int share = 0;
        for (int i = 0; i < 100; i++) {
            assertThat(judge.health.couldBeFit(judge.members)).contains(judge.node("n2"));
            share += judge.fit().contains("n2") ? 1 : 0;
        }
        assertThat(share).isEqualTo(10);
    }

    @Test
    void toAskWhoCouldBeFitNamesNobodyWhoIsLeftOut() {
        judge.sicken("n2");
        judge.unreachable.add("n3");

        assertThat(judge.health.couldBeFit(judge.members)).containsExactly(judge.node("n1"));
    }

    @Test
    void everyFailedReturnDoublesTheQuarantineUpToFiveMinutes() {
        judge.sicken("n2");
        List<Long> quarantines = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            long seconds = 0;
            while (judge.status("n2") == SICK) {
                judge.passSeconds(1);
                seconds++;
            }
            // Over is over when the time has passed, not when it is reached.
            quarantines.add(seconds - 1);
            judge.calls(5, "n2", Duration.ZERO, BROKE);
            assertThat(judge.status("n2")).isEqualTo(SICK);
        }

        assertThat(quarantines).containsExactly(30L, 60L, 120L, 240L, 300L, 300L);
        assertThat(judge.reason("n2")).isEqualTo("5 of 5 probes were bad (0 too slow, 5 without an answer)");
    }

    @Test
    void aServerThatFallsIllAgainOnTheRampIsEjectedAgain() {
        judge.sicken("n2");
        judge.passSeconds(31);
        judge.calls(5, "n2", USUAL, SUCCEEDED);
        assertThat(judge.status("n2")).isEqualTo(RAMPING);

        judge.sicken("n2");

        assertThat(judge.status("n2")).isEqualTo(SICK);
        assertThat(judge.fit()).doesNotContain("n2");
    }
}
