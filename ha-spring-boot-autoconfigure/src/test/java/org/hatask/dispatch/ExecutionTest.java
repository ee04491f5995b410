package org.hatask.dispatch;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import org.hatask.HaTask;
import org.hatask.NoMasterException;
import org.hatask.NoNodeAvailableException;
import org.hatask.Retry;
import org.hatask.Role;
import org.hatask.TaskOutcomeUnknownException;
import org.hatask.TaskRejectedException;
import org.hatask.TaskTimeoutException;
import org.hatask.cluster.ClusterView;
import org.hatask.cluster.Master;
import org.hatask.cluster.Node;
import org.hatask.cluster.NodeState;
import org.hatask.cluster.NodeTasks;
import org.hatask.cluster.Orders;
import org.hatask.execute.Outcome;
import org.hatask.execute.Recorder;
import org.hatask.execute.Refusal;
import org.hatask.execute.TaskDefinition;
import org.hatask.execute.Tasks;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The rules of re-execution, one by one, on a clock that only the test moves. */
class ExecutionTest {

    private static final Duration ELECTION_WAIT = Duration.ofSeconds(30);
    private static final Outcome.Refused BUSY = new Outcome.Refused(Refusal.BUSY, "busy");
    private static final Outcome.Refused DRAINING = new Outcome.Refused(Refusal.DRAINING, "draining");
    private static final Outcome.NotSent NOT_SENT = new Outcome.NotSent("connection refused");
    private static final Outcome.Unknown DIED = new Outcome.Unknown("the node died", false);
    private static final Outcome.Unknown BROKE = new Outcome.Unknown("the connection broke", false, 77);
    private static final Outcome.Unknown TIMED_OUT = new Outcome.Unknown("no answer", true);

    @SuppressWarnings("unused")
    static class Desk {

        @HaTask(timeout = "10s")
        public void any() {}

        @HaTask(timeout = "10s", role = Role.WORKER)
        public void worker() {}

        @HaTask(timeout = "10m", role = Role.MASTER)
        public void master() {}

        @HaTask(timeout = "10s", retry = @Retry(maxAttempts = 3, delay = "100ms", jitter = 0, multiplier = 2))
        public void retried() {}

        @HaTask(
                timeout = "10s",
                retry =
                        @Retry(
                                maxAttempts = 9,
                                delay = "0s",
                                retryFor = IOException.class,
                                noRetryFor = java.io.FileNotFoundException.class))
        public void choosy() throws IOException {}

        @HaTask(retry = @Retry(maxAttempts = 3, noRetryFor = TaskOutcomeUnknownException.class))
        public void onlyFailures() {}
    }

    private final Node n1 = node("n1");
    private final Node n2 = node("n2");
    private final Node n3 = node("n3");
    private final FakeFitness fitness = new FakeFitness();
    private ClusterView view = view(new Master("n1", "n1-a", 7, Instant.EPOCH, "first"), n1, n2, n3);
    private long nanos = 1_000_000;
    private final DecisionLog decisions = new DecisionLog();
    private RetryBudget budget = new RetryBudget(0, 1000, () -> nanos);
    private final Recorder recorder = new Recorder();
    private boolean stopped;
    private boolean strategyWantsNone;

    private static Node node(String id) {
        return new Node(id, id + "-a", URI.create("http://" + id), NodeState.UP, true, true, 1, null, Instant.EPOCH);
    }

    private ClusterView view(@Nullable Master master, Node... members) {
        return new ClusterView(
                node("n1"), List.of(members), master, null, null, 7, Orders.NONE, new CompletableFuture<>());
    }

    private Execution execution(String method) {
        return execution(method, false, null);
    }

    private Execution execution(String method, boolean onlyHere, @Nullable Duration callerRemaining) {
        TaskDefinition task = Tasks.of(Desk.class, method);
        return new Execution(
                task,
                "t1",
                new RetryPolicy(task.retry()),
                onlyHere,
                null,
                decisions,
                callerRemaining,
                new Execution.Environment(
                        () -> view,
                        (which, key, candidates) ->
                                strategyWantsNone ? Optional.empty() : Optional.of(candidates.get(0)),
                        fitness,
                        MasterOutlook.ELECTED,
                        () -> stopped,
                        ELECTION_WAIT,
                        () -> nanos,
                        budget,
                        recorder));
    }

    private static Step.Try tried(Step step) {
        assertThat(step).isInstanceOf(Step.Try.class);
        return (Step.Try) step;
    }

    private static Throwable thrown(Step step) {
        assertThat(step).isInstanceOf(Step.Throw.class);
        return ((Step.Throw) step).error();
    }

    private void pass(Step step) {
        assertThat(step).isInstanceOf(Step.Wait.class);
        nanos += ((Step.Wait) step).atMost().toNanos();
    }

    /** Lets every attempt end like this until the execution gives up; the nodes that were tried. */
    private List<String> allEndWith(Execution execution, Outcome outcome) {
        List<String> nodes = new ArrayList<>();
        for (Step step = execution.next(); !(step instanceof Step.Throw); step = execution.next()) {
            if (step instanceof Step.Try next) {
                nodes.add(next.node().id());
                execution.judge(next.node(), outcome);
            } else {
                pass(step);
            }
            assertThat(nodes).hasSizeLessThan(10_000);
        }
        return nodes;
    }

