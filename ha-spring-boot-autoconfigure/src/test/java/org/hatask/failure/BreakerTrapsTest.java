package org.hatask.failure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hatask.NodeHealthChangedEvent.Status.PROBING;
import static org.hatask.NodeHealthChangedEvent.Status.RAMPING;
import static org.hatask.NodeHealthChangedEvent.Status.SICK;
import static org.hatask.NodeHealthChangedEvent.Status.UP;
import static org.hatask.failure.Judge.BATCH;
import static org.hatask.failure.Judge.BROKE;
import static org.hatask.failure.Judge.QUOTE;
import static org.hatask.failure.Judge.SUCCEEDED;
import static org.hatask.failure.Judge.TIMED_OUT;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.hatask.execute.Attempt;
import org.hatask.execute.Outcome;
import org.hatask.execute.Refusal;
import org.hatask.failure.Fitness.Trial;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What a circuit breaker alone gets wrong, each of it seen with Resilience4j's, and does not get wrong here. */
class BreakerTrapsTest {

    private static final Duration SLOW = Duration.ofMillis(1500);
    private static final Outcome BUSINESS_ERROR = Outcome.Failed.of(new IllegalStateException("no such account"));

    private final Judge judge = new Judge(3);

    @Test
    void tenTimeoutsAreEnough() {
        judge.calls(10, "n2", Duration.ofMillis(10), BROKE);

        assertThat(judge.status("n2")).isEqualTo(SICK);
    }

    @Test
    void fastFailuresAndSlowSuccessesAreOneRate() {
        for (int i = 0; i < 5; i++) {
            judge.call("n2", QUOTE, Duration.ofMillis(1), BROKE);
            judge.call("n2", QUOTE, SLOW, SUCCEEDED);
        }

        assertThat(judge.status("n2")).isEqualTo(SICK);
        assertThat(judge.reason("n2")).contains("10 of 10").contains("(5 too slow, 5 without an answer)");
    }

    @Test
    void aCallThatWasSlowInFlightCountsOnce() {
        List<Trial> trials = new ArrayList<>();
        for (int i = 0; i < 9; i++) {
            trials.add(judge.begin("n2", QUOTE));
        }
        judge.passSeconds(2).passSeconds(2);
        trials.forEach(trial -> trial.ended(SUCCEEDED, judge.nanos));
        trials.forEach(trial -> trial.ended(TIMED_OUT, judge.nanos));
        assertThat(judge.pass(Duration.ZERO).status("n2")).as("nine calls").isEqualTo(UP);

        judge.calls(1, "n2", SLOW, SUCCEEDED);

        assertThat(judge.status("n2")).as("ten calls").isEqualTo(SICK);
    }

    @Test
    void everyTaskIsMeasuredByItsOwnThreshold() {
        for (int i = 0; i < 20; i++) {
            judge.call("n2", BATCH, Duration.ofMinutes(4), SUCCEEDED);
            judge.call("n3", BATCH, Duration.ofMillis(5 * 60_000 + 1), SUCCEEDED);
            judge.passSeconds(0);
        }
        assertThat(judge.status("n2")).isEqualTo(UP);
        // Only those of the last minute count.
        assertThat(judge.status("n3")).isEqualTo(UP);

        Judge wide = new Judge(
                3, new FailureSettings(80, Duration.ofHours(1), 5, Duration.ofSeconds(30), Duration.ofMinutes(5), 50));
        for (int i = 0; i < 5; i++) {
            wide.call("n2", BATCH, Duration.ofMinutes(4), SUCCEEDED);
            wide.call("n3", BATCH, Duration.ofMillis(5 * 60_000 + 1), SUCCEEDED);
        }
        assertThat(wide.status("n2")).isEqualTo(UP);
        assertThat(wide.status("n3")).isEqualTo(SICK);
        assertThat(wide.reason("n3")).contains("5 too slow");
    }

    @Test
    void resultsOfCallsBegunBeforeTheOpeningDoNotDecideTheReturn() {
        List<Trial> before = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            before.add(judge.begin("n2", BATCH));
        }
        judge.sicken("n2");
        judge.passSeconds(31);
        assertThat(judge.status("n2")).isEqualTo(PROBING);

        before.subList(0, 10).forEach(trial -> trial.ended(BROKE, judge.nanos));
        assertThat(judge.pass(Duration.ZERO).status("n2")).isEqualTo(PROBING);
        before.subList(10, 20).forEach(trial -> trial.ended(SUCCEEDED, judge.nanos));
        assertThat(judge.pass(Duration.ZERO).status("n2")).isEqualTo(PROBING);

