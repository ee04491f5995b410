package org.hatask.execute;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Threads that the tasks of a node share so that one that takes long keeps no other from being executed. What a task has no
 * place for waits in a queue of its own; who has ended goes on with the next that waits, each task in turn. The lock guards
 * queues and places.
 */
final class FairPool {

    private final Shares places;
    private final Map<String, Queue<Work>> waiting = new LinkedHashMap<>();
    private volatile int waits;
    private boolean closed;

    /** As many as there are places, and for a moment one more while another gives its place back. */
    private final ThreadPoolExecutor threads;

    private record Work(String task, Runnable body) {}

    /** @param most threads of one task, at least 1; see {@link Shares} */
    FairPool(int most, ThreadFactory factory) {
        this.places = new Shares(most);
        this.threads =
                new ThreadPoolExecutor(0, Integer.MAX_VALUE, 60, TimeUnit.SECONDS, new SynchronousQueue<>(), factory);
    }

    /**
     * Executes it now or later.
     *
     * @param body throws nothing
     * @throws RejectedExecutionException when the pool is closed
     */
    void execute(String task, Runnable body) {
        Work work = new Work(task, body);
        synchronized (waiting) {
            if (closed) {
                throw new RejectedExecutionException("closed");
            }
            if (!places.take(task)) {
                waiting.computeIfAbsent(task, name -> new ArrayDeque<>()).add(work);
                waits++;
                return;
            }
        }
        threads.execute(() -> goOn(work));
    }

    private void goOn(Work first) {
        for (Work work = first; work != null; work = after(work)) {
            work.body().run();
            // What a task leaves behind is not for the next one.
            Thread.interrupted();
        }
    }

    /** Gives the place back; what that makes room for begins, one of them here. */
    private @Nullable Work after(Work done) {
        List<Work> next = List.of();
        synchronized (waiting) {
            places.giveBack(done.task());
            for (Work work = poll(); work != null; work = poll()) {
                next = next.isEmpty() ? new ArrayList<>() : next;
                next.add(work);
            }
        }
        for (Work other : next.subList(Math.min(1, next.size()), next.size())) {
            try {
                threads.execute(() -> goOn(other));
            } catch (RejectedExecutionException e) {
                // Closed since: like what waited then, it learns so by being run.
                other.body().run();
            }
        }
        return next.isEmpty() ? null : next.get(0);
    }

    /** Takes a place for the next that waits and may have one; its task then is the last in turn. */
    private @Nullable Work poll() {
        for (Iterator<Map.Entry<String, Queue<Work>>> each = waiting.entrySet().iterator(); each.hasNext(); ) {
            Map.Entry<String, Queue<Work>> entry = each.next();
            if (places.take(entry.getKey())) {
                Queue<Work> queue = entry.getValue();
                each.remove();
                Work work = queue.remove();
                waits--;
                if (!queue.isEmpty()) {
                    waiting.put(work.task(), queue);
                }
                return work;
            }
        }
        return null;
    }

    /** How many wait for a place. */
    int waiting() {
        return waits;
    }

    /** Executes nothing any more, and interrupts what runs. What waits is the caller's. */
    List<Runnable> close() {
        List<Runnable> left = new ArrayList<>();
        synchronized (waiting) {
            closed = true;
            waiting.values().forEach(queue -> queue.forEach(work -> left.add(work.body())));
            waiting.clear();
            waits = 0;
        }
        threads.shutdownNow();
        return left;
    }
}