    @Test
    void aSuccessIsTheEnd() {
        Execution execution = execution("any");

        execution.judge(tried(execution.next()).node(), new Outcome.Succeeded("x"));

        assertThat(execution.next()).isEqualTo(new Step.Return("x"));
        assertThat(execution.startedAttempts()).isOne();
    }

    @Test
    void whatWasNotSentOrRefusedMovesOnAndIsTheSameAttempt() {
        Execution execution = execution("any");

        Step.Try first = tried(execution.next());
        execution.judge(first.node(), NOT_SENT);
        Step.Try second = tried(execution.next());
        execution.judge(second.node(), BUSY);
        Step.Try third = tried(execution.next());

        assertThat(List.of(first.node(), second.node(), third.node())).containsExactly(n1, n2, n3);
        assertThat(List.of(first, second, third)).allSatisfy(step -> {
            assertThat(step.attempt().number()).isOne();
            assertThat(step.attempt().taskId()).isEqualTo("t1");
            assertThat(step.attempt().deadlineNanos()).isEqualTo(first.attempt().deadlineNanos());
        });
    }

    @Test
    void withoutRetryAnUnknownOutcomeIsNeverASecondRun() {
        Execution execution = execution("any");

        List<String> tried = allEndWith(execution, DIED);

        assertThat(tried).containsExactly("n1");
        assertThat(thrown(execution.next())).isInstanceOfSatisfying(TaskOutcomeUnknownException.class, error -> {
            assertThat(error.nodeId()).isEqualTo("n1");
            assertThat(error.taskId()).isEqualTo("t1");
            assertThat(error).isNotInstanceOf(TaskTimeoutException.class);
        });
    }

    @Test
    void aTimeoutIsItsOwnException() {
        Execution execution = execution("any");

        allEndWith(execution, TIMED_OUT);

        assertThat(thrown(execution.next())).isInstanceOf(TaskTimeoutException.class);
    }

    @Test
    void withoutRetryAFailureReachesTheCallerAsItIs() {
        IllegalStateException error = new IllegalStateException("x");
        Execution execution = execution("any");

        List<String> tried = allEndWith(execution, Outcome.Failed.of(error));

        assertThat(tried).containsExactly("n1");
        assertThat(thrown(execution.next())).isSameAs(error);
    }

    @Test
    void withRetryEveryAttemptGoesToANodeNotTriedBefore() {
        Execution execution = execution("retried");

        assertThat(allEndWith(execution, DIED)).containsExactly("n1", "n2", "n3");
        assertThat(execution.startedAttempts()).isEqualTo(3);
    }

    @Test
    void whenAllHaveBeenTriedTheyAreTriedAgain() {
        view = view(null, n1, n2);

        assertThat(allEndWith(execution("retried"), Outcome.Failed.of(new IOException())))
                .hasSize(3)
                .contains("n1", "n2");
    }

    @Test
    void aDeadNodeIsLeftAtOnceAndAFailureAfterAPauseThatGrows() {
        Execution died = execution("retried");
        died.judge(tried(died.next()).node(), DIED);
        assertThat(died.next()).isInstanceOf(Step.Try.class);

        Execution failed = execution("retried");
        failed.judge(tried(failed.next()).node(), Outcome.Failed.of(new IOException()));
        Step firstPause = failed.next();
        assertThat(((Step.Wait) firstPause).atMost()).isEqualTo(Duration.ofMillis(100));
        pass(firstPause);
        failed.judge(tried(failed.next()).node(), Outcome.Failed.of(new IOException()));
        assertThat(((Step.Wait) failed.next()).atMost()).isEqualTo(Duration.ofMillis(200));
    }

    @Test
    void everyAttemptHasItsOwnTime() {
        Execution execution = execution("retried");
        Step.Try first = tried(execution.next());
        nanos += Duration.ofSeconds(10).toNanos();
        execution.judge(first.node(), TIMED_OUT);
        pass(execution.next());

        Step.Try second = tried(execution.next());

        assertThat(second.attempt().number()).isEqualTo(2);
        assertThat(second.attempt().deadlineNanos() - nanos)
                .isEqualTo(Duration.ofSeconds(10).toNanos());
    }

    @Test
    void noAttemptOutlivesTheTaskThatCalls() {
        Execution execution = execution("retried", false, Duration.ofSeconds(4));
        Step.Try first = tried(execution.next());

        assertThat(first.attempt().deadlineNanos() - nanos)
                .isEqualTo(Duration.ofSeconds(4).toNanos());
        nanos += Duration.ofSeconds(4).toNanos();
        execution.judge(first.node(), TIMED_OUT);
        assertThat(thrown(execution.next())).isInstanceOf(TaskTimeoutException.class);
    }

