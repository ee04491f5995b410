package org.hatask.durable;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.hatask.HaException;
import org.hatask.TaskReassignedEvent;
import org.hatask.TaskState;
import org.hatask.cluster.ClusterState;
import org.hatask.cluster.Mastership;
import org.hatask.cluster.Node;
import org.hatask.execute.ArgumentCodec;
import org.hatask.execute.TaskDefinition;
import org.hatask.execute.TaskExecutor;
import org.hatask.execute.TaskRegistry;
import org.hatask.failure.Fitness;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;
import org.springframework.scheduling.concurrent.CustomizableThreadFactory;

/**
 * The task manager of this node: starts what durable tasks need once the node is about to join, if it has any, and ends it in
 * order. Started after the node's own life cycle, on which it depends, and so stopped before: then nothing new is taken, and
 * what runs ends with all other tasks. What is left is interrupted by {@link #finish()}, before the node leaves.
 */
public final class TaskManager implements SmartLifecycle, AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(TaskManager.class);
    private static final Duration LOOK = Duration.ofMillis(100);
    private static final Duration SUPERVISE = Duration.ofSeconds(1);
    private static final Duration BALANCE = Duration.ofSeconds(1);
    private static final Duration WATCH = Duration.ofSeconds(10);
    private static final Duration STOP = Duration.ofSeconds(3);

    /** How often a change is tried anew that others were quicker with. */
    private static final int TRIES = 20;

    private final Supplier<TaskStore> stores;
    private final WorkerSettings settings;
    private final Parts parts;
    private final AtomicLong lastId = new AtomicLong();
    private volatile @Nullable Running running;

    /**
     * What it needs of the engine.
     *
     * @param registry the tasks of this node, once they are known
     * @param callbacks runs what the application hangs on results
     * @param reassigned told of tasks that were taken from a node
     */
    public record Parts(
            ClusterState cluster,
            Mastership mastership,
            TaskExecutor executor,
            ArgumentCodec codec,
            Supplier<TaskRegistry> registry,
            Fitness fitness,
            Executor callbacks,
            Consumer<TaskReassignedEvent> reassigned) {}

    /** What there is while it runs. */
    private record Running(TaskWorker worker, ResultWatch results, ScheduledExecutorService scheduler) {}

    /** @param stores gives the store, the same one every time; not asked as long as there is no durable task */
    public TaskManager(Supplier<TaskStore> stores, WorkerSettings settings, Parts parts) {
        this.stores = stores;
        this.settings = settings;
        this.parts = parts;
    }

    @Override
    public void start() {
        TaskRegistry registry = parts.registry().get();
        if (running != null || registry.all().stream().noneMatch(TaskDefinition::isDurable)) {
            return;
        }
        TaskStore store = store();
        CustomizableThreadFactory threads = new CustomizableThreadFactory("ha-durable-");
        threads.setDaemon(true);
        ScheduledExecutorService scheduler = Executors.newScheduledThreadPool(2, threads);
        ResultWatch results = new ResultWatch(store, parts.callbacks(), System::nanoTime);
        TaskWorker worker = new TaskWorker(
                store,
                settings,
                parts.cluster(),
                parts.mastership(),
                parts.executor(),
                parts.codec(),
                registry,
                System::nanoTime,
                results::tell);
        TaskSupervisor supervisor = new TaskSupervisor(
                store,
                parts.mastership(),
                worker.lease(),
                settings.retention(),
                System::nanoTime,
                parts.reassigned(),
                this::wake);
        TaskAssigner assigner = new TaskAssigner(
                store, parts.cluster(), parts.mastership(), parts.fitness(), registry, settings.concurrency());
        // The cluster may have changed before anybody listened, but then nothing of it was this node's concern.
        Recurring supervising = new Recurring(supervisor::supervise, scheduler);
        parts.cluster().addListener((before, after) -> {
            supervisor.viewChanged(before, after);
            if (!before.members().equals(after.members())) {
                supervising.soon();
            }
            worker.wake();
        });
        new Recurring(results::look, scheduler).every(LOOK);
        supervising.every(SUPERVISE);
        UnrunnableWatch unrunnable = new UnrunnableWatch(store, parts.cluster(), parts.mastership());
        new Recurring(unrunnable::look, scheduler).every(WATCH);
        if (!store.isClaimedByNodes()) {
            Recurring assigning = new Recurring(assigner::assign, scheduler);
            store.addListener(assigning::soon);
            assigning.every(settings.pollInterval());
            new Recurring(assigner::balance, scheduler).every(BALANCE);
        }
        running = new Running(worker, results, scheduler);
        worker.start();
    }

    /** What is done from time to time, and soon when there is a reason. What fails is tried again, and told once. */
    private static final class Recurring {

        private final Runnable action;
        private final ScheduledExecutorService scheduler;
        private final AtomicBoolean asked = new AtomicBoolean();
        private volatile boolean troubled;

        Recurring(Runnable action, ScheduledExecutorService scheduler) {
            this.action = action;
            this.scheduler = scheduler;
        }

        void every(Duration pause) {
            scheduler.scheduleWithFixedDelay(this::run, 0, pause.toMillis(), TimeUnit.MILLISECONDS);
        }

        /** Of several reasons before it is done, one counts. */
        void soon() {
            if (asked.compareAndSet(false, true)) {
                try {
                    scheduler.execute(() -> {
                        asked.set(false);
                        run();
                    });
                } catch (RejectedExecutionException e) {
                    log.debug("This node stops, and looks after no durable tasks any more");
                }
            }
        }

        private void run() {
            try {
                action.run();
                troubled = false;
            } catch (StoreUnavailableException e) {
                tell(e, null);
            } catch (RuntimeException | Error e) {
                tell(e, e);
            }
        }

        private void tell(Throwable e, @Nullable Throwable trace) {
            if (!troubled) {
                troubled = true;
                log.warn("Durable tasks could not be looked after, which is tried again: {}", e.getMessage(), trace);
            }
        }
    }

    /** Takes nothing more and gives back what has not begun. */
    @Override
    public void stop() {
        Running current = running;
        if (current != null) {
            current.worker().drain();
        }
    }

    @Override
    public boolean isRunning() {
        return running != null;
    }

    /**
     * Interrupts what still runs, and waits a little until the store knows of all that was in hand. While this node is a member,
     * nobody takes it away.
     */
    public void finish() {
        Running current = running;
        if (current != null) {
            current.worker().finish(STOP);
        }
    }

    /** Finishes, and ends everything. */
    @Override
    public void close() {
        Running current = running;
        running = null;
        if (current != null) {
            current.scheduler().shutdownNow();
            current.worker().close(STOP);
            current.results().close();
        }
    }

    TaskStore store() {
        return stores.get();
    }

    /** The id of a new task: unique in the cluster for all time. */
    String nextId() {
        return parts.cluster().view().self().incarnation() + "-d"
                + Long.toString(lastId.incrementAndGet(), Character.MAX_RADIX);
    }

    /** There may be something to do. */
    void wake() {
        Running current = running;
        if (current != null) {
            current.worker().wake();
        }
    }

    /** As {@link ResultWatch#end}. */
    CompletableFuture<TaskRecord> end(String taskId) {
        Running current = running;
        return current != null
                ? current.results().end(taskId)
                : CompletableFuture.failedFuture(
                        new HaException(absence() + " So it is not told what becomes of task " + taskId + "."));
    }

    /** Why it is not running, as a sentence. */
    public String absence() {
        return hasTasks()
                ? "The durable tasks of this node are not started yet, or stopped already."
                : "This node has no durable tasks: ask one that has.";
    }

    /** Whether this node has any durable task, or may have, as long as its tasks are not known. */
    private boolean hasTasks() {
        try {
            return parts.registry().get().all().stream().anyMatch(TaskDefinition::isDurable);
        } catch (IllegalStateException e) {
            return true;
        }
    }

    // Operators

    /**
     * Cancels the task.
     *
     * @return it; empty when there is none, or it is over
     */
    public Optional<TaskRecord> cancel(String taskId) {
        return change(taskId, task -> task.cancel(store().now()));
    }

    /**
     * Lets a task that failed or was laid aside begin anew.
     *
     * @return it; empty when there is none, or it is in another state
     */
    public Optional<TaskRecord> retry(String taskId) {
        return change(taskId, task -> task.retried(store().now()));
    }

    /**
     * What an order about many tasks came to.
     *
     * @param changed how many tasks were changed
     * @param more whether there may be others, so that it should be given again
     */
    public record Changed(int changed, boolean more) {}

    /**
     * Cancels tasks of this name that are not over, as if one by one; what was told to stop before is left alone.
     *
     * @param states only those in one of these, none of which is final
     * @param atMost how many
     */
    public Changed cancelAll(String task, Set<TaskState> states, int atMost) {
        return changeAll(
                task,
                states,
                atMost,
                record -> record.cancelRequested() ? Optional.empty() : Optional.of(record.cancel(store().now())));
    }

    /**
     * Lets tasks of this name that failed or were laid aside begin anew, as if one by one.
     *
     * @param states only those in one of these: FAILED, PARKED or both
     * @param atMost how many
     */
    public Changed retryAll(String task, Set<TaskState> states, int atMost) {
        return changeAll(task, states, atMost, record -> Optional.of(record.retried(store().now())));
    }

    private Changed changeAll(
            String task, Set<TaskState> states, int atMost, Function<TaskRecord, Optional<TaskRecord>> step) {
        return new BulkChange(store(), step, this::changed).run(task, states, atMost);
    }

    /** The task with this id. */
    public Optional<TaskRecord> find(String taskId) {
        return store().find(List.of(taskId)).stream().findFirst();
    }

    /** The task of this name with this idempotency key. */
    public Optional<TaskRecord> find(String task, String key) {
        return store().find(task, key);
    }

    public List<TaskRecord> list(TaskQuery query) {
        return store().list(query);
    }

    public TaskCounts counts() {
        return store().counts();
    }

    /** Tasks that wait and that no member of the cluster can execute, by name. */
    public List<UnrunnableTasks> unrunnable() {
        return UnrunnableTasks.among(store().waiting(), parts.cluster().view().members());
    }

    /** Names of the durable tasks that this node has, and of those that wait. */
    public SortedSet<String> names() {
        SortedSet<String> names = new TreeSet<>();
        store().waiting().forEach(kind -> names.add(kind.task()));
        parts.registry().get().all().stream().filter(TaskDefinition::isDurable).forEach(task -> names.add(task.name()));
        return names;
    }

    /** Whether a member of the cluster has a task of this name, or does not say, or some of that name wait. */
    public boolean isKnown(String task) {
        List<Node> members = parts.cluster().view().members();
        return members.isEmpty()
                || members.stream()
                        .anyMatch(node -> node.tasks() == null || node.tasks().containsKey(task))
                || names().contains(task);
    }

    /** Gives out no task of this name, on any node; what runs goes on. */
    public void pause(String task) {
        store().pause(task);
    }

    public void resume(String task) {
        store().resume(task);
        wake();
    }

    public Set<String> paused() {
        return store().paused();
    }

    /** Results of this node that came when the task was in other hands or over, and were dropped. */
    public long superseded() {
        Running current = running;
        return current == null ? 0 : current.worker().superseded();
    }

    /** The store has it as it is now: for who waits for its end, and for the worker. */
    private void changed(TaskRecord task) {
        Running current = running;
        if (current != null) {
            current.results().tell(task);
            current.worker().wake();
        }
    }

    private Optional<TaskRecord> change(String taskId, UnaryOperator<TaskRecord> step) {
        TaskStore store = store();
        for (int i = 0; i < TRIES; i++) {
            Optional<TaskRecord> task = find(taskId);
            if (task.isEmpty()) {
                return Optional.empty();
            }
            TaskRecord changed;
            try {
                changed = step.apply(task.get());
            } catch (IllegalStateException e) {
                return Optional.empty();
            }
            if (store.replace(List.of(changed)).get(0)) {
                changed(changed);
                return Optional.of(changed);
            }
        }
        throw new HaException("Task " + taskId + " changes too quickly to be changed by hand. Try again.");
    }
}