        judge.calls(5, "n2", Duration.ZERO, SUCCEEDED);
        assertThat(judge.status("n2")).isEqualTo(RAMPING);
    }

    @Test
    void probesThatHangEndTheProbing() {
        judge.sicken("n2");
        judge.passSeconds(31);
        for (int i = 0; i < 5; i++) {
            assertThat(judge.begin("n2", QUOTE)).isNotNull();
        }
        assertThat(judge.begin("n2", QUOTE)).as("a sixth probe").isNull();
        assertThat(judge.fit()).as("while all probes are under way").doesNotContain("n2");

        judge.pass(SLOW);

        assertThat(judge.status("n2")).isEqualTo(SICK);
        assertThat(judge.reason("n2")).isEqualTo("5 of 5 probes were bad (5 too slow, 0 without an answer)");
    }

    @Test
    void toBeACandidateCostsNoPermit() {
        judge.sicken("n2");
        judge.passSeconds(31);
        for (int i = 0; i < 1000; i++) {
            assertThat(judge.fit()).contains("n2");
        }

        for (int i = 0; i < 5; i++) {
            assertThat(judge.begin("n2", QUOTE)).isNotNull();
        }
    }

    static Stream<Outcome> noEvidence() {
        return Stream.of(
                new Outcome.NotSent("no connection"),
                new Outcome.Refused(Refusal.BUSY, "busy"),
                new Outcome.Refused(Refusal.DRAINING, "draining"),
                new Outcome.Refused(Refusal.SUSPECT, "suspect"),
                new Outcome.Cancelled());
    }

    @ParameterizedTest
    @MethodSource("noEvidence")
    void whatTellsNothingGivesThePermitBack(Outcome outcome) {
        judge.sicken("n2");
        judge.passSeconds(31);

        judge.calls(50, "n2", Duration.ZERO, outcome);

        assertThat(judge.status("n2")).isEqualTo(PROBING);
        judge.calls(5, "n2", Duration.ZERO, SUCCEEDED);
        assertThat(judge.status("n2")).isEqualTo(RAMPING);
    }

    @ParameterizedTest
    @MethodSource("noEvidence")
    void whatTellsNothingIsNoEvidenceAgainstANode(Outcome outcome) {
        judge.calls(50, "n2", Duration.ZERO, outcome);
        assertThat(judge.pass(Duration.ZERO).status("n2")).isEqualTo(UP);

        // Nor for it.
        judge.calls(10, "n2", Duration.ZERO, BROKE);
        assertThat(judge.status("n2")).isEqualTo(SICK);
    }

    @Test
    void anAttemptThatWasGivenUpBeforeItWasSentGivesThePermitBack() {
        judge.sicken("n2");
        judge.passSeconds(31);
        for (int i = 0; i < 20; i++) {
            Trial trial = judge.begin("n2", QUOTE);
            assertThat(trial).isNotNull();
            trial.abandoned();
        }
    }

    @Test
    void errorsOfTheTaskCountByTheirDurationOnly() {
        judge.calls(50, "n2", Duration.ofMillis(10), BUSINESS_ERROR);
        assertThat(judge.pass(Duration.ZERO).status("n2")).isEqualTo(UP);

        judge.calls(10, "n3", SLOW, BUSINESS_ERROR);
        assertThat(judge.status("n3")).isEqualTo(SICK);
    }

    @Test
    void aCallerWithHardlyAnyTimeLeftLearnsNothingFromItsRunningOut() {
        for (int i = 0; i < 20; i++) {
            Attempt hurried = new Attempt(QUOTE, "h" + i, 1, 0, judge.nanos + 5_000_000, "n1");
            Trial trial = judge.health.begin(judge.node("n2"), hurried, false, judge.nanos);
            judge.nanos += 5_000_000;
            trial.ended(TIMED_OUT, judge.nanos);
        }

        assertThat(judge.pass(Duration.ZERO).status("n2")).isEqualTo(UP);
    }

    @Test
    void theJudgementBelongsToAProcessAndNotToItsName() {
        judge.calls(9, "n2", Duration.ZERO, BROKE);
        judge.restart("n2");

        judge.calls(9, "n2", Duration.ZERO, BROKE);

        assertThat(judge.pass(Duration.ZERO).status("n2")).isEqualTo(UP);
    }

    @Test
    void aNodeThatWasStartedAgainWhileItWasSickReturnsThroughProbes() {
        judge.sicken("n2");
        judge.restart("n2");
        assertThat(judge.status("n2")).isEqualTo(PROBING);
        assertThat(judge.reason("n2")).startsWith("it was started again after 10 of 10 calls");

        judge.calls(5, "n2", Duration.ZERO, SUCCEEDED);

        assertThat(judge.status("n2")).isEqualTo(RAMPING);
    }

    @Test
    void theOwnNodeIsJudgedLikeAnyOther() {
        judge.sicken("n1");

        assertThat(judge.status("n1")).isEqualTo(SICK);
        assertThat(judge.fit()).containsExactly("n2", "n3");
    }
}