    @Test
    void noRetryForWinsOverRetryForAndOthersAreNotRetried() {
        assertThat(allEndWith(execution("choosy"), Outcome.Failed.of(new IOException())))
                .hasSize(9);
        assertThat(allEndWith(execution("choosy"), Outcome.Failed.of(new java.io.FileNotFoundException())))
                .hasSize(1);
        assertThat(allEndWith(execution("choosy"), Outcome.Failed.of(new IllegalStateException())))
                .hasSize(1);
    }

    @Test
    void aRemoteExceptionIsRecognizedByTheNamesOfItsTypes() {
        Outcome.Failed remote = new Outcome.Failed(
                new org.hatask.RemoteTaskException("x", "n2", List.of("com.acme.DiskException")),
                List.of("com.acme.DiskException", IOException.class.getName()));

        assertThat(allEndWith(execution("choosy"), remote)).hasSize(9);
    }

    @Test
    void anUnknownOutcomeIsRetriedUnlessExcludedByName() {
        assertThat(allEndWith(execution("choosy"), DIED)).hasSize(9);
        assertThat(allEndWith(execution("onlyFailures"), DIED)).hasSize(1);
    }

    @Test
    void tasksGoWhereTheirRoleIs() {
        assertThat(tried(execution("master").next()).node()).isEqualTo(n1);
        assertThat(tried(execution("master").next()).attempt().epoch()).isEqualTo(7);
        assertThat(tried(execution("worker").next()).node()).isEqualTo(n2);
        assertThat(tried(execution("worker").next()).attempt().epoch()).isZero();
        assertThat(tried(execution("any").next()).node()).isEqualTo(n1);
    }

    @Test
    void nodesThatDrainOrTakeNoTasksAreNoCandidates() {
        Node dispatcher = new Node("n2", "n2-a", n2.uri(), NodeState.UP, true, false, 1, null, Instant.EPOCH);
        view = view(null, n1.withState(NodeState.DRAINING), dispatcher, n3);

        assertThat(tried(execution("any").next()).node()).isEqualTo(n3);
    }

    @Test
    void nodesThatAreNotFitComeLast() {
        fitness.unfit.add("n1");
        assertThat(tried(execution("any").next()).node()).isEqualTo(n2);

        fitness.unfit.addAll(List.of("n2", "n3"));
        assertThat(tried(execution("any").next()).node()).isEqualTo(n1);
    }

    @Test
    void aRetryGoesToAFitNodeThatWasTriedRatherThanToOneThatIsNotFit() {
        fitness.unfit.addAll(List.of("n2", "n3"));
        Execution execution = execution("retried");
        execution.judge(tried(execution.next()).node(), DIED);

        assertThat(tried(execution.next()).node()).isEqualTo(n1);
    }

    @Test
    void aNodeThatTakesNoWorkAfterAllIsNotChosenUnlessItIsTheLast() {
        fitness.denying.addAll(List.of("n1", "n2"));
        assertThat(tried(execution("any").next()).node()).isEqualTo(n3);

        fitness.denying.add("n3");
        assertThat(tried(execution("any").next()).node()).isEqualTo(n3);
    }

    @Test
    void aCallWhoseTimePassesWithoutAChoiceSaysSo() {
        strategyWantsNone = true;
        Execution unchosen = execution("any", false, Duration.ofSeconds(1));
        while (unchosen.next() instanceof Step.Wait wait) {
            nanos += wait.atMost().toNanos();
        }
        assertThat(thrown(unchosen.next())).hasMessageContaining("the balancing strategy chose none.");

        strategyWantsNone = false;
        assertThat(thrown(execution("any", false, Duration.ZERO).next()))
                .hasMessageContaining("its time was over before one was asked.");
    }

    @Test
    void theOutcomeOfEveryAttemptIsToldOnce() {
        Execution execution = execution("retried");

        execution.judge(tried(execution.next()).node(), BUSY);
        execution.judge(tried(execution.next()).node(), DIED);
        execution.judge(tried(execution.next()).node(), new Outcome.Succeeded("x"));

        assertThat(fitness.told)
                .containsExactly(
                        "begin n1",
                        "ended n1 Refused",
                        "begin n2",
                        "ended n2 Unknown",
                        "begin n1",
                        "ended n1 Succeeded");
    }

    @Test
    void onlyHereMeansThisNodeAlone() {
        Execution execution = execution("any", true, null);

        assertThat(allEndWith(execution, DRAINING)).containsOnly("n1");
        assertThat(thrown(execution.next())).isInstanceOf(NoNodeAvailableException.class);
    }

    @Test
    void aCallForTheMasterWaitsForTheElectionAndGoesOnWhenThereIsOne() {
        view = view(null, n1, n2);
        ClusterView before = view;
        Execution execution = execution("master");

        Step step = execution.next();

        assertThat(step).isInstanceOfSatisfying(Step.Wait.class, wait -> {
            assertThat(wait.wake()).isSameAs(before.changed());
            assertThat(wait.atMost()).isEqualTo(ELECTION_WAIT);
        });
        view = view(new Master("n2", "n2-a", 8, Instant.EPOCH, "next"), n1, n2);
        Step.Try next = tried(execution.next());
        assertThat(next.node()).isEqualTo(n2);
        assertThat(next.attempt().epoch()).isEqualTo(8);
    }

