package org.hatask.link;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.hatask.TaskOutcomeUnknownException;
import org.hatask.cluster.ClusterState;
import org.hatask.cluster.Node;
import org.hatask.cluster.Orders;
import org.hatask.dispatch.Dispatcher;
import org.hatask.dispatch.FakeFitness;
import org.hatask.dispatch.NodeLoads;
import org.hatask.dispatch.RetryBudget;
import org.hatask.execute.Outcome;
import org.hatask.execute.TaskObserver;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A task without {@code retry}, called over real connections that break while both nodes live: it is executed once, and its
 * result reaches the caller.
 */
@Timeout(120)
class AskAfterBreakTest {

    private static final Duration SOON = Duration.ofSeconds(20);

    private final List<AutoCloseable> opened = new ArrayList<>();
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private TestNode a;
    private TestNode b;
    private FreezableProxy proxy;
    private Node behindProxy;
    private ClusterState state;
    private Dispatcher dispatcher;

    /** What the task ends with. */
    private final CompletableFuture<Outcome> ending = new CompletableFuture<>();

    @BeforeEach
    void start() {
        a = keep(TestNode.start("a"));
        b = keep(TestNode.start("b"));
        proxy = keep(new FreezableProxy(b.port()));
        behindProxy = TestNode.node(b.node(), proxy.port());
        b.tasks.behaviours.put("echo", (attempt, argument) -> ending);
        state = new ClusterState(a.node(), threads);
        state.setMembers(List.of(behindProxy), Orders.NONE);
        dispatcher = new Dispatcher(
                state,
                a.tasks.executor,
                a.transport,
                (task, key, candidates) -> Optional.of(candidates.get(0)),
                new FakeFitness(),
                false,
                new NodeLoads(a::node, a.tasks.executor::inFlight, Duration.ofSeconds(1), System::nanoTime),
                new RetryBudget(1, 1000, System::nanoTime),
                Duration.ofSeconds(5),
                threads,
                TaskObserver.NONE);
        // The link stands.
        assertThat(TestTasks.get(a.transport.send(
                        behindProxy,
                        TestTasks.attempt(TestTasks.task("none", "()"), "t", Duration.ofSeconds(9)),
                        new Object[] {"x"})))
                .isInstanceOf(Outcome.Refused.class);
    }

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable closeable : opened) {
            closeable.close();
        }
        threads.shutdownNow();
    }

    private <T extends AutoCloseable> T keep(T closeable) {
        opened.add(closeable);
        return closeable;
    }

    private CompletableFuture<Object> call(String argument) {
        Supplier<Callable<Object>> notHere = () -> {
            throw new AssertionError("not for this node");
        };
        return CompletableFuture.supplyAsync(
                () -> {
                    try {
                        return dispatcher.call(TestTasks.ECHO, new Object[] {argument}, notHere);
                    } catch (RuntimeException e) {
                        throw e;
                    } catch (Throwable e) {
                        throw new IllegalStateException(e);
                    }
                },
                threads);
    }

    private CompletableFuture<Object> callAsync(String argument) {
        return dispatcher.callAsync(TestTasks.ECHO, new Object[] {argument}, () -> {
            throw new AssertionError("not for this node");
        });
    }

    private void awaitExecuted(int times) {
        await().atMost(SOON).until(() -> b.tasks.executed.size() == times);
    }

    /** Cuts the connection and waits until the question has arrived over another, so that the answer will go over that. */
    private void cutAndAwaitQuestion() {
        Set<Instant> before = b.transport.links().stream().map(LinkInfo::since).collect(Collectors.toSet());
        proxy.cut();
        await().atMost(SOON).until(() -> b.transport.links().stream()
                .anyMatch(link -> link.serving() == 1 && !before.contains(link.since())));
    }

    /** Lets the task end and breaks the connection while its answer is under way. */
    private void endAndLoseTheAnswer(Outcome outcome) {
        proxy.hold();
        ending.complete(outcome);
        await().atMost(SOON).until(() -> proxy.heldBytes() > 4000);
        proxy.pass();
        proxy.cut();
    }

    @Test
    void aCutWhileTheTaskRunsIsNotNoticed() {
        for (boolean sync : List.of(true, false)) {
            int before = b.tasks.executed.size();
            CompletableFuture<Outcome> running = new CompletableFuture<>();
            b.tasks.behaviours.put("echo", (attempt, argument) -> running);
            CompletableFuture<Object> result = sync ? call("x") : callAsync("x");
            awaitExecuted(before + 1);

            cutAndAwaitQuestion();
            running.complete(new Outcome.Succeeded("done"));

            assertThat(result).succeedsWithin(SOON).isEqualTo("done");
            assertThat(b.tasks.executed).hasSize(before + 1);
        }
    }

    @Test
    void cutsOneAfterTheOtherAreNotNoticedEither() {
        CompletableFuture<Object> result = call("x");
        awaitExecuted(1);

        for (int i = 0; i < 5; i++) {
            cutAndAwaitQuestion();
        }
        ending.complete(new Outcome.Succeeded("done"));

        assertThat(result).succeedsWithin(SOON).isEqualTo("done");
        assertThat(b.tasks.executed).hasSize(1);
    }

    @Test
    void aResultThatWasUnderWayWhenTheConnectionBrokeIsFetched() {
        CompletableFuture<Object> result = call("x");
        awaitExecuted(1);

        proxy.hold();
        ending.complete(new Outcome.Succeeded("done"));
        await().atMost(SOON).until(() -> b.transport.links().stream().allMatch(link -> link.serving() == 0));
        proxy.pass();
        proxy.cut();

        assertThat(result).succeedsWithin(SOON).isEqualTo("done");
        assertThat(b.tasks.executed).hasSize(1);
    }

    @Test
    void anExceptionThatWasUnderWayIsFetchedToo() {
        CompletableFuture<Object> result = call("x");
        awaitExecuted(1);

        proxy.hold();
        ending.complete(Outcome.Failed.of(new IllegalArgumentException("no such thing".repeat(500))));
        await().atMost(SOON).until(() -> b.transport.links().stream().allMatch(link -> link.serving() == 0));
        proxy.pass();
        proxy.cut();

        assertThat(result).failsWithin(SOON).withThrowableThat().withMessageContaining("b: no such thing");
        assertThat(b.tasks.executed).hasSize(1);
    }

    @Test
    void aCallThatHadNotArrivedAsAWholeIsSentAgain() {
        ending.complete(new Outcome.Succeeded("done"));
        proxy.freeze();
        CompletableFuture<Object> result = call("x".repeat(8 * 1024 * 1024));
        await().atMost(SOON).until(() -> a.transport.links().get(0).pending() == 1);

        proxy.thaw();
        proxy.cut();

        assertThat(result).succeedsWithin(SOON).isEqualTo("done");
        assertThat(b.tasks.executed).singleElement().satisfies(attempt -> assertThat(attempt.number())
                .isOne());
    }

    @Test
    void aCallThatArrivesAfterItWasAskedForIsNotStarted() {
        String argument = "x".repeat(20_000);
        proxy.hold();
        CompletableFuture<Object> result = call(argument);
        await().atMost(SOON).until(() -> proxy.heldBytes() > argument.length());
        proxy.pass();
        proxy.cutCallers();
        // Asked for in vain, it was sent once more.
        awaitExecuted(1);
        LinkInfo old = b.transport.links().stream()
                .min(Comparator.comparing(LinkInfo::since))
                .orElseThrow();

        proxy.release();

        await().atMost(SOON).until(() -> b.transport.links().stream()
                .anyMatch(link -> link.since().equals(old.since())
                        && link.lastSeen().isAfter(old.lastSeen().plusMillis(1))));
        await().during(Duration.ofMillis(300)).until(() -> b.tasks.executed.size() == 1);
        ending.complete(new Outcome.Succeeded("done"));
        assertThat(result).succeedsWithin(SOON).isEqualTo("done");
        assertThat(b.tasks.executed).hasSize(1);
    }

    @Test
    void ofAResultTooLargeToBeKeptTheCallerHearsThatItIsUnknown() {
        CompletableFuture<Object> result = call("x");
        awaitExecuted(1);

        proxy.hold();
        ending.complete(new Outcome.Succeeded("x".repeat(ServedCalls.MAX_ANSWER)));
        await().atMost(SOON).until(() -> b.transport.links().stream().allMatch(link -> link.serving() == 0));
        proxy.pass();
        proxy.cut();

        assertThat(result)
                .failsWithin(SOON)
                .withThrowableThat()
                .withCauseInstanceOf(TaskOutcomeUnknownException.class)
                .withMessageContaining("too large to be kept");
        assertThat(b.tasks.executed).hasSize(1);
    }

    @Test
    void ofAProcessThatIsGoneNobodyIsAsked() {
        CompletableFuture<Object> result = call("x");
        awaitExecuted(1);

        proxy.close();
        b.stopServer();

        assertThat(result)
                .failsWithin(SOON)
                .withThrowableThat()
                .withCauseInstanceOf(TaskOutcomeUnknownException.class)
                .withMessageContaining("no connection to b");
    }

    @Test
    void theSearchForAWayBackEndsWhenTheNodeLeavesTheCluster() {
        CompletableFuture<Object> result = call("x");
        awaitExecuted(1);

        proxy.freeze();
        proxy.cut();
        state.setMembers(List.of(), Orders.NONE);

        assertThat(result)
                .failsWithin(SOON)
                .withThrowableThat()
                .withCauseInstanceOf(TaskOutcomeUnknownException.class)
                .withMessageContaining("has left the cluster");
    }

    @Test
    void aCallerThatGivesUpAfterTheBreakStillReachesItsTask() {
        CompletableFuture<Object> result = callAsync("x");
        awaitExecuted(1);
        cutAndAwaitQuestion();

        result.cancel(true);

        assertThat(catchThrowable(result::join)).isInstanceOf(CancellationException.class);
        await().atMost(SOON).until(() -> b.tasks.cancelled.size() == 1);
    }

    @Test
    void aTaskGoesOnWithoutALinkToItsCallerAndEndsWhenThatHasLeftTheClusterToo() {
        b.transport.retainOnly(List.of(a.node(), b.node()));
        call("x");
        awaitExecuted(1);

        a.transport.close();
        await().atMost(SOON).until(() -> b.transport.links().isEmpty());
        await().during(Duration.ofSeconds(1)).until(() -> b.tasks.abandoned.isEmpty());
        b.transport.retainOnly(List.of(b.node(), TestNode.node("a", 1)));

        await().atMost(SOON).until(() -> !b.tasks.abandoned.isEmpty());
        assertThat(b.tasks.abandoned).allMatch(attempt -> attempt.endsWith("#1"));
        assertThat(b.tasks.cancelled).isEmpty();
    }

    @Test
    void aTaskOfANodeThatHasLeftInOrderGoesOnWhileItsLinkStands() {
        CompletableFuture<Object> result = call("x");
        awaitExecuted(1);

        b.transport.retainOnly(List.of(b.node()));
        await().during(Duration.ofSeconds(1)).until(() -> b.tasks.abandoned.isEmpty());
        ending.complete(new Outcome.Succeeded("done"));

        assertThat(result).succeedsWithin(SOON).isEqualTo("done");
    }

    @Test
    void aNodeThatIsAboutToStopIsAskedToo() {
        CompletableFuture<Object> result = call("x");
        awaitExecuted(1);
        b.transport.goAway();
        await().atMost(SOON).until(() -> !a.transport.isReachable(behindProxy));

        cutAndAwaitQuestion();
        ending.complete(new Outcome.Succeeded("done"));

        assertThat(result).succeedsWithin(SOON).isEqualTo("done");
    }
}
