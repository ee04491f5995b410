package org.hatask.durable;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.hatask.Role;
import org.hatask.TaskState;
import org.hatask.cluster.ClusterState;
import org.hatask.cluster.ClusterView;
import org.hatask.cluster.Mastership;
import org.hatask.cluster.Node;
import org.hatask.dispatch.RoleRouter;
import org.hatask.execute.ArgumentCodec;
import org.hatask.execute.Attempt;
import org.hatask.execute.Outcome;
import org.hatask.execute.Shares;
import org.hatask.execute.TaskDefinition;
import org.hatask.execute.TaskExecutor;
import org.hatask.execute.TaskRegistry;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.scheduling.concurrent.CustomizableThreadFactory;

/**
 * Executes durable tasks on this node: takes what it may execute and has a place for, writes that it begins, calls the method,
 * and writes what became of it. Where nodes give tasks to themselves the first two are one write as a rule; where the master does,
 * tasks come LEASED, and wait here for a place.
 *
 * <p>A node that gives tasks to itself takes as many in advance as it began while it took the last ones, so that it does not stand
 * still where tasks take less time than to take them. What then has to wait all the same it gives back soon: others may be idle.
 *
 * <p>Its lock guards what is in hand. One thread looks for tasks; attempts run on the {@link TaskExecutor}'s threads; records are
 * changed by two {@link ChangeWriter}s, one for starts and one for all that follows, so that neither waits for the other. A
 * task is with one of them at a time, and in hand until its last change is written or refused. What happens when the node dies
 * between two lines: before the task is its own it is nobody's; LEASED, it is given back by a supervisor; once it is RUNNING its
 * method may have been called, and the supervisor goes by {@code retry}; and when its end is written it is over.
 */
final class TaskWorker {

    private static final Logger log = LoggerFactory.getLogger(TaskWorker.class);

    /** How often the lease and what is in hand are looked at. */
    private static final Duration TICK = Duration.ofMillis(250);

    /** An attempt that was told to stop at its timeout is given up after this. */
    private static final Duration DEAF_AFTER = Duration.ofSeconds(2);

    /** How many times the poll interval a task is left to others after an attempt here. */
    private static final int LEFT_TO_OTHERS = 4;

    private static final int MAX_CLAIMED_AT_ONCE = 100;

    /** For each that runs, how many may be taken in advance. */
    private static final int MAX_IN_ADVANCE = 3;

    /** What was taken in advance and did not begin in this time is given back. */
    private static final Duration LONGEST_WAIT = Duration.ofMillis(500);

    /** For each that runs, how many ends may wait to be written. */
    private static final int MAX_ENDING = 4;

    private final TaskStore store;
    private final WorkerLease lease;
    private final ChangeWriter starts;
    private final ChangeWriter writer;
    private final ClusterState cluster;
    private final Mastership mastership;
    private final TaskExecutor executor;
    private final ArgumentCodec codec;
    private final TaskRegistry registry;
    private final AttemptEnds ends;
    private final WorkerSettings settings;
    private final LongSupplier nanoTime;
    private final Consumer<TaskRecord> ended;
    private final Thread thread;
    private final ScheduledExecutorService ticks;
    private final LongAdder superseded = new LongAdder();

    private final Object lock = new Object();
    private final Map<String, Held> inHand = new LinkedHashMap<>();
    private final Deque<Held> waiting = new ArrayDeque<>();

    /** What was given to this node again before it heard that the end of the former attempt is written. */
    private final Map<String, Held> early = new HashMap<>();

    /** Attempts by task that were made here and whose end the store did not take. */
    private final Map<String, Integer> unwritten = new HashMap<>();

    /** Of this node's places; those that execute have them. */
    private final Shares places;

    /** What has a place and is not with the executor yet. */
    private final Set<Held> starting = new HashSet<>();

    private int running;

    /** By task: how many may be taken in advance, and places that became free since the last look. */
    private Map<String, Integer> mayBeInAdvance = Map.of();

