package org.hatask.dispatch;

import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.hatask.OffRole;
import org.hatask.TaskContext;
import org.hatask.cluster.ClusterState;
import org.hatask.cluster.Node;
import org.hatask.execute.Attempt;
import org.hatask.execute.CodecException;
import org.hatask.execute.Outcome;
import org.hatask.execute.TaskDefinition;
import org.hatask.execute.TaskExecutor;
import org.hatask.execute.TaskObserver;
import org.hatask.failure.Fitness;
import org.hatask.link.TaskTransport;
import org.jspecify.annotations.Nullable;

/**
 * Carries out what an {@link Execution} decides: on the caller's thread for methods that return their value, without
 * holding any thread for methods that return a future. Thread-safe.
 */
public final class Dispatcher implements AutoCloseable {

    private final ClusterState cluster;
    private final TaskExecutor executor;
    private final TaskTransport transport;
    private final NodeLoads loads;
    private final RetryBudget budget;
    private final Executor callbacks;
    private final Execution.Environment environment;
    private final Map<String, Memory> memories = new ConcurrentHashMap<>();
    private final TaskIds taskIds;
    private final Explainer explainer;
    private final CompletableFuture<Void> stopped = new CompletableFuture<>();

    /** What is kept of a task: by name, in one place, so that a call looks it up once. */
    private record Memory(RetryPolicy retry, TaskStatistics statistics, DecisionLog decisions) {}

    /**
     * @param fitness which nodes are fit for work
     * @param operated whether the operator alone decides who is master, so that none comes by itself
     * @param loads is told what this node has in flight on others
     * @param budget pays for what is executed again
     * @param electionWait how long a call waits for a node that can take it
     * @param callbacks where calls that hold no thread go on, and where what depends on their futures runs
     * @param observer told of every call
     */
    public Dispatcher(
            ClusterState cluster,
            TaskExecutor executor,
            TaskTransport transport,
            NodeChooser chooser,
            Fitness fitness,
            boolean operated,
            NodeLoads loads,
            RetryBudget budget,
            Duration electionWait,
            Executor callbacks,
            TaskObserver observer) {
        this.cluster = cluster;
        this.executor = executor;
        this.transport = transport;
        this.loads = loads;
        this.budget = budget;
        this.callbacks = callbacks;
        this.taskIds = new TaskIds(cluster.view().self().incarnation());
        Predicate<Node> reachable = node -> isSelf(node) || transport.isReachable(node);
        this.explainer = new Explainer(chooser, fitness, budget, System::nanoTime, Clock.systemUTC());
        this.environment = new Execution.Environment(
                cluster::view,
                chooser,
                fitness,
                operated ? MasterOutlook.operated(reachable) : MasterOutlook.ELECTED,
                stopped::isDone,
                electionWait,
                System::nanoTime,
                budget,
                observer);
    }

    /**
     * Executes the task somewhere and returns what it returns.
     *
     * @param local makes a call of the method in place; asked once for every attempt on this node
     * @throws Throwable what the method throws, or a {@link org.hatask.HaException}
     */
    public @Nullable Object call(
            TaskDefinition task, @Nullable Object[] arguments, Supplier<Callable<@Nullable Object>> local)
            throws Throwable {
        Memory memory = memory(task);
        Execution execution = newExecution(task, memory, arguments);
        try {
            return call(execution, task, memory, arguments, local);
        } finally {
            execution.abandon();
        }
    }

    private @Nullable Object call(
            Execution execution,
            TaskDefinition task,
            Memory memory,
            @Nullable Object[] arguments,
            Supplier<Callable<@Nullable Object>> local)
            throws Throwable {
        while (true) {
            Step step = execution.next();
            if (step instanceof Step.Try tried) {
                CompletableFuture<Outcome> pending = isSelf(tried.node())
                        ? executor.runInPlace(tried.attempt(), local.get())
                        : send(tried, arguments);
                execution.sent(pending);
                execution.judge(tried.node(), await(tried.attempt(), pending));
            } else if (step instanceof Step.Ask ask) {
                CompletableFuture<Outcome> pending = transport.ask(ask.node(), ask.attempt(), ask.callId());
                execution.sent(pending);
                execution.judge(ask.node(), await(ask.attempt(), pending));
            } else if (step instanceof Step.Wait wait) {
                await(task, wait);
            } else if (step instanceof Step.Return finished) {
                record(memory, false, execution);
                return finished.value();
            } else if (step instanceof Step.Throw failed) {
                record(memory, true, execution);
                throw failed.error();
            }
        }
    }

