package org.hatask.execute;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.hatask.Role;
import org.hatask.StaleEpochException;
import org.hatask.TaskContext;
import org.hatask.cluster.Mastership;
import org.hatask.cluster.Node;
import org.hatask.cluster.NodeState;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.scheduling.concurrent.CustomizableThreadFactory;

/**
 * Runs attempts on this node: those of other nodes on a bounded pool that tasks share fairly, those of this node in place, on
 * the caller's thread.
 *
 * <p>Every attempt is entered into {@link #running} <em>before</em> it is admitted. Whoever forbids something (a drain, the
 * end of a mastership) first makes the condition true that admission checks, and then goes through the running ones: so an
 * attempt either is refused or is found. A watchdog goes through them twenty times a second and stops what is overdue;
 * that costs a local call nothing but its entry.
 */
public final class TaskExecutor implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(TaskExecutor.class);
    private static final long WATCH_MILLIS = 50;
    private static final int RUNS_KEPT = 64;

    /** How long an attempt that was told to stop may take to do so before nobody waits for it any more. */
    private static final Duration DEAF_AFTER = Duration.ofSeconds(2);

    private final Mastership mastership;
    private final Supplier<Node> self;
    private final TaskInvoker invoker;
    private final LongSupplier nanoTime;
    private final ExecutorSettings settings;
    private final FairPool pool;
    private final ScheduledExecutorService watchdog;

    /**
     * For what the application hangs on its futures, which may block: a thread for each of those that do, none otherwise. Not
     * closed, as attempts that were begun before are still told to stop afterwards.
     */
    private final ExecutorService cancellations = Executors.newCachedThreadPool(daemonThreads("ha-cancel-"));

    private final Set<RunningAttempt> running = ConcurrentHashMap.newKeySet();

    /** Attempts of other nodes, from their admission to their end: futures hold no thread but are bounded all the same. */
    private final Shares admitted;

    private final Map<String, Pace> paces = new ConcurrentHashMap<>();
    private final Map<String, LastDurations> runs = new ConcurrentHashMap<>();
    private final TaskObserver observer;
    private volatile boolean draining;
    private volatile @Nullable String suspicion;

    /** The epoch for which tasks of the master are admitted; 0 for none. */
    private volatile long openEpoch;

    /** How fast a task is executed for others. */
    private record Pace(LongAdder completed, BusyEstimate busy) {}

    /**
     * @param self this node
     * @param nanoTime monotonic clock, the one of the attempts' deadlines
     * @param observer told of every attempt that begins here
     */
    public TaskExecutor(
            ExecutorSettings settings,
            Mastership mastership,
            Supplier<Node> self,
            TaskInvoker invoker,
            LongSupplier nanoTime,
            TaskObserver observer) {
        this.observer = observer;
        this.mastership = mastership;
        this.self = self;
        this.invoker = invoker;
        this.nanoTime = nanoTime;
        this.settings = settings;
        this.admitted =
                new Shares((int) Math.min((long) settings.threads() + settings.queueCapacity(), Integer.MAX_VALUE));
        this.pool = new FairPool(settings.threads(), daemonThreads("ha-task-"));
        this.watchdog = new ScheduledThreadPoolExecutor(1, daemonThreads("ha-watchdog-"));
        this.watchdog.scheduleWithFixedDelay(this::watch, WATCH_MILLIS, WATCH_MILLIS, TimeUnit.MILLISECONDS);
    }

    private static CustomizableThreadFactory daemonThreads(String prefix) {
        CustomizableThreadFactory threads = new CustomizableThreadFactory(prefix);
        threads.setDaemon(true);
        return threads;
    }

    /**
     * Runs the attempt on a thread of the pool. The future completes with what became of it, never exceptionally.
     *
     * @param arguments reads them, as part of the execution: the application's types may take long, block and fail there
     */
    public CompletableFuture<Outcome> submit(Attempt attempt, Supplier<@Nullable Object[]> arguments) {
        return submit(attempt, arguments, null);
    }

    /**
     * The same for an attempt of a durable task, which does not wait for a thread here: its time would go by, and other nodes may be
     * idle.
     *
     * @param journal where it writes what it says of itself; null when the task is not durable
     */
    public CompletableFuture<Outcome> submit(
            Attempt attempt, Supplier<@Nullable Object[]> arguments, @Nullable Journal journal) {
        long now = nanoTime.getAsLong();
        RunningAttempt entry = enter(attempt, journal, now);
        Outcome.Refused refused = admit(attempt, now);
        if (refused != null) {
            running.remove(entry);
            return CompletableFuture.completedFuture(refused);
        }
        String task = attempt.task().name();
        Pace pace = pace(task);
        if (!admitted.take(task)) {
            running.remove(entry);
            return CompletableFuture.completedFuture(busy(entry, pace));
        }
        CompletableFuture<Outcome> outcome = new CompletableFuture<>();
        Runnable body = () -> readAndRun(entry, arguments, outcome);
        entry.executedBy(body);
        // What waits for a thread and is told to stop does not begin any more, so nobody need wait for that thread.
        entry.onStop(() -> {
            if (!entry.hasBegun()) {
                pool.remove(task, body);
                endUncalled(entry, notStarted(entry), outcome);
            }
        });
        CompletableFuture<Outcome> ended = outcome.whenComplete((done, error) -> {
            if (entry.hasBegun()) {
                pace.completed().increment();
            }
            admitted.giveBack(task);
        });
        boolean taken;
        try {
            if (journal == null) {
                pool.execute(task, body);
                taken = true;
            } else {
                taken = pool.executeNow(task, body);
            }
        } catch (RejectedExecutionException e) {
            taken = false;
        }
        if (!taken) {
            running.remove(entry);
            outcome.complete(busy(entry, pace));
        }
        return ended;
    }

    private Pace pace(String task) {
        Pace known = paces.get(task);
        return known != null
                ? known
                : paces.computeIfAbsent(
                        task, name -> new Pace(new LongAdder(), new BusyEstimate(nanoTime.getAsLong())));
    }

    private Outcome.Refused busy(RunningAttempt entry, Pace pace) {
        int threads = settings.threads();
        int others = admitted.of(entry.taskName());
        int waiting = Math.max(0, others - threads);
        String what = "node " + self.get().id() + " runs " + Math.min(others, threads) + " calls of it and " + waiting
                + " more wait";
        return draining
                ? new Outcome.Refused(Refusal.DRAINING, what)
                : new Outcome.Refused(
                        Refusal.BUSY,
                        what,
                        pace.busy()
                                .comeBackAfter(
                                        nanoTime.getAsLong(), pace.completed().sum(), waiting));
    }

    /**
     * Runs the attempt on the calling thread, with {@code body} as the method. The future is complete on return, but for
     * methods that return a future themselves; it never completes exceptionally.
     */
    public CompletableFuture<Outcome> runInPlace(Attempt attempt, Callable<@Nullable Object> body) {
        CompletableFuture<Outcome> outcome = new CompletableFuture<>();
        long now = nanoTime.getAsLong();
        RunningAttempt entry = enter(attempt, null, now);
        if (begins(entry, now, outcome)) {
            run(entry, now, body, outcome);
        }
        return outcome;
    }

    private RunningAttempt enter(Attempt attempt, @Nullable Journal journal, long now) {
        RunningAttempt entry = new RunningAttempt(attempt, mastership, nanoTime, journal, now);
        running.add(entry);
        return entry;
    }

    private boolean begins(RunningAttempt entry, long now, CompletableFuture<Outcome> outcome) {
        Outcome.Refused refused = admit(entry.details(), now);
        if (refused == null && entry.begin(now)) {
            return true;
        }
        endUncalled(entry, refused != null ? refused : notStarted(entry), outcome);
        return false;
    }

    private void endUncalled(RunningAttempt entry, Outcome what, CompletableFuture<Outcome> outcome) {
        entry.end();
        running.remove(entry);
        complete(entry, what, outcome);
    }

    /** Whoever hears of the end of a durable attempt begins the next one at once, and finds the place free. */
    private void complete(RunningAttempt entry, Outcome what, CompletableFuture<Outcome> outcome) {
        Runnable body = entry.body();
        if (body != null && entry.isDurable()) {
            pool.leave(body);
        }
        outcome.complete(what);
    }

    private void readAndRun(
            RunningAttempt entry, Supplier<@Nullable Object[]> arguments, CompletableFuture<Outcome> outcome) {
        if (!begins(entry, nanoTime.getAsLong(), outcome)) {
            return;
        }
        @Nullable Object[] read;
        try {
            read = arguments.get();
        } catch (RuntimeException | Error e) {
            endUncalled(entry, entry.stopped() == null ? unreadable(entry, e) : notStarted(entry), outcome);
            return;
        }
        // That may have taken long, and what was allowed before it is not any more.
        long now = nanoTime.getAsLong();
        Outcome.Refused refused = admit(entry.details(), now);
        if (refused != null || entry.stopped() != null) {
            endUncalled(entry, refused != null ? refused : notStarted(entry), outcome);
            return;
        }
        run(entry, now, () -> invoker.invoke(entry.details().task(), read), outcome);
    }

    private static Outcome unreadable(RunningAttempt entry, Throwable e) {
        if (e instanceof CodecException) {
            return new Outcome.Refused(Refusal.BAD_ARGUMENTS, String.valueOf(e.getMessage()));
        }
        Attempt attempt = entry.details();
        log.error(
                "The arguments of task {} of node {} cannot be read: a class of theirs fails. The call fails with that",
                attempt,
                attempt.callerNode(),
                e);
        return new Outcome.Refused(
                Refusal.BAD_ARGUMENTS, "reading them ended with " + e.getClass().getName());
    }

    private void run(
            RunningAttempt entry, long begun, Callable<@Nullable Object> body, CompletableFuture<Outcome> outcome) {
        Attempt attempt = entry.details();
        TaskObserver.Run observed = observer.begun(attempt, origin(entry));
        Object result;
        try {
            result = TaskContext.callWith(entry, () -> LogContext.callWith(attempt, body));
        } catch (Throwable e) {
            entry.end();
            observed.returned();
            end(entry, begun, failed(entry, e), observed, outcome);
            return;
        }
        entry.end();
        observed.returned();
        if (attempt.task().async() && result instanceof CompletableFuture<?> future) {
            followUp(entry, begun, future, observed, outcome);
        } else {
            end(entry, begun, new Outcome.Succeeded(result), observed, outcome);
        }
    }

    private void end(
            RunningAttempt entry,
            long begun,
            Outcome what,
            TaskObserver.Run observed,
            CompletableFuture<Outcome> outcome) {
        running.remove(entry);
        long took = nanoTime.getAsLong() - begun;
        if (what instanceof Outcome.Succeeded) {
            runs.computeIfAbsent(entry.taskName(), name -> new LastDurations(RUNS_KEPT))
                    .add(took);
        }
        observed.ended(what, took);
        complete(entry, what, outcome);
    }

    private TaskObserver.Origin origin(RunningAttempt entry) {
        if (entry.isDurable()) {
            return TaskObserver.Origin.DURABLE;
        }
        return entry.details().callerNode().equals(self.get().id())
                ? TaskObserver.Origin.LOCAL
                : TaskObserver.Origin.REMOTE;
    }

    /** The method has returned a future: the attempt runs until that completes; to stop it means to cancel the future. */
    private void followUp(
            RunningAttempt entry,
            long begun,
            CompletableFuture<?> future,
            TaskObserver.Run observed,
            CompletableFuture<Outcome> outcome) {
        entry.onStop(() -> cancellations.execute(() -> cancel(entry, future)));
        future.whenComplete((value, error) -> end(
                entry,
                begun,
                error == null ? new Outcome.Succeeded(value) : failed(entry, unwrap(error)),
                observed,
                outcome));
    }

    /** What the application hangs on its future runs here, and may block: not where others are stopped. */
    private static void cancel(RunningAttempt entry, CompletableFuture<?> future) {
        try {
            future.cancel(true);
        } catch (RuntimeException e) {
            log.warn("The future of task {} could not be cancelled", entry.details(), e);
        }
    }

    private static Throwable unwrap(Throwable error) {
        return error instanceof CompletionException && error.getCause() != null ? error.getCause() : error;
    }

    /** Whether this node may start the attempt now; null when it may. */
    private Outcome.@Nullable Refused admit(Attempt attempt, long now) {
        Node node = self.get();
        if (!node.acceptsTasks()) {
            return new Outcome.Refused(Refusal.NOT_ACCEPTING, "node " + node.id() + " executes no tasks");
        }
        if (node.state() == NodeState.DRAINED) {
            return new Outcome.Refused(Refusal.DRAINING, "node " + node.id() + " was drained by an operator");
        }
        // Requests that are still served here may have nobody else to turn to.
        if (draining && !attempt.callerNode().equals(node.id())) {
            return new Outcome.Refused(Refusal.DRAINING, "node " + node.id() + " is about to stop");
        }
        String suspected = suspicion;
        if (suspected != null) {
            return new Outcome.Refused(Refusal.SUSPECT, "node " + node.id() + " takes no tasks: " + suspected);
        }
        if (now - attempt.deadlineNanos() >= 0) {
            return new Outcome.Refused(Refusal.TOO_LATE, "its time was over before it could start");
        }
        if (attempt.task().role() == Role.MASTER) {
            long held = mastership.heldEpoch();
            if (held == 0) {
                return new Outcome.Refused(Refusal.NOT_MASTER, "node " + node.id() + " is not master for certain");
            }
            if (held != attempt.epoch()) {
                return new Outcome.Refused(
                        Refusal.STALE_EPOCH,
                        "node " + node.id() + " is master of epoch " + held + ", not " + attempt.epoch());
            }
            if (held != openEpoch) {
                return new Outcome.Refused(
                        Refusal.NOT_MASTER,
                        "node " + node.id() + " is just taking up its mastership or handing it over");
            }
        }
        return null;
    }

    /** Whether this node would begin an attempt of the task now, as far as it is concerned itself. */
    public boolean admits(TaskDefinition task) {
        long now = nanoTime.getAsLong();
        long deadline = now + TimeUnit.MILLISECONDS.toNanos(WATCH_MILLIS);
        return !draining
                && admit(
                                new Attempt(
                                        task,
                                        "",
                                        1,
                                        mastership.heldEpoch(),
                                        deadline,
                                        self.get().id()),
                                now)
                        == null;
    }

    /** How many more attempts of the task would begin at once. */
    public int room(String task) {
        return pool.room(task);
    }

    private static Outcome notStarted(RunningAttempt entry) {
        RunningAttempt.Stop stop = entry.stopped();
        return switch (stop == null ? RunningAttempt.Stop.SHUTDOWN : stop) {
            case TIMED_OUT, OVERDUE -> new Outcome.Refused(Refusal.TOO_LATE, "its time was over before it could start");
            case MASTERSHIP_LOST ->
                new Outcome.Refused(Refusal.NOT_MASTER, "the mastership ended before it could start");
            case CALLER_GONE ->
                new Outcome.Refused(Refusal.TOO_LATE, "its caller had left the cluster before it could start");
            case SHUTDOWN -> new Outcome.Refused(Refusal.DRAINING, "the node stopped before it could start");
            case CALLER_GAVE_UP ->
                entry.isDurable()
                        ? new Outcome.Refused(Refusal.TOO_LATE, "it was told to stop before it could start")
                        : new Outcome.Cancelled();
        };
    }

    private Outcome failed(RunningAttempt entry, Throwable error) {
        Attempt attempt = entry.details();
        RunningAttempt.Stop stop = entry.stopped();
        if (stop == null) {
            return Outcome.Failed.of(error);
        }
        return switch (stop) {
            case TIMED_OUT ->
                new Outcome.Unknown(
                        "it was interrupted after its timeout of "
                                + attempt.task().timeout(),
                        true);
            case OVERDUE ->
                new Outcome.Unknown(
                        "it was interrupted after the max-task-duration of "
                                + attempt.task().maxDuration(),
                        true);
            case MASTERSHIP_LOST ->
                Outcome.Failed.of(new StaleEpochException(
                        "Task " + attempt + " was interrupted on node "
                                + self.get().id() + ": its mastership of epoch " + attempt.epoch() + " ended",
                        error));
            case SHUTDOWN ->
                new Outcome.Unknown(
                        "it was interrupted by the stop of node " + self.get().id(), false);
            case CALLER_GONE ->
                new Outcome.Unknown(
                        "it was interrupted on node " + self.get().id() + ", as its caller had left the cluster",
                        false);
            case CALLER_GAVE_UP -> new Outcome.Cancelled();
        };
    }

    private void watch() {
        long now = nanoTime.getAsLong();
        paces.forEach((task, pace) ->
                pace.busy().observe(now, pace.completed().sum(), admitted.of(task) >= settings.threads()));
        stopOverdue();
    }

    private void stopOverdue() {
        for (RunningAttempt entry : running) {
            if (entry.isOverdue() && entry.stopped() == null) {
                log.warn(
                        "Task {} is told to stop after its timeout of {}",
                        entry.details(),
                        entry.details().task().timeout());
                entry.stop(RunningAttempt.Stop.TIMED_OUT);
            }
        }
    }

    /** The attempts whose method has been running for the max-task-duration of their task, or longer. */
    public List<Overrun> overruns() {
        List<Overrun> found = List.of();
        for (RunningAttempt entry : running) {
            Duration runningFor = entry.runningFor();
            if (runningFor.compareTo(entry.details().task().maxDuration()) >= 0) {
                found = found.isEmpty() ? new ArrayList<>() : found;
                found.add(new Overrun(entry.details(), runningFor));
            }
        }
        return found;
    }

    /**
     * @param attempt what runs for too long
     * @param runningFor since its method was called
     */
    public record Overrun(Attempt attempt, Duration runningFor) {}

    /** Interrupts an attempt that runs for too long, unless it was told to stop before. */
    public void stop(Overrun overrun) {
        for (RunningAttempt entry : running) {
            if (entry.details() == overrun.attempt()) {
                entry.stop(RunningAttempt.Stop.OVERDUE);
            }
        }
    }

    /**
     * From now on refuses everything new, for a task that is stuck here; what only waits for a thread is refused, too.
     *
     * @param reason for messages; null means to take work again
     */
    public void suspect(@Nullable String reason) {
        suspicion = reason;
    }

    /** Tells a running or queued attempt that its caller gave up; nothing happens when there is none. */
    public void cancel(String taskId, int attemptNumber, String reason) {
        for (RunningAttempt entry : running) {
            if (entry.details().number() == attemptNumber
                    && entry.details().taskId().equals(taskId)) {
                log.debug("Task {} is told to stop: {}", entry.details(), reason);
                entry.stop(RunningAttempt.Stop.CALLER_GAVE_UP);
            }
        }
    }

    /**
     * Tells running and queued attempts that nobody waits for them any more, since the process that called has left the
     * cluster; nothing happens to those that were told to stop before. Unlike after {@link #cancel} their outcome is not
     * "cancelled": should that process come back and ask, it has not given up.
     *
     * @param whose which attempts are of that process
     */
    public void callerGone(Predicate<Attempt> whose) {
        List<RunningAttempt> theirs =
                running.stream().filter(entry -> whose.test(entry.details())).toList();
        // What only waits comes first: the end of the others would start it.
        theirs.stream().filter(entry -> entry.runningFor().isZero()).forEach(TaskExecutor::stopForGoneCaller);
        theirs.forEach(TaskExecutor::stopForGoneCaller);
    }

    private static void stopForGoneCaller(RunningAttempt entry) {
        if (entry.stopped() == null) {
            Attempt attempt = entry.details();
            log.info("Task {} is told to stop: its caller {} has left the cluster", attempt, attempt.callerNode());
            entry.stop(RunningAttempt.Stop.CALLER_GONE);
        }
    }

    /** From now on admits tasks of the master of this epoch; the mastership is asked all the same. */
    public void admitMasterTasks(long epoch) {
        openEpoch = epoch;
    }

    /** From now on refuses new tasks of the master; those that run go on. */
    public void refuseMasterTasks() {
        openEpoch = 0;
    }

    /**
     * Completes when no attempt for the master runs any more, or when time is over; with whether none runs. One that was told
     * to stop a while ago and goes on all the same is not waited for: the mastership would never be handed over because of it.
     */
    public CompletableFuture<Boolean> masterTasksEnded(Duration atMost) {
        return ended(entry -> entry.isForMaster() && !entry.isDeaf(DEAF_AFTER), atMost);
    }

    /** The mastership of this epoch is over: stops the tasks that run under it. */
    public void stopMasterTasks(long epoch) {
        for (RunningAttempt entry : running) {
            if (entry.isForMaster() && entry.details().epoch() == epoch) {
                log.warn("Task {} is told to stop: the mastership of epoch {} is over", entry.details(), epoch);
                entry.stop(RunningAttempt.Stop.MASTERSHIP_LOST);
            }
        }
    }

    /** From now on refuses what other nodes send; what of it only waits for a thread is refused, too. */
    public void drain() {
        draining = true;
    }

    /** Waits until nothing runs, or time is over; whether nothing runs. */
    public boolean awaitIdle(Duration atMost) {
        return ended(entry -> true, atMost).join();
    }

    /** Without a thread of its own: the watchdog looks every now and then. */
    private CompletableFuture<Boolean> ended(Predicate<RunningAttempt> which, Duration atMost) {
        BooleanSupplier none = () -> running.stream().noneMatch(which);
        CompletableFuture<Boolean> done = new CompletableFuture<>();
        if (none.getAsBoolean()) {
            done.complete(true);
            return done;
        }
        ScheduledFuture<?> polling;
        try {
            polling = watchdog.scheduleWithFixedDelay(
                    () -> {
                        if (none.getAsBoolean()) {
                            done.complete(true);
                        }
                    },
                    1,
                    2,
                    TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException closed) {
            done.complete(none.getAsBoolean());
            return done;
        }
        done.completeOnTimeout(false, Math.max(0, atMost.toMillis()), TimeUnit.MILLISECONDS);
        done.whenComplete((ended, error) -> polling.cancel(false));
        return done;
    }

    /** The attempts that run here now, the oldest first. */
    public List<Running> running() {
        List<Running> list = new ArrayList<>();
        for (RunningAttempt entry : running) {
            Attempt attempt = entry.details();
            list.add(new Running(
                    attempt.task().name(), attempt.taskId(), attempt.number(), attempt.callerNode(), entry.age()));
        }
        list.sort(Comparator.comparing(Running::age).reversed());
        return list;
    }

    /** How long the task usually runs here: the median of its last successful runs; null before the first. */
    public @Nullable Duration usualDuration(String taskName) {
        LastDurations last = runs.get(taskName);
        return last == null ? null : last.sorted().percentile(50);
    }

    public int inFlight() {
        return running.size();
    }

    /** How many attempts of one task may run for other nodes at the same time. */
    public int threads() {
        return settings.threads();
    }

    /** How many attempts wait for a thread. */
    public int queued() {
        return pool.waiting();
    }

    /** How many of one task may wait. */
    public int queueCapacity() {
        return settings.queueCapacity();
    }

    /**
     * @param task its name
     * @param taskId id of the execution
     * @param attempt number of the attempt
     * @param callerNode whose call it is
     * @param age since it was taken on
     */
    public record Running(String task, String taskId, int attempt, String callerNode, Duration age) {}

    /** Stops what still runs and refuses what still waits. */
    @Override
    public void close() {
        draining = true;
        running.forEach(entry -> entry.stop(RunningAttempt.Stop.SHUTDOWN));
        pool.close().forEach(Runnable::run);
        watchdog.shutdownNow();
    }
}