    private Map<String, Integer> freed = new HashMap<>();

    /** Whether it would look for more if ends that are to be written were written. */
    private boolean heldUp;

    /** Whether it looked for all tasks that it has room for, and not only for those with the most. */
    private boolean wantedOfAll = true;

    private boolean claiming;
    private boolean draining;
    private boolean finished;
    private boolean closed;
    private boolean woken;

    /** @param ended told of tasks that ended here, on the writer's thread */
    TaskWorker(
            TaskStore store,
            WorkerSettings settings,
            ClusterState cluster,
            Mastership mastership,
            TaskExecutor executor,
            ArgumentCodec codec,
            TaskRegistry registry,
            LongSupplier nanoTime,
            Consumer<TaskRecord> ended) {
        this.store = store;
        this.settings = settings;
        this.cluster = cluster;
        this.mastership = mastership;
        this.executor = executor;
        this.codec = codec;
        this.registry = registry;
        this.nanoTime = nanoTime;
        this.ended = ended;
        this.places = new Shares(settings.concurrency());
        this.starts = new ChangeWriter(store, "ha-durable-starts");
        this.writer = new ChangeWriter(store, "ha-durable-writer");
        this.ends = new AttemptEnds(store, codec);
        this.lease =
                new WorkerLease(store, cluster.view().self().incarnation(), settings.lease(), nanoTime, this::wake);
        this.thread = new Thread(this::run, "ha-durable-worker");
        thread.setDaemon(true);
        CustomizableThreadFactory threads = new CustomizableThreadFactory("ha-durable-tick-");
        threads.setDaemon(true);
        this.ticks = Executors.newSingleThreadScheduledExecutor(threads);
    }

    void start() {
        lease.start();
        thread.start();
        ticks.scheduleWithFixedDelay(this::tick, TICK.toMillis(), TICK.toMillis(), TimeUnit.MILLISECONDS);
        store.addListener(this::wake);
    }

    WorkerLease lease() {
        return lease;
    }

    /** Results that came when somebody else had the task already, and were dropped. */
    long superseded() {
        return superseded.sum();
    }

    /** There may be something to do. */
    void wake() {
        synchronized (lock) {
            woken = true;
            lock.notifyAll();
        }
    }

    /** Asks nothing of the store, so that it is not late when that does not answer. */
    private void tick() {
        try {
            dropWithoutLease();
            giveBackInTime();
            startMore(); // A thread may have become free of which nobody told.
            flushProgress();
        } catch (RuntimeException | Error e) {
            log.error("Durable tasks in hand could not be looked at", e);
        }
    }

    private void run() {
        boolean troubled = false;
        long lookAgain = nanoTime.getAsLong();
        long reconcile = lookAgain;
        while (!isClosed()) {
            boolean more = false;
            try {
                boolean wasWoken = takeWoken();
                long now = nanoTime.getAsLong();
                if (now - reconcile >= 0 || wasWoken && !store.isClaimedByNodes()) {
                    reconcile();
                    reconcile = now + TimeUnit.SECONDS.toNanos(1);
                }
                if (wasWoken || now - lookAgain >= 0) {
                    more = store.isClaimedByNodes() && claimMore();
                    boolean rest = wantsTheRest();
                    lookAgain = rest ? now : now + settings.pollInterval().toNanos();
                    more |= rest || isWokenWithRoom();
                }
                if (troubled) {
                    troubled = false;
                    log.info("This node finds durable tasks again");
                }
            } catch (RuntimeException | Error e) {
                if (!troubled) {
                    troubled = true;
                    log.warn("This node cannot look for durable tasks: {}", e.getMessage(), unexpected(e));
                }
                lookAgain = nanoTime.getAsLong() + TimeUnit.SECONDS.toNanos(1);
            }
            if (!more) {
                pause();
            }
        }
    }

