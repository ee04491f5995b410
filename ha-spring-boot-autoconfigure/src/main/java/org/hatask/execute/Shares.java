package org.hatask.execute;

import java.util.HashMap;
import java.util.Map;

/**
 * How many of some places each task may have. There are twice as many as one alone gets, and each gets at most half of what the
 * others leave free, rounded up. So whoever fills all that it may have, for however long, leaves as much to the next, half of
 * that to one after it, and so on; and where several want all, they end up with equal shares. Thread-safe.
 */
final class Shares {

    private final long all;
    private final Map<String, Integer> taken = new HashMap<>();
    private long sum;

    /** @param most that a task gets while no other has any, at least 1 */
    Shares(int most) {
        this.all = 2L * most;
    }

    /** Whether the task gets another place; it has to {@link #giveBack} that. */
    synchronized boolean take(String task) {
        if (!hasRoom(task)) {
            return false;
        }
        taken.merge(task, 1, Integer::sum);
        sum++;
        return true;
    }

    /** Whether the task would get another place now. */
    synchronized boolean hasRoom(String task) {
        int own = of(task);
        long others = sum - own;
        return own < (all - others + 1) / 2;
    }

    synchronized void giveBack(String task) {
        // Entries stay: there are no more than tasks.
        taken.merge(task, -1, Integer::sum);
        sum--;
    }

    synchronized int of(String task) {
        return taken.getOrDefault(task, 0);
    }
}
