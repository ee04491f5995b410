package org.hatask.durable.zookeeper;

import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.apache.zookeeper.data.Stat;
import org.hatask.TaskState;
import org.hatask.durable.TaskCounts;
import org.hatask.durable.TaskQuery;
import org.hatask.durable.TaskRecord;
import org.hatask.durable.WaitingTasks;
import org.jspecify.annotations.Nullable;

/**
 * What this node knows of the store. Its monitor guards everything; {@link MirrorKeeper} alone writes to it, in the order in
 * which ZooKeeper told.
 */
final class TaskMirror {

    private static final Comparator<TaskRecord> LONGEST_DUE =
            Comparator.comparing(TaskRecord::dueAt).thenComparing(TaskRecord::id);
    private static final Comparator<TaskRecord> NEWEST = Comparator.comparing(TaskRecord::submittedAt)
            .thenComparing(TaskRecord::id)
            .reversed();
    private static final Comparator<TaskRecord> LONGEST_ENDED =
            Comparator.comparing(TaskMirror::endedAt).thenComparing(TaskRecord::id);

    private final Map<String, TaskRecord> tasks = new HashMap<>();
    private final Map<TaskState, Integer> counts = new EnumMap<>(TaskState.class);
    /** Those that are PENDING or in RETRY_WAIT. */
    private final TreeSet<TaskRecord> waiting = new TreeSet<>(LONGEST_DUE);
    /** By the worker that holds them. */
    private final Map<String, Map<String, TaskRecord>> held = new HashMap<>();
    /** By id, with the transaction that wrote them. */
    private final Map<String, Long> unreadable = new HashMap<>();

    private final Map<String, WorkerLease> workers = new TreeMap<>();
    private final Set<String> paused = new TreeSet<>();

    /**
     * A registered worker.
     *
     * @param length null until it was read
     * @param renewedNanos when it was last heard of, by the clock of this machine
     */
    private record WorkerLease(@Nullable Duration length, long renewedNanos) {

        boolean isOver(long nowNanos) {
            return length != null && nowNanos - renewedNanos >= length.toNanos();
        }
    }

    // Tasks

    synchronized void put(TaskRecord task) {
        remove(task.id());
        tasks.put(task.id(), task);
        counts.merge(task.state(), 1, Integer::sum);
        if (isWaiting(task)) {
            waiting.add(task);
        }
        if (task.lease() != null) {
            held.computeIfAbsent(task.lease().worker(), any -> new HashMap<>()).put(task.id(), task);
        }
    }

    synchronized void remove(String id) {
        unreadable.remove(id);
        TaskRecord before = tasks.remove(id);
        if (before == null) {
            return;
        }
        counts.merge(before.state(), -1, Integer::sum);
        waiting.remove(before);
        if (before.lease() != null) {
            held.computeIfPresent(before.lease().worker(), (worker, its) -> {
                its.remove(id);
                return its.isEmpty() ? null : its;
            });
        }
    }

    /** It cannot be read. Returns whether that is new. */
    synchronized boolean setAside(String id, long writtenBy) {
        Long known = unreadable.get(id);
        remove(id);
        unreadable.put(id, writtenBy);
        return known == null || known != writtenBy;
    }

    synchronized boolean isSetAside(String id) {
        return unreadable.containsKey(id);
    }

    /** Forgets what is not among these names of the bucket. */
    synchronized void retain(String bucket, Collection<String> names) {
        Set<String> there = new HashSet<>(names);
        List<String> gone = Stream.concat(tasks.keySet().stream(), unreadable.keySet().stream())
                .filter(id -> Layout.bucketOf(id).equals(bucket) && !there.contains(id))
                .toList();
        gone.forEach(this::remove);
    }

    /** Whether it is known as it stands there. */
    synchronized boolean isCurrent(String id, Stat stat) {
        TaskRecord task = tasks.get(id);
        return task != null
                ? task.version() == stat.getVersion() + 1L
                : Objects.equals(unreadable.get(id), stat.getMzxid());
    }

    @Nullable
    synchronized TaskRecord get(String id) {
        return tasks.get(id);
    }

    synchronized List<TaskRecord> get(Collection<String> ids) {
        return ids.stream().map(tasks::get).filter(Objects::nonNull).toList();
    }

    synchronized Optional<TaskRecord> find(String task, String key) {
        return tasks.values().stream()
                .filter(known -> key.equals(known.key()) && task.equals(known.task()))
                .findFirst();
    }

    synchronized int open() {
        return tasks.size() - ended();
    }

    synchronized int size() {
        return tasks.size();
    }