    private static @Nullable Throwable unexpected(Throwable e) {
        return e instanceof StoreUnavailableException ? null : e;
    }

    private boolean isClosed() {
        synchronized (lock) {
            return closed;
        }
    }

    private boolean takeWoken() {
        synchronized (lock) {
            boolean was = woken;
            woken = false;
            return was;
        }
    }

    private boolean wantsTheRest() {
        synchronized (lock) {
            return !wantedOfAll;
        }
    }

    private boolean isWokenWithRoom() {
        Set<String> durable = durableTasks();
        synchronized (lock) {
            return woken && room(durable) > 0;
        }
    }

    private Set<String> durableTasks() {
        return registry.all().stream()
                .filter(TaskDefinition::isDurable)
                .map(TaskDefinition::name)
                .collect(Collectors.toSet());
    }

    private void pause() {
        synchronized (lock) {
            if (!woken && !closed) {
                try {
                    TimeUnit.MILLISECONDS.timedWait(
                            lock,
                            Math.min(TICK.toMillis(), settings.pollInterval().toMillis()));
                } catch (InterruptedException e) {
                    closed = true;
                }
            }
        }
    }

    /** For how many more of the task that would begin at once. */
    private int places(String task) {
        return Math.min(places.room(task), threads(task)) - count(waiting, task);
    }

    /** How many more of the task the executor would begin. */
    private int threads(String task) {
        return executor.room(task) - count(starting, task);
    }

    private static int count(Collection<Held> some, String task) {
        return (int)
                some.stream().filter(held -> held.task().name().equals(task)).count();
    }

    private int room(String task) {
        return places(task) + mayBeInAdvance.getOrDefault(task, 0);
    }

    /** For how many of these tasks, whichever they are. */
    private int room(Set<String> tasks) {
        return draining ? 0 : Math.min(mostRoom(tasks), roomForEnds());
    }

    private int mostRoom(Set<String> tasks) {
        return Math.min(tasks.stream().mapToInt(this::room).max().orElse(0), MAX_CLAIMED_AT_ONCE);
    }

    private int roomForEnds() {
        return MAX_ENDING * settings.concurrency() - ending();
    }

    /** Of which tasks how many are taken. */
    private record Wanted(Map<String, ClaimRequest.Claimable> tasks, int atMost, boolean inAdvance) {}

    /**
     * What comes is a mixture. Where tasks have room for different numbers, those of all are taken only as far as each has room for so
     * many, and in turn more of those that have the most. Null when there is no room.
     */
    private @Nullable Wanted wanted(Map<String, ClaimRequest.Claimable> executable) {
        Map<String, ClaimRequest.Claimable> tasks = new HashMap<>(executable);
        tasks.keySet().removeIf(task -> room(task) <= 0);
        int most = room(tasks.keySet());
        if (most <= 0) {
            return null;
        }
        int least = tasks.keySet().stream().mapToInt(this::room).min().orElse(0);
        boolean some = least < most && wantedOfAll;
        wantedOfAll = !some;
        if (some) {
            tasks.keySet().removeIf(task -> room(task) < most);
        }
        int atMost = some ? most : Math.min(least, most);
        int places = tasks.keySet().stream().mapToInt(this::places).min().orElse(0);
        return new Wanted(tasks, atMost, atMost > places);
    }

    /** Takes what is due; whether there may be more. */
    private boolean claimMore() {
        String worker = lease.worker();
        ClusterView view = cluster.view();
        Map<String, ClaimRequest.Claimable> executable = executable(view);
        Wanted wanted;
        synchronized (lock) {
            wanted = worker == null ? null : wanted(executable);
            wantedOfAll |= wanted == null;
            freed = new HashMap<>();
            claiming = wanted != null;
            heldUp = roomForEnds() < mostRoom(executable.keySet()) || wanted == null;
        }
        if (worker == null || wanted == null) {
            return false;
        }
        boolean more = false;
        try {
            more = claim(view, worker, wanted);
        } finally {
            synchronized (lock) {
                int most = MAX_IN_ADVANCE * settings.concurrency();
                freed.replaceAll((task, places) -> Math.min(places, most));
                mayBeInAdvance = more ? freed : Map.of();
                freed = new HashMap<>();
                claiming = false;
                lock.notifyAll();
            }
        }
        return more;
    }