    @Test
    void withoutAMasterTheCallFailsAfterTheWaitAndSaysWhoIsThere() {
        view = view(null, n1, n2);
        Execution execution = execution("master");

        pass(execution.next());

        assertThat(thrown(execution.next()))
                .isInstanceOf(NoMasterException.class)
                .hasMessageContaining("bean.master")
                .hasMessageContaining("n2 (worker")
                .hasMessageContaining("30000 ms");
    }

    @Test
    void aMasterThatRefusesIsAskedAgainUntilThereIsAnother() {
        Execution execution = execution("master");
        execution.judge(tried(execution.next()).node(), DRAINING);

        Step wait = execution.next();
        assertThat(wait).isInstanceOfSatisfying(Step.Wait.class, step -> {
            assertThat(step.wake()).isSameAs(view.changed());
            assertThat(step.atMost()).isLessThan(Duration.ofSeconds(1));
        });
        view = view(new Master("n3", "n3-a", 8, Instant.EPOCH, "hand-over"), n1, n2, n3);
        assertThat(tried(execution.next()).node()).isEqualTo(n3);
    }

    @Test
    void aNewMasterThatIsNotReadyYetIsAskedAgainSoonHoweverOftenTheOldOneWasTriedInVain() {
        Execution execution = execution("master");
        Step.Wait wait = tryInVain(execution);
        while (wait.atMost().toMillis() < 250) {
            pass(wait);
            wait = tryInVain(execution);
        }
        view = view(null, n2, n3);
        assertThat(execution.next()).isInstanceOf(Step.Wait.class);

        view = view(new Master("n2", "n2-a", 8, Instant.EPOCH, "next"), n2, n3);
        Step.Try next = tried(execution.next());
        assertThat(next.node()).isEqualTo(n2);
        execution.judge(n2, new Outcome.Refused(Refusal.NOT_MASTER, "just taking up its mastership"));

        Step.Wait soon = (Step.Wait) execution.next();
        assertThat(soon.atMost()).isEqualTo(Duration.ofMillis(5));
        pass(soon);
        assertThat(tried(execution.next()).node()).isEqualTo(n2);
    }

    private static Step.Wait tryInVain(Execution execution) {
        execution.judge(tried(execution.next()).node(), NOT_SENT);
        return (Step.Wait) execution.next();
    }

    @Test
    void aMasterThatIsNotThereIsWaitedForOnlyAsLongAsForAnElection() {
        Execution execution = execution("master");
        long start = nanos;

        allEndWith(execution, NOT_SENT);

        assertThat(thrown(execution.next())).isInstanceOf(NoMasterException.class);
        assertThat(Duration.ofNanos(nanos - start)).isEqualTo(ELECTION_WAIT);
    }

    @Test
    void aWorkerTaskWithoutWorkersSaysSo() {
        view = view(new Master("n1", "n1-a", 7, Instant.EPOCH, "first"), n1);
        Execution execution = execution("worker");

        // Its own time is shorter than the wait for an election.
        assertThat(((Step.Wait) execution.next()).atMost()).isEqualTo(Duration.ofSeconds(10));
        pass(execution.next());

        assertThat(thrown(execution.next()))
                .isInstanceOf(NoNodeAvailableException.class)
                .hasMessageContaining("No worker");
    }

    @Test
    void busyNodesAreAskedAgainWhileTimeAllowsThenTheCallIsRejected() {
        Execution execution = execution("any");
        long start = nanos;

        List<String> tried = allEndWith(execution, BUSY);

        assertThat(tried).hasSizeGreaterThan(6).startsWith("n1", "n2", "n3");
        assertThat(thrown(execution.next()))
                .isInstanceOf(TaskRejectedException.class)
                .hasMessageContaining("busy");
        assertThat(Duration.ofNanos(nanos - start)).isEqualTo(Duration.ofSeconds(10));
    }

    @Test
    void nodesThatCannotRunTheTaskAreNotAskedAgain() {
        Execution execution = execution("any");

        List<String> tried =
                allEndWith(execution, new Outcome.Refused(Refusal.UNKNOWN_TASK, "no such task on the node"));

        assertThat(tried).containsExactly("n1", "n2", "n3");
        assertThat(thrown(execution.next()))
                .isInstanceOf(TaskRejectedException.class)
                .hasMessageContaining("no such task");
    }

    private static Step.Ask asked(Step step) {
        assertThat(step).isInstanceOf(Step.Ask.class);
        return (Step.Ask) step;
    }

    /** An execution whose first attempt was with n1 when the connection broke. */
    private Execution broken(String method) {
        Execution execution = execution(method);
        execution.judge(tried(execution.next()).node(), BROKE);
        return execution;
    }

    @Test
    void afterABrokenConnectionTheNodeIsAskedAndItsAnswerIsTheOutcome() {
        Execution succeeded = execution("any");
        Step.Try first = tried(succeeded.next());
        succeeded.judge(first.node(), BROKE);

        assertThat(succeeded.next()).isEqualTo(new Step.Ask(first.node(), first.attempt(), 77));
        succeeded.judge(n1, new Outcome.Succeeded("x"));
        assertThat(succeeded.next()).isEqualTo(new Step.Return("x"));
        assertThat(succeeded.startedAttempts()).isOne();

        Execution failed = broken("any");
        IllegalStateException error = new IllegalStateException("x");
        failed.judge(asked(failed.next()).node(), Outcome.Failed.of(error));
        assertThat(thrown(failed.next())).isSameAs(error);
    }

