package org.hatask.zookeeper;

import java.time.Duration;

/**
 * How long a node that was deposed although it lives leaves the mastership to others. Twice as long each time, unless it has been
 * left alone for as long as it last waited. Not thread-safe.
 */
final class Yielding {

    private static final Duration LONGEST = Duration.ofMinutes(5);

    private final Duration first;
    private Duration last = Duration.ZERO;
    private long endNanos;

    Yielding(Duration first) {
        this.first = first;
    }

    void deposed(long nowNanos) {
        boolean again = !last.isZero() && nowNanos - endNanos < last.toNanos();
        Duration next = again ? last.multipliedBy(2) : first;
        last = next.compareTo(LONGEST) < 0 ? next : LONGEST;
        endNanos = nowNanos + last.toNanos();
    }

    boolean isOver(long nowNanos) {
        return last.isZero() || nowNanos - endNanos >= 0;
    }
}