    private boolean claim(ClusterView view, String worker, Wanted wanted) {
        List<TaskRecord> claimed = store.claim(new ClaimRequest(
                new Lease(worker, view.self().id()),
                wanted.tasks(),
                settings.pollInterval().multipliedBy(LEFT_TO_OTHERS),
                wanted.atMost(),
                wanted.inAdvance()));
        claimed.forEach(record -> take(worker, record));
        return claimed.size() == wanted.atMost();
    }

    /** The tasks that this node may execute now. */
    private Map<String, ClaimRequest.Claimable> executable(ClusterView view) {
        Map<String, ClaimRequest.Claimable> executable = new HashMap<>();
        for (TaskDefinition task : registry.all()) {
            if (task.isDurable() && hasRole(view, task) && executor.admits(task)) {
                executable.put(
                        task.name(),
                        new ClaimRequest.Claimable(task.signature(), epoch(task), othersMayExecute(view, task)));
            }
        }
        return executable;
    }

    private static boolean othersMayExecute(ClusterView view, TaskDefinition task) {
        Node self = view.self();
        return view.members().stream()
                .anyMatch(node -> !node.isSameProcessAs(self)
                        && node.takesTasks()
                        && RoleRouter.hasRole(view, node, task.role())
                        && node.lacks(task.name(), task.signature()).isEmpty());
    }

    /** Under which a task is begun: 0 for one that is not for the master, or when this node is not the master. */
    private long epoch(TaskDefinition task) {
        return task.role() == Role.MASTER ? mastership.heldEpoch() : 0;
    }

    private boolean hasRole(ClusterView view, TaskDefinition task) {
        return switch (task.role()) {
            case MASTER -> mastership.isHeld();
            case WORKER -> !mastership.isHeld() && !view.isMaster(view.self());
            case ANY -> true;
        };
    }

    private void take(String worker, TaskRecord record) {
        Optional<TaskDefinition> task = registry.find(record.task())
                .filter(definition ->
                        definition.isDurable() && definition.signature().equals(record.signature()));
        if (task.isEmpty()) {
            log.warn("Task {} was given to this node, which cannot execute it, and is given back", record);
            store.replace(List.of(record.givenBack(store.now().plus(settings.pollInterval()))));
            return;
        }
        Held held = new Held(worker, task.get(), record, nanoTime.getAsLong());
        synchronized (lock) {
            if (inHand.containsKey(record.id())) {
                // The end of its former attempt is written, since it was given out again, and will soon be known here.
                early.put(record.id(), held);
                return;
            }
            take(held);
        }
        startOrGiveBack();
    }

    /** Under the lock, so that it is in hand from when the one before is not. */
    private void take(Held held) {
        inHand.put(held.record().id(), held);
        waiting.add(held);
    }

    /** Begins what it may; or gives all back. */
    private void startOrGiveBack() {
        if (isDraining()) {
            drain();
        } else {
            startMore();
        }
    }

    private boolean isDraining() {
        synchronized (lock) {
            return draining;
        }
    }

    private void startMore() {
        while (true) {
            @Nullable Held next;
            synchronized (lock) {
                next = draining ? null : nextWithPlace();
                if (next == null) {
                    return;
                }
                running++;
            }
            begin(next);
        }
    }