    @Test
    void whatTheNodeNeverReceivedMovesOnAsTheSameAttemptWithoutRetry() {
        Execution execution = broken("any");

        execution.judge(asked(execution.next()).node(), new Outcome.Refused(Refusal.NOT_RECEIVED, "never seen"));

        Step.Try second = tried(execution.next());
        assertThat(second.node()).isEqualTo(n2);
        assertThat(second.attempt().number()).isOne();
        execution.judge(second.node(), new Outcome.Succeeded("x"));
        assertThat(execution.next()).isEqualTo(new Step.Return("x"));
        assertThat(execution.startedAttempts()).isOne();
    }

    @Test
    void whatTheOnlyNodeNeverReceivedIsSentThereAgain() {
        view = view(null, n1);
        Execution execution = broken("any");
        execution.judge(asked(execution.next()).node(), new Outcome.Refused(Refusal.NOT_RECEIVED, "never seen"));

        pass(execution.next());

        assertThat(tried(execution.next()).node()).isEqualTo(n1);
    }

    @Test
    void whatTheNodeDoesNotKnowStaysUnknownAndBothReasonsAreTold() {
        Execution execution = broken("any");

        execution.judge(asked(execution.next()).node(), new Outcome.Unknown("it does not remember", false));

        assertThat(thrown(execution.next()))
                .isInstanceOf(TaskOutcomeUnknownException.class)
                .hasMessageContaining("the connection broke")
                .hasMessageContaining("it does not remember");
    }

    @Test
    void aWayBackIsLookedForForAFewSecondsThenItIsUnknown() {
        Execution execution = broken("any");
        long start = nanos;

        int asked = 0;
        for (Step step = execution.next(); !(step instanceof Step.Throw); step = execution.next()) {
            if (step instanceof Step.Ask ask) {
                asked++;
                execution.judge(ask.node(), NOT_SENT);
            } else {
                assertThat(((Step.Wait) step).wake()).isSameAs(view.changed());
                pass(step);
            }
        }

        assertThat(asked).isBetween(20, 30);
        assertThat(Duration.ofNanos(nanos - start)).isBetween(Duration.ofSeconds(4), Execution.ASK_PATIENCE);
        assertThat(thrown(execution.next()))
                .isInstanceOf(TaskOutcomeUnknownException.class)
                .hasMessageContaining("connection refused");
    }

    @Test
    void withRetryANodeThatIsNotReachedAtOnceIsLeftForAnother() {
        Execution execution = broken("retried");
        execution.judge(asked(execution.next()).node(), NOT_SENT);

        Step.Try second = tried(execution.next());
        assertThat(second.node()).isEqualTo(n2);
        assertThat(second.attempt().number()).isEqualTo(2);
        execution.judge(n2, BROKE);
        execution.judge(asked(execution.next()).node(), NOT_SENT);

        // There is no fourth attempt, so of the third everything is tried to find out.
        execution.judge(tried(execution.next()).node(), BROKE);
        execution.judge(asked(execution.next()).node(), NOT_SENT);
        pass(execution.next());
        assertThat(asked(execution.next()).attempt().number()).isEqualTo(3);
        execution.judge(n3, new Outcome.Succeeded("x"));
        assertThat(execution.next()).isEqualTo(new Step.Return("x"));
        assertThat(execution.startedAttempts()).isEqualTo(3);
    }

    @Test
    void aConnectionThatBreaksAgainWhileTheAnswerIsWaitedForIsAskedOverTheNextOne() {
        Execution execution = broken("any");
        for (int i = 0; i < 10; i++) {
            nanos += Duration.ofMillis(900).toNanos();
            execution.judge(asked(execution.next()).node(), BROKE);
        }

        execution.judge(asked(execution.next()).node(), new Outcome.Succeeded("x"));

        assertThat(execution.next()).isEqualTo(new Step.Return("x"));
    }

    @Test
    void aNodeThatHasLeftOrWasStartedAnewIsNotAsked() {
        Execution left = broken("any");
        view = view(null, n2, n3);
        assertThat(thrown(left.next()))
                .isInstanceOf(TaskOutcomeUnknownException.class)
                .hasMessageContaining("has left the cluster");

        view = view(null, n1, n2);
        Execution restarted = broken("any");
        view = view(null, new Node("n1", "n1-b", n1.uri(), NodeState.UP, true, true, 1, null, Instant.EPOCH), n2);
        assertThat(thrown(restarted.next())).isInstanceOf(TaskOutcomeUnknownException.class);
    }

    @Test
    void aDrainingNodeIsStillAsked() {
        Execution execution = broken("any");
        view = view(null, n1.withState(NodeState.DRAINING), n2);

        assertThat(asked(execution.next()).node()).isEqualTo(n1);
    }

