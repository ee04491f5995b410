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
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Threads that the tasks of a node share so that one that takes long keeps no other from being executed. All that comes waits in
 * a queue of its task; who has ended goes on with the next that may begin, each task in turn.
 *
 * <p>To wake a thread costs more than most of what else a short call needs. So one at most is on its way at a time: it takes what
 * may begin next, and before it executes that it wakes another one if there is more. Under load those that are awake
 * anyway find most of the work.
 *
 * <p>The lock guards queues, places and who is on its way.
 */
final class FairPool {

    private static final Logger log = LoggerFactory.getLogger(FairPool.class);

    private final Shares places;
    private final Map<String, Queue<Runnable>> waiting = new LinkedHashMap<>();
    /** What this thread executes. */
    private final ThreadLocal<@Nullable Work> executing = new ThreadLocal<>();

    private volatile int waits;
    private boolean waking;
    private boolean closed;

    /** As many as there are places, and for a moment one more that finds nothing to do. */
    private final ThreadPoolExecutor threads;

    /** What one thread executes; for that thread. */
    private static final class Work {

        private final String task;
        private final Runnable body;
        private boolean left;

        Work(String task, Runnable body) {
            this.task = task;
            this.body = body;
        }
    }

    /** @param most threads of one task, at least 1; see {@link Shares} */
    FairPool(int most, ThreadFactory factory) {
        this.places = new Shares(most);
        this.threads =
                new ThreadPoolExecutor(0, Integer.MAX_VALUE, 60, TimeUnit.SECONDS, new SynchronousQueue<>(), factory);
    }

    /**
     * Executes it, as soon as its task may have a thread.
     *
     * @param body throws nothing
     * @throws RejectedExecutionException when the pool is closed
     */
    void execute(String task, Runnable body) {
        execute(task, body, true);
    }

    /**
     * The same for what must not wait until others of its task have ended.
     *
     * @return false when it would have to
     */
    boolean executeNow(String task, Runnable body) {
        return execute(task, body, false);
    }

    private boolean execute(String task, Runnable body, boolean mayWait) {
        synchronized (waiting) {
            if (closed) {
                throw new RejectedExecutionException("closed");
            }
            if (!mayWait && room(task) <= 0) {
                return false;
            }
            waiting.computeIfAbsent(task, name -> new ArrayDeque<>()).add(body);
            waits++;
            Work own = executing.get();
            if (waking || own != null && own.left || !places.hasRoom(task)) {
                return true; // One is on its way, or comes soon, as this thread does that is about to end.
            }
            waking = true;
        }
        wake();
        return true;
    }

    /** It will not be executed, if that has not begun. */
    void remove(String task, Runnable body) {
        synchronized (waiting) {
            Queue<Runnable> queue = waiting.get(task);
            if (queue != null && queue.remove(body)) {
                waits--;
                if (queue.isEmpty()) {
                    waiting.remove(task);
                }
            }
        }
    }

    /**
     * Gives the place back before the end: what the thread still does then is to hand on to others, which may want it. Nothing, where
     * this thread does not execute that body.
     */
    void leave(Runnable body) {
        Work own = executing.get();
        if (own != null && own.body == body && !own.left) {
            own.left = true;
            synchronized (waiting) {
                places.giveBack(own.task);
            }
        }
    }

    /** How many more of the task would begin at once. */
    int room(String task) {
        synchronized (waiting) {
            Queue<Runnable> queue = waiting.get(task);
            return places.room(task) - (queue == null ? 0 : queue.size());
        }
    }

    private void wake() {
        try {
            threads.execute(this::work);
        } catch (RejectedExecutionException e) {
            log.trace("closed: what waits is handed back");
        } catch (OutOfMemoryError e) {
            synchronized (waiting) {
                waking = false;
            }
            log.error("There is no thread for tasks that could begin: they wait for one that has it", e);
        }
    }

    private void work() {
        for (Work work = next(null); work != null; work = next(work)) {
            executing.set(work);
            work.body.run();
            // What a task leaves behind is not for the next one.
            Thread.interrupted();
        }
        executing.remove();
    }

    /** What this thread executes after that, whose place it gives back. */
    private @Nullable Work next(@Nullable Work done) {
        Work next;
        boolean wake;
        synchronized (waiting) {
            if (done == null) {
                waking = false;
            } else {
                if (!done.left) {
                    places.giveBack(done.task);
                }
            }
            next = poll();
            wake = next != null && !waking && mayAnyBegin();
            waking |= wake;
        }
        if (wake) {
            wake();
        }
        return next;
    }

    /** Takes a place for the next that waits and may have one; its task then is the last in turn. */
    private @Nullable Work poll() {
        for (Iterator<Map.Entry<String, Queue<Runnable>>> each =
                        waiting.entrySet().iterator();
                each.hasNext(); ) {
            Map.Entry<String, Queue<Runnable>> entry = each.next();
            String task = entry.getKey();
            if (places.take(task)) {
                Queue<Runnable> queue = entry.getValue();
                each.remove();
                Work work = new Work(task, queue.remove());
                waits--;
                if (!queue.isEmpty()) {
                    waiting.put(task, queue);
                }
                return work;
            }
        }
        return null;
    }

    private boolean mayAnyBegin() {
        for (String task : waiting.keySet()) {
            if (places.hasRoom(task)) {
                return true;
            }
        }
        return false;
    }

    /** How many wait for a thread. */
    int waiting() {
        return waits;
    }

    /** Executes nothing any more, and interrupts what runs. What waits is the caller's. */
    List<Runnable> close() {
        List<Runnable> left = new ArrayList<>();
        synchronized (waiting) {
            closed = true;
            waiting.values().forEach(left::addAll);
            waiting.clear();
            waits = 0;
        }
        threads.shutdownNow();
        return left;
    }
}