    /** Ends that are only to be written take no place, up to a number: a store that is slow with them holds the starts up, too. */
    private @Nullable Held nextWithPlace() {
        if (roomForEnds() <= 0) {
            return null;
        }
        Set<String> full = new HashSet<>();
        for (Iterator<Held> all = waiting.iterator(); all.hasNext(); ) {
            Held held = all.next();
            String task = held.task().name();
            if (!full.contains(task) && threads(task) > 0 && places.take(task)) {
                all.remove();
                starting.add(held);
                return held;
            }
            full.add(task);
        }
        return null;
    }

    private int ending() {
        return inHand.size() - waiting.size() - running;
    }

    private void begin(Held held) {
        TaskDefinition task = held.task();
        if (!lease.isHeldBy(held.worker())) {
            settle(held, record -> record.givenBack(store.now()));
            return;
        }
        TaskRecord given = held.record();
        boolean begun = given.state() == TaskState.RUNNING;
        long epoch = epoch(task);
        boolean entitled = task.role() != Role.MASTER || epoch != 0 && (!begun || given.epoch() == epoch);
        if (!entitled || !executor.admits(task)) {
            settle(held, record -> record.givenBack(store.now().plus(settings.pollInterval())));
            return;
        }
        if (begun) {
            execute(held, epoch);
            return;
        }
        starts.change(held, record -> startedInTime(record, epoch)).whenComplete((written, error) -> {
            if (error == null && written && held.record().state() == TaskState.RUNNING) {
                execute(held, epoch);
                return;
            }
            if (error != null || !written) {
                report(held, error);
            }
            leavePlace(held);
            forget(held);
            startMore();
        });
    }

    /**
     * What waited here until its time to live was over goes back, and is ended like all the others; and what was paused meanwhile.
     * Where nodes take tasks themselves none waits for longer than a moment.
     */
    private TaskRecord startedInTime(TaskRecord record, long epoch) {
        Instant now = store.now();
        Instant expiresAt = record.expiresAt();
        boolean goesBack = expiresAt != null && !now.isBefore(expiresAt)
                || !store.isClaimedByNodes() && store.paused().contains(record.task());
        return goesBack ? record.givenBack(now) : record.started(now, epoch);
    }

    /** The record says that it runs, and now it does, unless that took so long that it must not. */
    private void execute(Held held, long epoch) {
        TaskRecord record = held.record();
        if (!lease.isHeldBy(held.worker()) || record.cancelRequested()) {
            settleAndGoOn(held, now -> now.givenBack(store.now()));
            return;
        }
        TaskDefinition task = held.task();
        long timeout = Math.min(task.timeout().toNanos(), Long.MAX_VALUE / 2);
        Attempt attempt = new Attempt(
                task, record.id(), record.attempt(), epoch, nanoTime.getAsLong() + timeout, record.submittedBy());
        synchronized (lock) {
            // Whoever drains either finds it begun or is found here.
            if (!draining) {
                held.begun(attempt);
            }
        }
        if (held.attempt() == null) {
            settleAndGoOn(held, now -> now.givenBack(store.now()));
            return;
        }
        CompletableFuture<Outcome> outcome;
        synchronized (lock) {
            starting.remove(held);
        }
        try {
            outcome = executor.submit(
                    attempt,
                    () -> codec.readArguments(task, record.arguments().getBytes(StandardCharsets.UTF_8)),
                    new AttemptJournal(held, writer, store, codec));
        } catch (RuntimeException | Error e) {
            log.error("Task {} could not be handed to the executor", held, e);
            settleAndGoOn(held, now -> now.givenBack(store.now()));
            return;
        }
        outcome.copy()
                .completeOnTimeout(
                        new Outcome.Unknown("it did not end within its timeout of " + task.timeout(), true),
                        timeout + DEAF_AFTER.toNanos(),
                        TimeUnit.NANOSECONDS)
                .whenComplete((what, error) -> settleAndGoOn(held, end(held, what, error)));
    }