    @Test
    void theTimeOfTheAttemptHoldsForAskingToo() {
        Execution late = broken("any");
        nanos += Duration.ofSeconds(10).toNanos();
        assertThat(thrown(late.next())).isInstanceOf(TaskOutcomeUnknownException.class);

        Execution noAnswer = broken("any");
        noAnswer.judge(asked(noAnswer.next()).node(), TIMED_OUT);
        assertThat(thrown(noAnswer.next())).isInstanceOf(TaskTimeoutException.class);
    }

    @Test
    void onAStoppedNodeNothingIsAskedAndNothingIsSaidNotToHaveRun() {
        Execution execution = broken("any");

        stopped = true;

        assertThat(thrown(execution.next()))
                .isInstanceOf(TaskOutcomeUnknownException.class)
                .hasMessageContaining("this node has stopped");
    }

    @Test
    void neitherATimeoutNorADeathIsAskedAbout() {
        Execution timedOut = execution("any");
        timedOut.judge(tried(timedOut.next()).node(), TIMED_OUT);
        assertThat(thrown(timedOut.next())).isInstanceOf(TaskTimeoutException.class);

        Execution died = execution("any");
        died.judge(tried(died.next()).node(), DIED);
        assertThat(thrown(died.next())).isInstanceOf(TaskOutcomeUnknownException.class);
    }

    private static Node with(Node node, String method) {
        TaskDefinition task = Tasks.of(Desk.class, method);
        return node.withTasks(NodeTasks.of(Map.of(task.name(), task.signature())));
    }

    private static Node withOtherSignature(Node node, String method) {
        return node.withTasks(NodeTasks.of(Map.of("bean." + method, "(int)int")));
    }

    @Test
    void nodesWhoseRecordsSayThatTheyCannotRunTheTaskAreNeverTried() {
        view = view(null, withOtherSignature(n1, "any"), n2.withTasks(Map.of()), with(n3, "any"));

        assertThat(allEndWith(execution("any"), NOT_SENT)).containsOnly("n3");
    }

    @Test
    void aNodeWhoseRecordDoesNotTellIsTried() {
        view = view(null, n1.withTasks(Map.of()), n2);

        assertThat(tried(execution("any").next()).node()).isEqualTo(n2);
    }

    @Test
    void aMasterThatLacksTheTaskEndsTheCallAtOnceAndIsNamed() {
        Master master = new Master("n1", "n1-a", 7, Instant.EPOCH, "first");
        view = view(master, n1.withTasks(Map.of()), with(n2, "master"));
        assertThat(thrown(execution("master").next()))
                .isInstanceOf(TaskRejectedException.class)
                .hasMessageContaining("bean.master")
                .hasMessageContaining("the master n1 has no such task")
                .hasMessageContaining("same version");

        view = view(master, withOtherSignature(n1, "master"), with(n2, "master"));
        assertThat(thrown(execution("master").next()))
                .isInstanceOf(TaskRejectedException.class)
                .hasMessageContaining("the master n1 has another signature");
    }

    @Test
    void whenNoNodeOfTheRoleCanRunTheTaskAllAreNamedWithTheirReasons() {
        view = view(
                new Master("n1", "n1-a", 7, Instant.EPOCH, "first"),
                with(n1, "worker"),
                n2.withTasks(Map.of()),
                withOtherSignature(n3, "worker"));

        assertThat(thrown(execution("worker").next()))
                .isInstanceOf(TaskRejectedException.class)
                .hasMessageContaining("role WORKER")
                .hasMessageContaining("node n2 has no such task, node n3 has another signature");
    }

    @Test
    void whatRecordsSayAndWhatNodesSaidAreToldTogether() {
        view = view(null, n1, n2.withTasks(Map.of()));
        Execution execution = execution("any");

        List<String> tried = allEndWith(execution, new Outcome.Refused(Refusal.UNKNOWN_TASK, "n1 has it not"));

        assertThat(tried).containsExactly("n1");
        assertThat(thrown(execution.next()))
                .isInstanceOf(TaskRejectedException.class)
                .hasMessageContaining("node n2 has no such task; n1 has it not");
    }

    @Test
    void anEarlierUnknownOutcomeIsNotHiddenByALaterLackOfNodes() {
        Execution execution = execution("retried");
        execution.judge(tried(execution.next()).node(), DIED);
        view = view(null);

        Step wait = execution.next();
        pass(wait);

        Throwable error = thrown(execution.next());
        assertThat(error).isInstanceOf(TaskOutcomeUnknownException.class);
        assertThat(error.getSuppressed()).hasSize(1).allMatch(NoNodeAvailableException.class::isInstance);
    }

    @Test
    void onAStoppedNodeACallEndsInsteadOfWaiting() {
        view = view(null);
        Execution execution = execution("any");
        assertThat(execution.next()).isInstanceOf(Step.Wait.class);

        stopped = true;

        assertThat(thrown(execution.next()))
                .isInstanceOf(NoNodeAvailableException.class)
                .hasMessageContaining("has stopped");
    }