    synchronized List<TaskRecord> heldBy(String worker) {
        return held.getOrDefault(worker, Map.of()).values().stream()
                .sorted(LONGEST_DUE)
                .toList();
    }

    synchronized List<TaskRecord> abandoned(int atMost) {
        return held.entrySet().stream()
                .filter(entry -> !workers.containsKey(entry.getKey()))
                .flatMap(entry -> entry.getValue().values().stream())
                .sorted(LONGEST_DUE)
                .limit(atMost)
                .toList();
    }

    synchronized List<TaskRecord> outdated(Instant now, int atMost) {
        return waiting.stream()
                .filter(task -> task.isOutdated(now))
                .limit(atMost)
                .toList();
    }

    synchronized List<TaskRecord> due(Instant now, int atMost) {
        return waiting.stream()
                .takeWhile(task -> !task.dueAt().isAfter(now))
                .filter(task -> task.isDue(now) && !paused.contains(task.task()))
                .limit(atMost)
                .toList();
    }

    synchronized TaskCounts counts(Instant now) {
        Map<TaskState, Long> byState = new EnumMap<>(TaskState.class);
        counts.forEach((state, count) -> byState.put(state, (long) count));
        Duration oldest = waiting.stream()
                .takeWhile(task -> !task.dueAt().isAfter(now))
                .filter(task -> task.isDue(now))
                .findFirst()
                .map(task -> Duration.between(task.dueAt(), now))
                .orElse(null);
        return new TaskCounts(byState, oldest, unreadable.size());
    }

    synchronized List<WaitingTasks> waiting() {
        return WaitingTasks.count(waiting.stream());
    }

    synchronized List<TaskRecord> list(TaskQuery query) {
        return tasks.values().stream()
                .filter(query::wants)
                .sorted(NEWEST)
                .limit(query.atMost())
                .toList();
    }

    /** Final ones to be forgotten: those that ended before this time, and the oldest of those that are too many. */
    synchronized List<TaskRecord> forgettable(Instant endedBefore, int keptAtMost, int atMost) {
        int tooMany = Math.max(0, ended() - keptAtMost);
        List<TaskRecord> oldest = tasks.values().stream()
                .filter(task -> task.state().isFinal())
                .sorted(LONGEST_ENDED)
                .limit(atMost)
                .toList();
        int old = (int) oldest.stream()
                .takeWhile(task -> endedAt(task).isBefore(endedBefore))
                .count();
        return oldest.subList(0, Math.min(oldest.size(), Math.max(old, tooMany)));
    }

    private int ended() {
        return counts.entrySet().stream()
                .filter(entry -> entry.getKey().isFinal())
                .mapToInt(Map.Entry::getValue)
                .sum();
    }

    private static boolean isWaiting(TaskRecord task) {
        return task.state() == TaskState.PENDING || task.state() == TaskState.RETRY_WAIT;
    }

    /** For final tasks. A record that does not say it, which nobody of us has written, is as good as ended long ago. */
    private static Instant endedAt(TaskRecord task) {
        Instant ended = task.endedAt();
        return ended == null ? Instant.EPOCH : ended;
    }

    // Workers

    /** These are registered, and no others. Each has its whole lease before it again, since renewals may have been missed. */
    synchronized void setWorkers(Collection<String> names, long nowNanos) {
        workers.keySet().retainAll(names);
        names.forEach(name -> renewed(name, nowNanos));
    }

    synchronized void renewed(String worker, long nowNanos) {
        WorkerLease before = workers.get(worker);
        workers.put(worker, new WorkerLease(before == null ? null : before.length(), nowNanos));
    }

    synchronized void setLease(String worker, Duration length) {
        workers.computeIfPresent(worker, (name, before) -> new WorkerLease(length, before.renewedNanos()));
    }

    synchronized void removeWorker(String worker) {
        workers.remove(worker);
    }

    synchronized Set<String> workers() {
        return Set.copyOf(workers.keySet());
    }

    /** Those whose lease has run out. */
    synchronized List<String> silent(long nowNanos) {
        return workers.entrySet().stream()
                .filter(entry -> entry.getValue().isOver(nowNanos))
                .map(Map.Entry::getKey)
                .toList();
    }

    // Paused tasks

    synchronized void setPaused(Collection<String> names) {
        paused.clear();
        paused.addAll(names);
    }

    synchronized void pause(String task) {
        paused.add(task);
    }

    synchronized void resume(String task) {
        paused.remove(task);
    }

    synchronized Set<String> paused() {
        return new TreeSet<>(paused);
    }
}
