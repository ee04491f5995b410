package org.hatask.durable;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes what becomes of the tasks in hand. Its one thread owns their records: changes of different tasks that come while it
 * writes go into the next write together, those of one task follow each other. What was in a write together that failed is written
 * one by one, since one of them may be to blame: somebody keeps its row locked, say. That one is tried seldom, as all others wait
 * meanwhile for as long as the store takes to give it up.
 *
 * <p>A write whose answer did not come is made again, unchanged, until the store says what is kept: what was written is
 * recognized by being what was to be written. Where somebody else has changed the record meanwhile, the step is made from
 * that, as long as the same worker holds the task in the same attempt. Otherwise the change comes too late.
 */
final class ChangeWriter implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(ChangeWriter.class);
    private static final int MAX_BATCH = 200;
    private static final long SHORTEST_PAUSE_MILLIS = 100;
    private static final long LONGEST_PAUSE_MILLIS = 2000;

    /** How long a change is left alone that fails while others are written. */
    private static final Duration TO_BLAME = Duration.ofSeconds(30);

    private final TaskStore store;
    private final Thread thread;

    /** What waits for the next write; its monitor guards both flags, too. */
    private final Queue<Change> arriving = new ArrayDeque<>();

    private volatile boolean closing;
    private boolean ended;

    /** Taken over by the thread and not settled yet, in order; belongs to the thread, as all that follows. */
    private final List<Change> open = new ArrayList<>();

    /** How many writes succeeded, and whether one that is written alone has its turn. */
    private long writes;

    private boolean aloneIsNext;

    private static final class Change {

        private final Held held;
        private final UnaryOperator<TaskRecord> step;
        private final CompletableFuture<Boolean> written = new CompletableFuture<>();
        private @Nullable TaskRecord from;
        private @Nullable TaskRecord to;

        /** Whether it is written without others, how many writes had succeeded when it failed last, and when it is tried again. */
        private boolean alone;

        private long writesBefore;
        private long notBeforeNanos;

        Change(Held held, UnaryOperator<TaskRecord> step) {
            this.held = held;
            this.step = step;
        }

        /** The record after the step; the same one for as long as the record before is the same. */
        TaskRecord next() {
            TaskRecord before = held.record();
            TaskRecord after = to;
            if (after == null || before != from) {
                after = step.apply(before);
                to = after;
                from = before;
            }
            return after;
        }
    }

    ChangeWriter(TaskStore store, String name) {
        this.store = store;
        this.thread = new Thread(this::run, name);
        thread.setDaemon(true);
        thread.start();
    }

    /**
     * Changes the task's record.
     *
     * @param step makes the new record from the one that is kept; may be made more than once, on the writer's thread. To
     *     return the record it was given means that there is nothing to change, an {@link IllegalStateException} that it
     *     cannot be changed any more
     * @return completes on the writer's thread: true when the change is kept, false when it came too late, exceptionally when
     *     the store or the step cannot do it
     */
    CompletableFuture<Boolean> change(Held held, UnaryOperator<TaskRecord> step) {
        Change change = new Change(held, step);
        synchronized (arriving) {
            if (!ended) {
                arriving.add(change);
                arriving.notifyAll();
                return change.written;
            }
        }
        change.written.complete(false);
        return change.written;
    }

    private void run() {
        boolean troubled = false;
        long pause = 0;
        while (awaitWork(pause)) {
            List<Change> batch = next();
            if (batch.isEmpty()) {
                pause = 0;
                awaitNews();
                continue;
            }
            try {
                write(batch);
                writes++;
                if (troubled) {
                    troubled = false;
                    log.info("The store of durable tasks answers again");
                }
                pause = 0;
            } catch (StoreUnavailableException e) {
                failed(batch);
                if (!troubled) {
                    troubled = true;
                    log.warn(
                            "The store of durable tasks does not answer; {} changes wait until it does: {}",
                            open.size(),
                            e.getMessage());
                }
                pause = Math.min(LONGEST_PAUSE_MILLIS, Math.max(SHORTEST_PAUSE_MILLIS, pause * 2));
            } catch (RuntimeException | Error e) {
                // Whatever it is: without this thread nothing would ever be written.
                log.error("Changes of durable tasks could not be written, which is tried again", e);
                failed(batch);
                pause = LONGEST_PAUSE_MILLIS;
            }
        }
    }

    /** All that is open is left alone for now. */
    private void awaitNews() {
        synchronized (arriving) {
            if (arriving.isEmpty() && !closing) {
                try {
                    TimeUnit.MILLISECONDS.timedWait(arriving, LONGEST_PAUSE_MILLIS);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt(); // It is seen to when the next work is waited for.
                }
            }
        }
    }

    /** Takes over what has arrived; waits for something, and for the pause. False when all is done and nothing more comes. */
    private boolean awaitWork(long pauseMillis) {
        synchronized (arriving) {
            try {
                if (pauseMillis > 0) { // Interrupted within a write that failed, it ends here.
                    TimeUnit.MILLISECONDS.timedWait(arriving, pauseMillis);
                } else if (Thread.interrupted()) {
                    throw new InterruptedException();
                }
                while (open.isEmpty() && arriving.isEmpty() && !closing) {
                    arriving.wait();
                }
            } catch (InterruptedException e) {
                ended = true;
            }
            while (!arriving.isEmpty()) {
                open.add(arriving.remove());
            }
            ended |= open.isEmpty();
        }
        if (ended) {
            giveUp();
        }
        return !ended;
    }

    /** One change of every task; in turn with one that is written alone, if there are such. Empty when none is to be tried now. */
    private List<Change> next() {
        Set<Held> seen = new HashSet<>();
        List<Change> firstOfEach =
                open.stream().filter(change -> seen.add(change.held)).toList();
        List<Change> together = firstOfEach.stream()
                .filter(change -> !change.alone)
                .limit(MAX_BATCH)
                .toList();
        long now = System.nanoTime();
        List<Change> alone = aloneIsNext || together.isEmpty()
                ? firstOfEach.stream()
                        .filter(change -> change.alone && (closing || change.notBeforeNanos - now <= 0))
                        .min(Comparator.comparing(change -> change.notBeforeNanos - now))
                        .stream()
                        .toList()
                : List.of();
        aloneIsNext = alone.isEmpty();
        return alone.isEmpty() ? together : alone;
    }

    private void failed(List<Change> batch) {
        long now = System.nanoTime();
        for (Change change : batch) {
            boolean toBlame = change.alone && writes > change.writesBefore;
            change.notBeforeNanos = now + (toBlame ? TO_BLAME.toNanos() : 0);
            change.writesBefore = writes;
            change.alone = true;
        }
    }

    private void write(List<Change> batch) {
        List<Change> changes = new ArrayList<>();
        List<TaskRecord> records = new ArrayList<>();
        for (Change change : batch) {
            try {
                TaskRecord next = change.next();
                if (next == change.held.record()) {
                    settle(change, true);
                } else {
                    changes.add(change);
                    records.add(next);
                }
            } catch (StoreUnavailableException e) {
                throw e;
            } catch (IllegalStateException e) {
                log.debug("Task {} cannot be changed any more: {}", change.held, e.getMessage());
                settle(change, false);
            } catch (RuntimeException | Error e) {
                fail(change, e);
            }
        }
        if (!changes.isEmpty()) {
            replace(changes, records);
        }
    }

    private void replace(List<Change> changes, List<TaskRecord> records) {
        List<Boolean> replaced;
        try {
            replaced = store.replace(records);
        } catch (StoreUnavailableException e) {
            throw e;
        } catch (RuntimeException e) {
            // One of them is to blame; the others must not suffer for it.
            if (changes.size() == 1) {
                fail(changes.get(0), e);
            } else {
                for (int i = 0; i < changes.size(); i++) {
                    replace(List.of(changes.get(i)), List.of(records.get(i)));
                }
            }
            return;
        }
        List<Change> refused = new ArrayList<>();
        for (int i = 0; i < changes.size(); i++) {
            TaskRecord record = records.get(i);
            if (replaced.get(i)) {
                changes.get(i).held.kept(record.withVersion(record.version() + 1));
                settle(changes.get(i), true);
            } else {
                refused.add(changes.get(i));
            }
        }
        if (!refused.isEmpty()) {
            try {
                lookAgain(refused);
            } catch (StoreUnavailableException e) {
                throw e;
            } catch (RuntimeException e) {
                refused.stream().filter(open::contains).forEach(change -> fail(change, e));
            }
        }
    }

    private void lookAgain(List<Change> refused) {
        Map<String, TaskRecord> kept =
                store
                        .find(refused.stream()
                                .map(change -> change.held.record().id())
                                .toList())
                        .stream()
                        .collect(Collectors.toMap(TaskRecord::id, Function.identity()));
        for (Change change : refused) {
            Held held = change.held;
            TaskRecord before = held.record();
            TaskRecord now = kept.get(before.id());
            if (now != null && now.equals(change.next().withVersion(now.version()))) {
                held.kept(now);
                settle(change, true);
            } else if (now != null && now.isHeldBy(held.worker()) && now.attempt() == before.attempt()) {
                held.kept(now); // And so the step is made again, from this.
            } else {
                settle(change, false);
            }
        }
    }

    private void settle(Change change, boolean kept) {
        open.remove(change);
        change.written.complete(kept);
    }

    private void fail(Change change, Throwable error) {
        open.remove(change);
        change.written.completeExceptionally(error);
    }

    private void giveUp() {
        if (!open.isEmpty()) {
            log.warn(
                    "{} changes of durable tasks were not written before the node stopped: other nodes find these tasks"
                            + " abandoned",
                    open.size());
        }
        List.copyOf(open).forEach(change -> settle(change, false));
    }

    /** Writes what is left, but not for longer than this; whether all was written. */
    boolean close(Duration atMost) {
        synchronized (arriving) {
            closing = true;
            arriving.notifyAll();
        }
        try {
            thread.join(Math.max(1, atMost.toMillis()));
            if (!thread.isAlive()) {
                return true;
            }
            thread.interrupt();
            thread.join(1000);
        } catch (InterruptedException e) {
            thread.interrupt();
            Thread.currentThread().interrupt();
        }
        return false;
    }

    @Override
    public void close() {
        close(Duration.ZERO);
    }
}