    /** Results and exceptions of the application have code of their own, which may fail. */
    private UnaryOperator<TaskRecord> end(Held held, @Nullable Outcome outcome, @Nullable Throwable error) {
        try {
            return ends.step(held, outcome, error);
        } catch (RuntimeException | Error e) {
            log.error("What became of task {} cannot be told", held, e);
            return ends.step(held, null, e);
        }
    }

    private void settleAndGoOn(Held held, UnaryOperator<TaskRecord> step) {
        settle(held, step);
        startMore();
    }

    /**
     * Writes the last change of a task in hand, whose place is free at once: the start of the next one does not wait for it.
     * Whoever begins tasks goes on to the next himself.
     */
    private void settle(Held held, UnaryOperator<TaskRecord> step) {
        writeLast(held, step);
        leavePlace(held);
    }

    private void writeLast(Held held, UnaryOperator<TaskRecord> step) {
        UnaryOperator<TaskRecord> all = step;
        String progress = held.takeProgress();
        if (progress != null) {
            all = record -> step.apply(
                    record.state() == TaskState.RUNNING ? record.reported(progress, record.checkpoint()) : record);
        }
        writer.change(held, all).whenComplete((written, error) -> {
            try {
                if (error == null && written) {
                    ended.accept(held.record());
                } else {
                    report(held, error);
                }
            } finally {
                forget(held);
                startMore();
            }
        });
    }

    private void report(Held held, @Nullable Throwable error) {
        Attempt made = held.attempt();
        if (made != null) {
            synchronized (lock) {
                unwritten.put(made.taskId(), made.number());
            }
        }
        if (error != null) {
            log.error("What became of task {} could not be written", held, error);
        } else if (made != null) {
            superseded.increment();
            log.info(
                    "What became of task {} on this node comes too late and is dropped: the task is in other hands, or over",
                    held);
        } else {
            log.debug("Task {} was taken out of this node's hands before it began", held);
        }
    }

    private void leavePlace(Held held) {
        String task = held.task().name();
        places.giveBack(task);
        synchronized (lock) {
            running--;
            starting.remove(held);
            freed.merge(task, 1, Integer::sum);
            woken |= count(waiting, task) < settings.concurrency() / 2 + 1;
            lock.notifyAll();
        }
    }

    private void forget(Held held) {
        String id = held.record().id();
        @Nullable Held next;
        synchronized (lock) {
            next = inHand.remove(id, held) ? early.remove(id) : null;
            if (next != null) {
                take(next);
            }
            woken |= heldUp && roomForEnds() > 0;
            lock.notifyAll();
        }
        if (next != null) {
            startOrGiveBack();
        }
    }

    /** For one in hand that has not begun and waits no more. */
    private void giveBack(Held held) {
        writeLast(held, record -> record.givenBack(store.now()));
    }

    /**
     * What the store says that this node holds, against what it has in hand: with empty hands, too, since the answer that gave
     * this node something may have been lost.
     */
    private void reconcile() {
        String worker = lease.worker();
        if (worker == null) {
            return;
        }
        Map<String, Integer> made;
        synchronized (lock) {
            made = Map.copyOf(unwritten);
        }
        Set<String> ids = new HashSet<>();
        for (TaskRecord record : store.heldBy(worker)) {
            ids.add(record.id());
            Held held = inHand(record.id());
            if (held == null && record.state() == TaskState.LEASED) {
                take(worker, record);
            } else if (held == null) {
                putRight(record);
            } else if (record.cancelRequested()) {
                cancel(held, "it was cancelled");
            }
        }
        synchronized (lock) {
            // What came to it meanwhile was not asked for.
            made.forEach((id, attempt) -> {
                if (!ids.contains(id)) {
                    unwritten.remove(id, attempt);
                }
            });
        }
    }

