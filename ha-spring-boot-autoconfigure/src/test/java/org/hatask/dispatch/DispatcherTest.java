package org.hatask.dispatch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.hatask.HaTask;
import org.hatask.cluster.ClusterState;
import org.hatask.cluster.Node;
import org.hatask.cluster.NodeState;
import org.hatask.cluster.Orders;
import org.hatask.execute.Attempt;
import org.hatask.execute.CodecException;
import org.hatask.execute.ExecutorSettings;
import org.hatask.execute.Outcome;
import org.hatask.execute.TaskDefinition;
import org.hatask.execute.TaskExecutor;
import org.hatask.execute.TaskInvoker;
import org.hatask.execute.TaskObserver;
import org.hatask.execute.Tasks;
import org.hatask.link.TaskTransport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.beans.factory.support.StaticListableBeanFactory;

/** What the judgement of nodes is told of attempts, whichever way they end. The only candidate is another node. */
@Timeout(30)
class DispatcherTest {

    private static final Duration PATIENCE = Duration.ofSeconds(20);

    @SuppressWarnings("unused")
    static class Desk {

        @HaTask
        public String quote() {
            return "";
        }

        @HaTask
        public CompletableFuture<String> later() {
            return new CompletableFuture<>();
        }
    }

    private final CompletableFuture<Outcome> answer = new CompletableFuture<>();
    private volatile CompletableFuture<Outcome> asked = new CompletableFuture<>();
    private final FakeFitness fitness = new FakeFitness();
    private final Node self = node("n1");
    private final ClusterState cluster = new ClusterState(self, Runnable::run);
    private final AtomicInteger callbacks = new AtomicInteger();
    private final TaskExecutor executor;
    private final Dispatcher dispatcher;

    DispatcherTest() {
        cluster.setMembers(List.of(node("n2")), Orders.NONE);
        executor = new TaskExecutor(
                new ExecutorSettings(1, 1),
                () -> 0,
                () -> self,
                new TaskInvoker(new StaticListableBeanFactory()),
                System::nanoTime,
                TaskObserver.NONE);
        TaskTransport transport = new TaskTransport() {
            @Override
            public CompletableFuture<Outcome> send(Node target, Attempt attempt, Object[] arguments) {
                return answer;
            }

            @Override
            public CompletableFuture<Outcome> ask(Node target, Attempt attempt, long callId) {
                return asked;
            }

            @Override
            public boolean isReachable(Node target) {
                return true;
            }

            @Override
            public void close() {}
        };
        dispatcher = new Dispatcher(
                cluster,
                executor,
                transport,
                (task, key, candidates) -> Optional.of(candidates.get(0)),
                fitness,
                false,
                new NodeLoads(() -> self, executor::inFlight, Duration.ofSeconds(1), System::nanoTime),
                new RetryBudget(1, 1000, System::nanoTime),
                Duration.ofSeconds(1),
                callback -> {
                    callbacks.incrementAndGet();
                    callback.run();
                },
                TaskObserver.NONE);
    }

    @AfterEach
    void close() {
        executor.close();
    }

    private static Node node(String id) {
        return new Node(id, id + "-a", URI.create("http://" + id), NodeState.UP, true, true, 1, null, Instant.EPOCH);
    }

    private Object call() throws Throwable {
        return dispatcher.call(task("quote"), new Object[0], () -> () -> "here");
    }

    private CompletableFuture<Object> callLater() {
        return dispatcher.callAsync(task("later"), new Object[0], () -> () -> "here");
    }

    private static TaskDefinition task(String method) {
        return Tasks.of(Desk.class, method);
    }

    @Test
    void anAnswerIsTold() throws Throwable {
        answer.complete(new Outcome.Succeeded("x"));

        assertThat(call()).isEqualTo("x");
        assertThat(callLater()).isCompletedWithValue("x");
        assertThat(fitness.told).containsExactly("begin n2", "ended n2 Succeeded", "begin n2", "ended n2 Succeeded");
    }

    @Test
    void argumentsThatCannotBeWrittenTellNothingOfTheNode() {
        answer.completeExceptionally(new CodecException("no JSON", new IllegalArgumentException()));

        assertThatExceptionOfType(CodecException.class).isThrownBy(this::call);
        assertThatExceptionOfType(CompletionException.class)
                .isThrownBy(() -> callLater().join())
                .withCauseInstanceOf(CodecException.class);
        assertThat(fitness.told).containsExactly("begin n2", "abandoned n2", "begin n2", "abandoned n2");
    }