    @Test
    void cancelledIsTheEndAlsoWithRetry() {
        Execution execution = execution("retried");

        execution.judge(tried(execution.next()).node(), new Outcome.Cancelled());

        assertThat(thrown(execution.next())).isInstanceOf(CancellationException.class);
    }

    private static Outcome busy(Duration comeBackAfter) {
        return new Outcome.Refused(Refusal.BUSY, "busy", comeBackAfter);
    }

    @Test
    void whenAllAreBusyTheFirstThatWantsToBeAskedAgainIsWaitedForAndNobodyEarlier() {
        Execution execution = execution("any");
        execution.judge(tried(execution.next()).node(), busy(Duration.ofSeconds(3)));
        execution.judge(tried(execution.next()).node(), busy(Duration.ofSeconds(1)));
        execution.judge(tried(execution.next()).node(), busy(Duration.ofSeconds(2)));

        Step.Wait first = (Step.Wait) execution.next();
        assertThat(first.atMost()).isEqualTo(Duration.ofSeconds(1));
        // The cluster changed meanwhile: that wakes nobody who is busy.
        nanos += Duration.ofMillis(400).toNanos();
        Step.Wait second = (Step.Wait) execution.next();
        assertThat(second.atMost()).isEqualTo(Duration.ofMillis(600));
        pass(second);
        assertThat(tried(execution.next()).node()).isEqualTo(n2);
    }

    @Test
    void noWaitForABusyNodeOutlivesTheDeadline() {
        Execution execution = execution("any");
        long start = nanos;

        List<String> tried = allEndWith(execution, busy(Duration.ofMinutes(1)));

        assertThat(tried).containsExactly("n1", "n2", "n3");
        assertThat(thrown(execution.next())).isInstanceOf(TaskRejectedException.class);
        assertThat(Duration.ofNanos(nanos - start)).isEqualTo(Duration.ofSeconds(10));
    }

    @Test
    void inAMeltdownRetriesDoNotMultiplyTheLoad() {
        budget = new RetryBudget(0.2, 3, () -> nanos);
        int calls = 2000;
        int attempts = 0;
        int explained = 0;
        long start = nanos;
        for (int i = 0; i < calls; i++) {
            budget.called();
            Execution execution = execution("choosy");
            attempts += allEndWith(execution, Outcome.Failed.of(new IOException("down")))
                    .size();
            explained += thrown(execution.next()).getSuppressed().length;
            nanos += Duration.ofMillis(5).toNanos();
        }
        double seconds = (nanos - start) / 1e9;

        System.out.printf(
                "FIGURE retry budget: %d calls with maxAttempts = 9 in %.0f s, all failing: %d attempts (without a budget"
                        + " %d), %d calls ended for want of it%n",
                calls, seconds, attempts, 9 * calls, budget.denied());
        assertThat((double) attempts).isBetween(calls * 1.19, calls * 1.2 + 3 * (seconds + 1));
        assertThat(explained).isEqualTo((int) budget.denied()).isPositive();
    }

    @Test
    void whatEndsForWantOfBudgetSaysSo() {
        budget = new RetryBudget(0, 0, () -> nanos);
        IOException error = new IOException("down");
        Execution execution = execution("choosy");

        assertThat(allEndWith(execution, Outcome.Failed.of(error))).hasSize(1);

        assertThat(thrown(execution.next())).isSameAs(error);
        assertThat(error.getSuppressed()).singleElement().satisfies(why -> assertThat(why)
                .hasMessageContaining("retry budget")
                .hasMessageContaining("ha.dispatch.retry-budget"));
    }

    @Test
    void theAttemptsOfALostNodeQueueForTheBudgetInsteadOfFailing() {
        budget = new RetryBudget(0, 2, () -> nanos);
        List<Execution> lost = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            Execution execution = execution("retried");
            execution.judge(tried(execution.next()).node(), DIED);
            lost.add(execution);
        }