    private static Outcome await(Attempt attempt, CompletableFuture<Outcome> pending) {
        try {
            Outcome outcome = pending.isDone()
                    ? pending.get()
                    : pending.get(attempt.deadlineNanos() - System.nanoTime(), TimeUnit.NANOSECONDS);
            return outcome.read();
        } catch (TimeoutException e) {
            pending.cancel(true);
            return noAnswer(attempt);
        } catch (InterruptedException e) {
            pending.cancel(true);
            Thread.currentThread().interrupt();
            return new Outcome.Cancelled();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof CodecException codec) {
                throw codec;
            }
            throw new IllegalStateException("A transport completed an attempt with an exception", e.getCause());
        }
    }

    private static Outcome.Unknown noAnswer(Attempt attempt) {
        return new Outcome.Unknown("no answer within " + attempt.task().timeout(), true);
    }

    private void await(TaskDefinition task, Step.Wait wait) {
        try {
            woken(wait).get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CancellationException(
                    "The caller of task " + task + " was interrupted while it waited for a node");
        } catch (ExecutionException e) {
            throw new IllegalStateException("A wait never fails", e);
        }
    }

    /**
     * Completes when the wait is over. The timer is one of the three so that it always completes: only then does it leave
     * nothing behind on the other two, which may live long.
     */
    private CompletableFuture<?> woken(Step.Wait wait) {
        CompletableFuture<Void> timer = new CompletableFuture<Void>()
                .completeOnTimeout(null, wait.atMost().toNanos(), TimeUnit.NANOSECONDS);
        return CompletableFuture.anyOf(wait.wake(), stopped, timer);
    }

    /**
     * The same for a method that returns a future. The first attempt, if it is for this node, is made in place; later ones
     * on a thread of the executor. To cancel the future cancels the attempt.
     *
     * @param local null to make every attempt on a thread of the executor
     */
    public CompletableFuture<@Nullable Object> callAsync(
            TaskDefinition task, @Nullable Object[] arguments, @Nullable Supplier<Callable<@Nullable Object>> local) {
        Memory memory = memory(task);
        AsyncCall call = new AsyncCall(memory, arguments, newExecution(task, memory, arguments));
        call.goOn(local);
        return call.result;
    }

    /** A call that holds no thread. Its steps follow each other, so only one thread is in it at a time. */
    private final class AsyncCall {

        private final Memory memory;
        private final @Nullable Object[] arguments;
        private final Execution execution;
        private final CompletableFuture<@Nullable Object> result = new CompletableFuture<>();

        /** What is under way for it, to be cancelled with it. */
        private volatile @Nullable UnderWay underWay;

        private record UnderWay(Attempt attempt, CompletableFuture<Outcome> pending) {}

        AsyncCall(Memory memory, @Nullable Object[] arguments, Execution execution) {
            this.memory = memory;
            this.arguments = arguments;
            this.execution = execution;
        }

        private void cancelIfCancelled() {
            UnderWay current = underWay;
            if (current != null && result.isCancelled()) {
                current.pending().cancel(true);
                executor.cancel(current.attempt().taskId(), current.attempt().number(), "its future was cancelled");
            }
        }

        /** Makes steps until there is something to wait for. */
        void goOn(@Nullable Supplier<Callable<@Nullable Object>> local) {
            try {
                boolean more = makeStep(local);
                while (more) {
                    more = makeStep(null);
                }
            } catch (RuntimeException | Error e) {
                execution.abandon();
                result.completeExceptionally(e); // Whatever happened, nobody waits for ever.
            }
        }

        /** Whether the next step may follow at once. */
        private boolean makeStep(@Nullable Supplier<Callable<@Nullable Object>> local) {
            if (result.isDone()) {
                execution.abandon();
                return false;
            }
            Step step = execution.next();
            if (step instanceof Step.Try tried) {
                return follow(tried.node(), tried.attempt(), start(tried, local));
            } else if (step instanceof Step.Ask ask) {
                return follow(ask.node(), ask.attempt(), transport.ask(ask.node(), ask.attempt(), ask.callId()));
            } else if (step instanceof Step.Wait wait) {
                woken(wait).whenCompleteAsync((done, error) -> goOn(null), callbacks);
            } else if (step instanceof Step.Return finished) {
                record(memory, false, execution);
                result.complete(finished.value());
            } else if (step instanceof Step.Throw failed) {
                record(memory, true, execution);
                result.completeExceptionally(failed.error());
            }
            return false;
        }

        /** Whether its outcome is there already, as it is when a method in place has returned a future that was complete. */
        private boolean follow(Node node, Attempt attempt, CompletableFuture<Outcome> pending) {
            execution.sent(pending);
            Outcome known = pending.isDone() && !pending.isCompletedExceptionally() ? pending.join() : null;
            if (known != null && !(known instanceof Outcome.Unread)) {
                execution.judge(node, known);
                return true;
            }
            boolean first = underWay == null;
            underWay = new UnderWay(attempt, pending);
            if (first) {
                result.whenComplete((value, error) -> cancelIfCancelled());
            } else {
                cancelIfCancelled(); // Whoever comes second sees the other.
            }
            Outcome timedOut = noAnswer(attempt);
            pending.copy()
                    .completeOnTimeout(timedOut, attempt.deadlineNanos() - System.nanoTime(), TimeUnit.NANOSECONDS)
                    .whenCompleteAsync((outcome, error) -> answered(node, pending, outcome, error), callbacks);
            return false;
        }

        private CompletableFuture<Outcome> start(Step.Try tried, @Nullable Supplier<Callable<@Nullable Object>> local) {
            if (!isSelf(tried.node())) {
                return send(tried, arguments);
            }
            return local != null
                    ? executor.runInPlace(tried.attempt(), local.get())
                    : executor.submit(tried.attempt(), () -> arguments);
        }

        private void answered(
                Node node, CompletableFuture<Outcome> pending, @Nullable Outcome outcome, @Nullable Throwable error) {
            pending.cancel(true);
            if (outcome == null) {
                execution.abandon();
                result.completeExceptionally(error == null || error.getCause() == null ? error : error.getCause());
                return;
            }
            try {
                execution.judge(node, outcome.read());
            } catch (RuntimeException | Error e) {
                result.completeExceptionally(e);
            }
            goOn(null);
        }
    }

    private Execution newExecution(TaskDefinition task, Memory memory, @Nullable Object[] arguments) {
        budget.called();
        Duration callerRemaining =
                TaskContext.find().map(TaskContext::remaining).orElse(null);
        boolean onlyHere = task.offRole() != OffRole.FORWARD;
        return new Execution(
                task,
                taskIds.next(),
                memory.retry(),
                onlyHere,
                task.balance().key(arguments),
                memory.decisions(),
                callerRemaining,
                environment);
    }

    private CompletableFuture<Outcome> send(Step.Try tried, @Nullable Object[] arguments) {
        return loads.track(tried.node(), transport.send(tried.node(), tried.attempt(), arguments));
    }

    private boolean isSelf(Node node) {
        return node.isSameProcessAs(cluster.view().self());
    }

    private static void record(Memory memory, boolean failed, Execution execution) {
        memory.statistics().finished(execution.tookNanos(), failed, execution.startedAttempts());
    }

    /** What was counted of a task's calls on this node. */
    public TaskStatistics statistics(TaskDefinition task) {
        return memory(task).statistics();
    }

    private Memory memory(TaskDefinition task) {
        Memory known = memories.get(task.name());
        return known != null
                ? known
                : memories.computeIfAbsent(
                        task.name(),
                        name -> new Memory(new RetryPolicy(task.retry()), new TaskStatistics(), new DecisionLog()));
    }

    /**
     * Why calls of the task go where they go, as seen by this node now.
     *
     * @param key asks for the calls with this key; null for calls in general
     */
    public Explanation explain(TaskDefinition task, @Nullable String key) {
        return explainer.explain(cluster.view(), task, key, memory(task).decisions());
    }

    /** This node has left: calls that still look for a node end with an error instead of waiting in vain. */
    @Override
    public void close() {
        stopped.complete(null);
    }
}