    @Test
    void anInterruptedCallerTellsNothingOfTheNode() throws InterruptedException {
        CompletableFuture<Throwable> thrown = new CompletableFuture<>();
        Thread caller = new Thread(() -> {
            try {
                call();
            } catch (Throwable e) {
                thrown.complete(e);
            }
        });
        caller.start();
        await().atMost(PATIENCE).until(() -> fitness.told.contains("begin n2"));

        caller.interrupt();

        assertThat(thrown).succeedsWithin(PATIENCE).isInstanceOf(CancellationException.class);
        caller.join();
        assertThat(fitness.told).containsExactly("begin n2", "ended n2 Cancelled");
    }

    @Test
    void aCancelledFutureTellsNothingOfTheNode() {
        callLater().cancel(true);

        assertThat(fitness.told).containsExactly("begin n2", "abandoned n2");
    }

    @Test
    void aFutureThatAMethodInPlaceReturnsCompleteIsSoForItsCaller() {
        cluster.setMembers(List.of(self), Orders.NONE);
        CompletableFuture<String> complete = CompletableFuture.completedFuture("here");

        CompletableFuture<Object> call = dispatcher.callAsync(task("later"), new Object[0], () -> () -> complete);

        assertThat(call).isCompletedWithValue("here");
        assertThat(callbacks).hasValue(0);
        assertThat(fitness.told).containsExactly("begin n1", "ended n1 Succeeded");
    }

    @Test
    void whatDependsOnAFutureRunsOnTheThreadsForThatAndNotWhereTheMethodCompletesIt() {
        cluster.setMembers(List.of(self), Orders.NONE);
        CompletableFuture<String> returned = new CompletableFuture<>();
        CompletableFuture<Object> call = dispatcher.callAsync(task("later"), new Object[0], () -> () -> returned);
        AtomicInteger callbacksBefore = new AtomicInteger(-1);
        call.thenAccept(value -> callbacksBefore.set(callbacks.get()));
        assertThat(call).isNotDone();

        returned.complete("here");

        assertThat(call).isCompletedWithValue("here");
        assertThat(callbacksBefore).hasValue(1);
    }

    // ---- while the node is asked after its connection broke

    private static final Outcome BROKE = new Outcome.Unknown("the connection broke", false, 77);

    @Test
    void aNodeThatIsAskedCanBeGivenUpLikeOneThatWasCalled() {
        answer.complete(BROKE);
        CompletableFuture<Object> call = callLater();
        assertThat(call).isNotDone();
        assertThat(fitness.sent).containsExactly(answer, asked);

        asked.complete(new Outcome.Unknown("it has not ended after its max-task-duration", true));

        assertThat(call).isCompletedExceptionally();
        assertThat(fitness.told).containsExactly("begin n2", "ended n2 Unknown");
    }

    @Test
    void aFutureThatIsCancelledWhileItsNodeIsAskedTellsNothingOfTheNode() {
        answer.complete(BROKE);

        callLater().cancel(true);

        assertThat(asked).isCancelled();
        assertThat(fitness.told).containsExactly("begin n2", "abandoned n2");
    }

    @Test
    void aFutureThatIsCancelledBetweenTwoQuestionsTellsNothingOfTheNode() {
        answer.complete(BROKE);
        asked.complete(new Outcome.NotSent("no connection"));

        callLater().cancel(true);

        await().atMost(PATIENCE).until(() -> fitness.told.size() == 2);
        assertThat(fitness.told).containsExactly("begin n2", "abandoned n2");
    }

    @Test
    void aCallerThatIsInterruptedBetweenTwoQuestionsTellsNothingOfTheNode() throws InterruptedException {
        answer.complete(BROKE);
        asked.complete(new Outcome.NotSent("no connection"));
        CompletableFuture<Throwable> thrown = new CompletableFuture<>();
        Thread caller = new Thread(() -> {
            try {
                call();
            } catch (Throwable e) {
                thrown.complete(e);
            }
        });
        caller.start();
        await().atMost(PATIENCE).until(() -> fitness.sent.contains(asked));

        await().atMost(PATIENCE).until(() -> caller.getState() == Thread.State.WAITING);
        caller.interrupt();

        assertThat(thrown).succeedsWithin(PATIENCE).isInstanceOf(CancellationException.class);
        caller.join();
        assertThat(fitness.told).startsWith("begin n2").endsWith("abandoned n2");
    }
}