        assertThat(lost.get(1).next()).isInstanceOf(Step.Try.class);
        for (int i = 2; i < 12; i++) {
            Step step = lost.get(i).next();
            assertThat(step).isInstanceOf(Step.Wait.class);
            assertThat(((Step.Wait) step).atMost().toMillis()).isBetween(500L * (i - 1), 500L * (i - 1) + 1);
        }
        pass(lost.get(11).next());
        assertThat(tried(lost.get(11).next()).node()).isEqualTo(n2);
    }

    @Test
    void movingOnWithoutARunCostsNoBudget() {
        budget = new RetryBudget(0, 0, () -> nanos);
        Execution execution = execution("any");
        execution.judge(tried(execution.next()).node(), NOT_SENT);
        execution.judge(tried(execution.next()).node(), BUSY);

        assertThat(tried(execution.next()).node()).isEqualTo(n3);
        assertThat(budget.denied()).isZero();
    }

    @Test
    void everyChoiceIsRememberedWithItsOutcome() {
        Execution execution = execution("retried");
        execution.judge(tried(execution.next()).node(), NOT_SENT);
        execution.judge(tried(execution.next()).node(), DIED);
        nanos++;
        execution.next();

        assertThat(decisions.newestFirst())
                .extracting(decision -> decision.node.id() + " of " + decision.candidates + " #" + decision.attempt
                        + " " + decision.outcome())
                .containsExactlyInAnyOrder(
                        "n1 of 3 #1 NOT_SENT: connection refused",
                        "n2 of 2 #1 UNKNOWN: the node died",
                        "n1 of 2 #2 null");
        for (int i = 0; i < 50; i++) {
            execution("any").next();
        }
        assertThat(decisions.newestFirst()).hasSize(DecisionLog.KEPT);
    }

    @Test
    void theLastNodeThatStopsExecutesWhatItsOwnRequestsStillCall() {
        Node stopping = n1.withState(NodeState.DRAINING);
        view = new ClusterView(
                stopping, List.of(stopping), null, null, null, 7, Orders.NONE, new CompletableFuture<>());

        assertThat(tried(execution("any").next()).node()).isEqualTo(stopping);
        assertThat(thrown(execution("master").next()))
                .isInstanceOf(NoMasterException.class)
                .hasMessageContaining("This node is about to stop");
    }

    @Test
    void aNodeThatStopsSendsItsOwnCallsElsewhereWhileThereIsAnother() {
        Node stopping = n1.withState(NodeState.DRAINING);
        view = new ClusterView(
                stopping, List.of(stopping, n2), null, null, null, 7, Orders.NONE, new CompletableFuture<>());

        assertThat(tried(execution("any").next()).node()).isEqualTo(n2);
    }

    @Test
    void anObserverIsToldOfEveryTryAndOnceOfTheEnd() {
        Execution execution = execution("retried");
        execution.judge(tried(execution.next()).node(), NOT_SENT);
        execution.judge(tried(execution.next()).node(), DIED);
        execution.judge(tried(execution.next()).node(), new Outcome.Succeeded("x"));
        execution.next();
        execution.abandon();

        assertThat(recorder.told)
                .containsExactly(
                        "called t1",
                        "try n1#1 here",
                        "NOT_SENT n1#1",
                        "try n2#1",
                        "UNKNOWN n2#1",
                        "try n1#2 here",
                        "SUCCEEDED n1#2",
                        "ended SUCCEEDED");
    }

    @Test
    void anObserverIsToldHowLongTriesAndTheCallTook() {
        Execution execution = execution("retried");
        nanos += 1;
        Node first = tried(execution.next()).node();
        nanos += 2;
        execution.judge(first, NOT_SENT);
        nanos += 4;
        Node second = tried(execution.next()).node();
        nanos += 8;
        execution.judge(second, new Outcome.Succeeded("x"));

        assertThat(recorder.tookNanos).containsExactly(2L, 8L, 15L);
        assertThat(execution.tookNanos()).isEqualTo(15);
    }

    @Test
    void anObserverIsToldHowLongACallTookThatNobodyWaitedFor() {
        Execution execution = execution("any");
        nanos += 1;
        tried(execution.next());
        nanos += 2;

        execution.abandon();

        assertThat(recorder.tookNanos).containsExactly(2L, 3L);
    }

    @Test
    void anObserverIsToldHowACallEnded() {
        assertThat(endingOf("any", new Outcome.Failed(new IOException(), List.of("x"))))
                .isEqualTo("ended FAILED IOException");
        assertThat(endingOf("any", DIED)).isEqualTo("ended UNKNOWN TaskOutcomeUnknownException");
        assertThat(endingOf("retried", DIED)).isEqualTo("ended UNKNOWN TaskOutcomeUnknownException");
        assertThat(endingOf("any", NOT_SENT)).isEqualTo("ended NOT_EXECUTED NoNodeAvailableException");
        assertThat(endingOf("any", new Outcome.Cancelled())).isEqualTo("ended CANCELLED CancellationException");
    }

    private String endingOf(String method, Outcome outcome) {
        recorder.told.clear();
        allEndWith(execution(method), outcome);
        assertThat(recorder.told).filteredOn(told -> told.startsWith("ended")).hasSize(1);
        return recorder.told.get(recorder.told.size() - 1);
    }

    @Test
    void aCallWhoseSecondAttemptNobodyTakesHasEndedLikeItsFirst() {
        Execution execution = execution("retried");
        execution.judge(tried(execution.next()).node(), Outcome.Failed.of(new IOException()));

        allEndWith(execution, NOT_SENT);

        assertThat(recorder.told).endsWith("ended FAILED IOException");
    }

    @Test
    void anObserverIsToldOfACallThatNobodyWaitsFor() {
        Execution execution = execution("any");
        tried(execution.next());

        execution.abandon();
        execution.abandon();

        assertThat(recorder.told).containsExactly("called t1", "try n1#1 here", "CANCELLED n1#1", "ended CANCELLED");
    }

    @Test
    void anAttemptThatIsAskedForIsOneForAnObserver() {
        Execution execution = execution("any");
        Node node = tried(execution.next()).node();
        execution.judge(node, BROKE);
        assertThat(execution.next()).isInstanceOf(Step.Ask.class);
        execution.judge(node, new Outcome.Succeeded("x"));

        assertThat(recorder.told).containsExactly("called t1", "try n1#1 here", "SUCCEEDED n1#1", "ended SUCCEEDED");
    }
}
