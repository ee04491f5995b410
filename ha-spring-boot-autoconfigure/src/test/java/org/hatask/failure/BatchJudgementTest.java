package org.hatask.failure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hatask.NodeHealthChangedEvent.Status.PROBING;
import static org.hatask.NodeHealthChangedEvent.Status.RAMPING;
import static org.hatask.NodeHealthChangedEvent.Status.SICK;
import static org.hatask.NodeHealthChangedEvent.Status.SUSPECT;
import static org.hatask.NodeHealthChangedEvent.Status.UP;
import static org.hatask.failure.Judge.AS_LONG;
import static org.hatask.failure.Judge.BATCH;
import static org.hatask.failure.Judge.BROKE;
import static org.hatask.failure.Judge.SUCCEEDED;
import static org.hatask.failure.Judge.TIMED_OUT;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.hatask.execute.Outcome;
import org.hatask.failure.Fitness.Trial;
import org.junit.jupiter.api.Test;

/**
 * "A batch system finishes tasks within 5 minutes; a server is faulty when a single task has not ended after 10 minutes. A
 * recovered server gets tasks again." To the second, on the side of the caller.
 */
class BatchJudgementTest {

    private final Judge judge = new Judge(3);

    @Test
    void aServerIsFaultyWhenASingleTaskHasNotEndedAfterTenMinutes() {
        judge.call("n3", BATCH, Duration.ofMinutes(5), SUCCEEDED);
        CompletableFuture<Outcome> pending = new CompletableFuture<>();
        judge.begin("n2", BATCH).sent(pending);

        judge.passSeconds(9 * 60 + 59);
        assertThat(judge.status("n2")).as("9:59").isEqualTo(UP);
        judge.passSeconds(1);
        assertThat(judge.status("n2")).as("10:00").isEqualTo(SUSPECT);
        assertThat(judge.reason("n2")).contains("bean.batch").contains("max-task-duration");
        assertThat(judge.fit()).containsExactly("n1", "n3");
        assertThat(judge.health.overdueCalls()).hasSize(1);

        // The node has ten seconds to say what became of it; then the caller goes on by the rules.
        judge.passSeconds(9);
        assertThat(pending).as("10:09").isNotDone();
        judge.passSeconds(1);
        assertThat(pending)
                .as("10:10")
                .isCompletedWithValueMatching(
                        outcome -> outcome instanceof Outcome.Unknown unknown && unknown.timedOut());
        assertThat(judge.status("n2")).isEqualTo(SICK);

        judge.passSeconds(61);
        assertThat(judge.status("n2")).isEqualTo(PROBING);
        judge.calls(5, "n2", Duration.ZERO, SUCCEEDED);
        assertThat(judge.status("n2")).isEqualTo(RAMPING);
    }

    @Test
    void aTaskThatEndsAfterAllBringsItsServerBackThroughProbes() {
        Trial trial = judge.begin("n2", BATCH);
        judge.passSeconds(605);
        assertThat(judge.status("n2")).isEqualTo(SUSPECT);

        trial.ended(SUCCEEDED, judge.nanos);
        judge.pass(Duration.ZERO);

        assertThat(judge.status("n2")).isEqualTo(PROBING);
        judge.calls(5, "n2", Duration.ZERO, SUCCEEDED);
        assertThat(judge.status("n2")).isEqualTo(RAMPING);
    }

    @Test
    void aNodeThatIsAskedAboutAStuckTaskIsGivenUpToo() {
        Trial trial = judge.begin("n2", BATCH);
        trial.sent(CompletableFuture.completedFuture(BROKE));
        CompletableFuture<Outcome> asked = new CompletableFuture<>();
        trial.sent(asked);
        judge.passSeconds(600).passSeconds(10);
        assertThat(asked)
                .isCompletedWithValueMatching(
                        outcome -> outcome instanceof Outcome.Unknown unknown && unknown.timedOut());

        CompletableFuture<Outcome> askedAgain = new CompletableFuture<>();
        trial.sent(askedAgain);

        assertThat(askedAgain).isDone();
    }

    @Test
    void aTimeoutOfTenMinutesIsTheSame() {
        judge.call("n2", AS_LONG, Duration.ofMinutes(10), TIMED_OUT);

        assertThat(judge.status("n2")).isEqualTo(SICK);
    }

