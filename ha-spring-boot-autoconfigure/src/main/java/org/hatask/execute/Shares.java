package org.hatask.execute;

import java.util.HashMap;
import java.util.Map;

/**
 * How many of some places each task may have. There are twice as many as one alone gets, and each gets at most half of what the
 * others leave free, rounded up. So whoever fills all that it may have, for however long, leaves as much to the next, half of
 * that to one after it, and so on; and where several want all, they end up with equal shares. Thread-safe.
 */
public final class Shares {

    private final long all;
    private final Map<String, Integer> taken = new HashMap<>();
    private long sum;

    /** @param most that a task gets while no other has any, at least 1 */
    public Shares(int most) {
        this.all = 2L * most;
    }

    /** Whether the task gets another place; it has to {@link #giveBack} that. */
    public synchronized boolean take(String task) {
        if (!hasRoom(task)) {
            return false;
        }
        add(task);
        return true;
    }

    /** The task has another place, whether that is its share or not. */
    public synchronized void add(String task) {
        taken.merge(task, 1, Integer::sum);
        sum++;
    }

    /** Whether the task would get another place now. */
    synchronized boolean hasRoom(String task) {
        return room(task) > 0;
    }

    /** How many more places the task would get now; less than zero when others have taken what it had more than its share. */
    public synchronized int room(String task) {
        int own = of(task);
        long others = sum - own;
        return (int) Math.min((all - others + 1) / 2 - own, Integer.MAX_VALUE);
    }

    public synchronized void giveBack(String task) {
        // Entries stay: there are no more than tasks.
        taken.merge(task, -1, Integer::sum);
        sum--;
    }

    public synchronized int of(String task) {
        return taken.getOrDefault(task, 0);
    }
}
