package org.hatask.durable;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Predicate;
import org.hatask.TaskState;

/**
 * Keeps durable tasks in the memory of this process: for tests and for a single node that may forget them when it ends. Its
 * monitor guards everything.
 */
public final class MemoryTaskStore implements TaskStore {

    private static final Comparator<TaskRecord> LONGEST_DUE =
            Comparator.comparing(TaskRecord::dueAt).thenComparing(TaskRecord::id);
    private static final Comparator<TaskRecord> NEWEST = Comparator.comparing(TaskRecord::submittedAt)
            .thenComparing(TaskRecord::id)
            .reversed();

    private final Clock clock;
    private final PayloadLimit limit;
    private final Map<String, TaskRecord> tasks = new LinkedHashMap<>();
    private final Map<String, String> idByKey = new HashMap<>();
    private final Map<String, Instant> leaseEnds = new HashMap<>();
    private final Set<String> paused = new TreeSet<>();
    private final List<Runnable> listeners = new CopyOnWriteArrayList<>();

    /** @param maxPayload most characters of arguments, of a result and of a checkpoint */
    public MemoryTaskStore(Clock clock, int maxPayload) {
        this.clock = clock;
        limit = new PayloadLimit(maxPayload);
    }

    @Override
    public Instant now() {
        return clock.instant().truncatedTo(ChronoUnit.MILLIS);
    }

    @Override
    public boolean fits(TaskRecord task) {
        return limit.allows(task);
    }

    @Override
    public List<TaskRecord> submit(List<TaskRecord> fresh) {
        limit.require(fresh);
        List<TaskRecord> kept;
        synchronized (this) {
            kept = fresh.stream().map(this::keep).toList();
        }
        listeners.forEach(Runnable::run);
        return kept;
    }

    private TaskRecord keep(TaskRecord task) {
        if (task.key() != null) {
            String known = idByKey.putIfAbsent(keyOf(task.task(), task.key()), task.id());
            if (known != null) {
                return Objects.requireNonNull(tasks.get(known));
            }
        }
        TaskRecord kept = task.withVersion(1);
        tasks.put(task.id(), kept);
        return kept;
    }

    private static String keyOf(String task, String key) {
        return task + " " + key;
    }

    @Override
    public synchronized List<TaskRecord> find(Collection<String> ids) {
        return ids.stream().distinct().map(tasks::get).filter(Objects::nonNull).toList();
    }

    @Override
    public synchronized Optional<TaskRecord> find(String task, String key) {
        return Optional.ofNullable(idByKey.get(keyOf(task, key))).map(tasks::get);
    }

    @Override
    public List<Boolean> replace(List<TaskRecord> changed) {
        List<Boolean> done;
        synchronized (this) {
            done = changed.stream().map(this::replace).toList();
        }
        listeners.forEach(Runnable::run);
        return done;
    }

    private boolean replace(TaskRecord changed) {
        TaskRecord kept = tasks.get(changed.id());
        if (kept == null || kept.version() != changed.version()) {
            return false;
        }
        tasks.put(changed.id(), changed.withVersion(changed.version() + 1));
        return true;
    }

    @Override
    public synchronized void register(String worker, Duration lease) {
        leaseEnds.put(worker, now().plus(lease));
    }

    @Override
    public synchronized boolean renew(String worker, Duration lease) {
        return leaseEnds.computeIfPresent(worker, (known, end) -> now().plus(lease)) != null;
    }

    @Override
    public synchronized void release(String worker) {
        leaseEnds.remove(worker);
    }

    @Override
    public synchronized void expire(Instant latest) {
        Instant now = now();
        if (!now.isAfter(latest)) {
            leaseEnds.values().removeIf(end -> !end.isAfter(now));
        }
    }

    @Override
    public synchronized Set<String> workers() {
        return Set.copyOf(leaseEnds.keySet());
    }

    @Override
    public List<TaskRecord> heldBy(String worker) {
        return select(task -> task.isHeldBy(worker), LONGEST_DUE, Integer.MAX_VALUE);
    }

    @Override
    public List<TaskRecord> abandoned(int atMost) {
        return select(
                task -> task.lease() != null
                        && !leaseEnds.containsKey(task.lease().worker()),
                LONGEST_DUE,
                atMost);
    }

    @Override
    public List<TaskRecord> outdated(int atMost) {
        Instant now = now();
        return select(task -> task.isOutdated(now), LONGEST_DUE, atMost);
    }

    @Override
    public boolean isClaimedByNodes() {
        return true;
    }

    @Override
    public synchronized List<TaskRecord> claim(ClaimRequest request) {
        if (!leaseEnds.containsKey(request.holder().worker())) {
            return List.of();
        }
        Instant now = now();
        List<TaskRecord> chosen = select(
                task -> task.isDue(now) && !paused.contains(task.task()) && request.wants(task, now),
                LONGEST_DUE,
                request.atMost());
        List<TaskRecord> given = new ArrayList<>();
        for (TaskRecord task : chosen) {
            TaskRecord changed = request.give(task, now);
            replace(changed);
            given.add(changed.withVersion(changed.version() + 1));
        }
        return given;
    }

    @Override
    public List<TaskRecord> due(int atMost) {
        Instant now = now();
        return select(task -> task.isDue(now) && !paused.contains(task.task()), LONGEST_DUE, atMost);
    }

    private synchronized List<TaskRecord> select(
            Predicate<TaskRecord> which, Comparator<TaskRecord> order, int atMost) {
        return tasks.values().stream().filter(which).sorted(order).limit(atMost).toList();
    }

    @Override
    public void addListener(Runnable listener) {
        listeners.add(listener);
    }

    @Override
    public synchronized void pause(String task) {
        paused.add(task);
    }

    @Override
    public void resume(String task) {
        synchronized (this) {
            paused.remove(task);
        }
        listeners.forEach(Runnable::run);
    }

    @Override
    public synchronized Set<String> paused() {
        return new TreeSet<>(paused);
    }

    @Override
    public TaskCounts counts() {
        Map<TaskState, Long> byState = new EnumMap<>(TaskState.class);
        Instant now = now();
        select(task -> true, LONGEST_DUE, Integer.MAX_VALUE)
                .forEach(task -> byState.merge(task.state(), 1L, Long::sum));
        Duration oldest = select(task -> task.isDue(now), LONGEST_DUE, 1).stream()
                .map(task -> Duration.between(task.dueAt(), now))
                .findFirst()
                .orElse(null);
        return new TaskCounts(byState, oldest, 0);
    }

    @Override
    public synchronized List<WaitingTasks> waiting() {
        return WaitingTasks.count(tasks.values().stream());
    }

    @Override
    public synchronized List<TaskRecord> list(TaskQuery query) {
        return select(query::wants, NEWEST, query.atMost());
    }

    @Override
    public synchronized int prune(Instant endedBefore, int atMost) {
        List<TaskRecord> old =
                select(task -> task.endedAt() != null && task.endedAt().isBefore(endedBefore), LONGEST_DUE, atMost);
        for (TaskRecord task : old) {
            tasks.remove(task.id());
            if (task.key() != null) {
                idByKey.remove(keyOf(task.task(), task.key()));
            }
        }
        return old.size();
    }

    @Override
    public void close() {}
}