    @Test
    void whatANodeSaysOfItselfIsBelieved() {
        judge.words.put("n2", word("n2", "task x is stuck"));
        assertThat(judge.pass(Duration.ZERO).status("n2")).isEqualTo(SUSPECT);
        assertThat(judge.reason("n2")).isEqualTo("task x is stuck");

        judge.words.put("n2", word("n2", null));

        assertThat(judge.pass(Duration.ZERO).status("n2")).isEqualTo(PROBING);
    }

    @Test
    void theSameTaskOverdueOnTwoNodesIsASickTaskAndNoFurtherNodeIsEjectedForIt() {
        judge.words.put("n2", word("n2", null, overdue("t1", "n2", 600_000)));
        assertThat(judge.pass(Duration.ZERO).status("n2")).isEqualTo(SUSPECT);

        judge.words.put("n3", word("n3", null, overdue("t2", "n3", 600_000)));
        judge.pass(Duration.ZERO);

        assertThat(judge.status("n2")).isEqualTo(SUSPECT);
        assertThat(judge.status("n3")).isEqualTo(UP);
        assertThat(judge.sickTasks).singleElement().satisfies(task -> {
            assertThat(task.task()).isEqualTo("report");
            assertThat(task.nodes()).containsExactly("n2", "n3");
        });
        assertThat(judge.health.sickTasks()).isEqualTo(judge.sickTasks);
    }

    @Test
    void aTaskThatMovesOnToASecondNodeAndIsOverdueThereIsSickToo() {
        judge.words.put("n2", word("n2", null, overdue("t1", "n2", 600_000)));
        judge.pass(Duration.ZERO);
        judge.words.put("n2", word("n2", null));
        judge.passSeconds(10 * 60 + 30);

        judge.words.put("n3", word("n3", null, overdue("t1", "n3", 600_000)));
        judge.pass(Duration.ZERO);

        assertThat(judge.status("n3")).isEqualTo(UP);
        assertThat(judge.sickTasks).hasSize(1);
    }

    @Test
    void whatOthersSayOfANodeOnlyShowsThatTheTaskIsSick() {
        // n3 has called n2, and n2 itself says nothing.
        judge.words.put("n3", word("n3", null, overdue("t1", "n2", 600_000)));
        assertThat(judge.pass(Duration.ZERO).status("n2")).isEqualTo(UP);

        judge.words.put("n1", word("n1", null, overdue("t2", "n1", 600_000)));
        judge.pass(Duration.ZERO);

        assertThat(judge.sickTasks).hasSize(1);
        assertThat(judge.health.isBlamed("report", "n1")).isFalse();
    }

    @Test
    void twoNodesThatFindOutAtTheSameTimeBlameTheOneWhereItBegan() {
        judge.words.put("n3", word("n3", null, overdue("t2", "n3", 600_100)));
        judge.pass(Duration.ZERO);
        judge.words.put("n2", word("n2", null, overdue("t1", "n2", 600_900)));
        judge.pass(Duration.ZERO);

        assertThat(judge.status("n2")).isEqualTo(SUSPECT);
        assertThat(judge.status("n3")).isEqualTo(PROBING);
    }

    @Test
    void aSilentNodeIsUnreachableUntilItSpeaksAgain() {
        judge.unreachable.add("n2");
        assertThat(judge.fit()).as("at once").containsExactly("n1", "n3");
        assertThat(judge.passSeconds(1).status("n2").name()).as("when it lasts").isEqualTo("UNREACHABLE");

        // It may be tried again, and nobody has.
        judge.unreachable.remove("n2");
        assertThat(judge.passSeconds(1).status("n2").name()).isEqualTo("UNREACHABLE");

        judge.words.put("n2", word("n2", null));
        assertThat(judge.passSeconds(1).status("n2")).isEqualTo(UP);
    }

    private Word word(String id, String suspect, Overdue... overdue) {
        return new Word(id, judge.node(id).incarnation(), suspect, List.of(overdue));
    }

    private static Overdue overdue(String taskId, String node, long millis) {
        return new Overdue("report", taskId, node, millis);
    }
}
