package org.hatask.execute;

import java.time.Duration;

/**
 * How long a refused caller should stay away: until about half of what waits now is done, at the pace of the last seconds.
 * The pace is measured only while all threads are busy, since an idle node says nothing about how fast it is. Owned by
 * the thread that calls {@link #observe}; {@link #comeBackAfter} may be called by any.
 */
final class BusyEstimate {

    static final Duration SHORTEST = Duration.ofMillis(10);
    static final Duration LONGEST = Duration.ofSeconds(5);
    private static final long WINDOW_NANOS = Duration.ofSeconds(2).toNanos();

    /** Where the measurement began. */
    private record Mark(long nanos, long completed) {}

    private volatile Mark start;
    private Mark next;

    BusyEstimate(long now) {
        this.start = new Mark(now, 0);
        this.next = start;
    }

    /**
     * Called several times a second.
     *
     * @param allBusy whether every thread is busy
     */
    void observe(long now, long completed, boolean allBusy) {
        if (!allBusy) {
            next = new Mark(now, completed);
            start = next;
        } else if (now - next.nanos() > WINDOW_NANOS) {
            start = next;
            next = new Mark(now, completed);
        }
    }

    /**
     * @param completed attempts that ended since the node started
     * @param queued attempts that wait
     */
    Duration comeBackAfter(long now, long completed, int queued) {
        Mark begin = start;
        long elapsed = Math.max(0, now - begin.nanos());
        long done = completed - begin.completed();
        // As long as nothing has ended, one takes at least that long.
        double nanos = done <= 0 ? elapsed : (double) elapsed / done * (queued / 2 + 1);
        return Duration.ofNanos((long) Math.max(SHORTEST.toNanos(), Math.min(LONGEST.toNanos(), nanos)));
    }
}
