package org.hatask.durable;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import org.hatask.HaException;
import org.hatask.TaskState;

/**
 * Waits for the ends of tasks: those that end on this node tell it at once, the others are looked for in the store, all
 * together, ten times a second while they are young and once a second afterwards. Thread-safe; {@link #look} is called by one
 * thread at a time.
 */
final class ResultWatch {

    private static final Duration YOUNG = Duration.ofSeconds(10);
    private static final Duration SELDOM = Duration.ofSeconds(1);

    /** A store may know a task that another node submitted only after a moment. */
    private static final Duration UNKNOWN_AT_MOST = Duration.ofSeconds(5);

    private static final int AT_ONCE = 500;

    private final TaskStore store;
    private final Executor callbacks;
    private final LongSupplier nanoTime;
    private final Map<String, List<Wait>> waits = new ConcurrentHashMap<>();
    private long nextSeldom;
    private volatile boolean closed;

    /** @param told whether its end is with the callbacks, which may take long before they complete it */
    private record Wait(CompletableFuture<TaskRecord> end, long sinceNanos, AtomicBoolean told) {}

    /** @param callbacks completes the futures, on which the application may hang what blocks */
    ResultWatch(TaskStore store, Executor callbacks, LongSupplier nanoTime) {
        this.store = store;
        this.callbacks = callbacks;
        this.nanoTime = nanoTime;
        this.nextSeldom = nanoTime.getAsLong();
    }

    /** Completes when the task is over or laid aside, and fails when it is not known (any more). */
    CompletableFuture<TaskRecord> end(String taskId) {
        CompletableFuture<TaskRecord> end = new CompletableFuture<>();
        Wait wait = new Wait(end, nanoTime.getAsLong(), new AtomicBoolean());
        waits.compute(taskId, (id, known) -> {
            List<Wait> all = known == null ? new CopyOnWriteArrayList<>() : known;
            all.add(wait);
            return all;
        });
        end.whenComplete((record, error) -> waits.computeIfPresent(taskId, (id, all) -> {
            all.remove(wait);
            return all.isEmpty() ? null : all;
        }));
        if (closed) {
            end.completeExceptionally(stopped());
        }
        return end;
    }

    /** A task that may be over. */
    void tell(TaskRecord record) {
        if (record.state().isFinal() || record.state() == TaskState.PARKED) {
            List<Wait> known = waits.get(record.id());
            if (known != null) {
                known.forEach(wait -> tell(wait, end -> end.complete(record)));
            }
        }
    }

    private void tell(Wait wait, Consumer<CompletableFuture<TaskRecord>> what) {
        if (wait.told().compareAndSet(false, true)) {
            boolean handedOver = false;
            try {
                callbacks.execute(() -> what.accept(wait.end()));
                handedOver = true;
            } finally {
                wait.told().set(handedOver);
            }
        }
    }

    /** Looks for the ends of those that somebody waits for. */
    void look() {
        if (waits.isEmpty()) {
            return;
        }
        long now = nanoTime.getAsLong();
        boolean all = now - nextSeldom >= 0;
        if (all) {
            nextSeldom = now + SELDOM.toNanos();
        }
        List<String> ids = waits.entrySet().stream()
                .filter(entry ->
                        entry.getValue().stream().anyMatch(wait -> !wait.told().get() && (all || isYoung(wait, now))))
                .map(Map.Entry::getKey)
                .toList();
        for (int from = 0; from < ids.size(); from += AT_ONCE) {
            look(ids.subList(from, Math.min(ids.size(), from + AT_ONCE)), now);
        }
    }

    private static boolean isYoung(Wait wait, long now) {
        return now - wait.sinceNanos() < YOUNG.toNanos();
    }

    private void look(Collection<String> ids, long now) {
        Map<String, TaskRecord> found =
                store.find(ids).stream().collect(Collectors.toMap(TaskRecord::id, Function.identity()));
        for (String id : ids) {
            TaskRecord record = found.get(id);
            if (record != null) {
                tell(record);
            } else {
                failUnknown(id, now);
            }
        }
    }

    private void failUnknown(String id, long now) {
        for (Wait wait : waits.getOrDefault(id, List.of())) {
            if (now - wait.sinceNanos() >= UNKNOWN_AT_MOST.toNanos()) {
                tell(
                        wait,
                        end -> end.completeExceptionally(
                                new HaException("There is no durable task " + id + ", or it is no longer kept.")));
            }
        }
    }

    /** Nobody looks any more: the tasks go on, but their ends are not told here. */
    void close() {
        closed = true;
        List<Wait> left = new ArrayList<>();
        waits.values().forEach(left::addAll);
        left.forEach(wait -> wait.end().completeExceptionally(stopped()));
    }

    private static HaException stopped() {
        return new HaException(
                "This node stops. The durable task goes on, and HaTasks.result(…) on another node tells what"
                        + " becomes of it.");
    }
}