    /**
     * It runs by its record but not in truth. Either this node made the attempt and the store refused its end, not only once; or the
     * answer that gave the task to this node was lost, and the attempt was never made.
     */
    private void putRight(TaskRecord record) {
        boolean made;
        synchronized (lock) {
            made = Objects.equals(unwritten.get(record.id()), record.attempt());
        }
        TaskRecord right = made
                ? record.lost(store.now(), "What became of it on its node could not be written.", 0)
                : record.givenBack(store.now());
        // False when it has just ended: then this picture of it was old.
        if (store.replace(List.of(right)).get(0)) {
            log.warn(
                    "Task {} runs on this node by its record but not in truth, and is {}",
                    record,
                    made ? "given up" : "given back: it has not begun");
        }
    }

    private @Nullable Held inHand(String id) {
        synchronized (lock) {
            return inHand.get(id);
        }
    }

    private List<Held> allInHand() {
        synchronized (lock) {
            return new ArrayList<>(inHand.values());
        }
    }

    private void cancel(Held held, String reason) {
        Attempt attempt = held.attempt();
        if (attempt != null) {
            executor.cancel(attempt.taskId(), attempt.number(), reason);
        }
    }

    /**
     * Without a certain lease others may soon take what is here: what only waits is given back, and what another node would start
     * again is told to stop. A task without {@code retry} is started nowhere else, so it may go on.
     */
    private void dropWithoutLease() {
        for (Held held : allInHand()) {
            if (!lease.isHeldBy(held.worker())) {
                boolean waited;
                synchronized (lock) {
                    waited = waiting.remove(held);
                }
                if (waited) {
                    giveBack(held);
                } else if (held.record().maxAttempts() > 1) {
                    cancel(held, "this node's lease on it could not be renewed");
                }
            }
        }
    }

    private void giveBackInTime() {
        if (!store.isClaimedByNodes()) {
            return;
        }
        long now = nanoTime.getAsLong();
        List<Held> late;
        synchronized (lock) {
            late = waiting.stream()
                    .filter(held -> now - held.takenNanos() > LONGEST_WAIT.toNanos())
                    .toList();
            waiting.removeAll(late);
            if (!late.isEmpty()) {
                mayBeInAdvance = Map.of();
                heldUp = true;
            }
        }
        late.forEach(this::giveBack);
    }

    /** Not more than one such write of a task at a time: in an outage there would be ever more of them. */
    private void flushProgress() {
        for (Held held : allInHand()) {
            String progress = held.beginProgress(nanoTime.getAsLong());
            if (progress != null) {
                writer.change(
                                held,
                                record -> record.state() == TaskState.RUNNING
                                        ? record.reported(progress, record.checkpoint())
                                        : record)
                        .whenComplete((written, error) -> held.endProgress());
            }
        }
    }

    /** Takes nothing more, and gives back what has not begun. What runs goes on. */
    void drain() {
        List<Held> unbegun;
        synchronized (lock) {
            draining = true;
            unbegun = List.copyOf(waiting);
            waiting.clear();
        }
        unbegun.forEach(this::giveBack);
    }

    /** Interrupts what still runs, and waits until what became of everything in hand is written; the first time only. */
    void finish(Duration atMost) {
        drain();
        long end = nanoTime.getAsLong() + atMost.toNanos();
        allInHand().forEach(held -> cancel(held, "the node stops"));
        synchronized (lock) {
            if (finished) {
                return;
            }
            finished = true;
            try {
                while ((claiming || !inHand.isEmpty()) && end - nanoTime.getAsLong() > 0) {
                    TimeUnit.NANOSECONDS.timedWait(lock, end - nanoTime.getAsLong());
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Finishes, and gives the lease back last. */
    void close(Duration atMost) {
        finish(atMost);
        synchronized (lock) {
            closed = true;
            lock.notifyAll();
        }
        for (Held held : allInHand()) {
            if (held.attempt() != null) {
                log.warn("Task {} does not stop; its node stops all the same", held);
                writer.change(held, record -> record.lost(store.now(), "Its node stopped and it did not end.", 0));
            }
        }
        ticks.shutdownNow();
        starts.close();
        writer.close(atMost);
        lease.release();
    }
}
