package org.hatask.durable.zookeeper;

import java.time.Instant;
import java.util.function.LongSupplier;

/**
 * ZooKeeper's time, as learned from writes of one's own: the leader writes its time on each, and that is a moment between
 * sending and answer. In between this machine's monotonic clock counts on. Goes back only when ZooKeeper's clock was set back
 * by more than a second, or another server with another clock leads. Its monitor guards everything.
 */
final class StoreClock {

    private static final long MAX_HOLD_MILLIS = 1_000;

    private final LongSupplier nanoTime;
    private boolean known;
    private long millisAtZero;
    private long sampledNanos;
    private long last = Long.MIN_VALUE;

    StoreClock(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
    }

    /**
     * @param writtenMillis the time on the write
     * @param sentNanos when the write was sent, on the monotonic clock
     * @param answeredNanos when its answer was seen
     */
    synchronized void sample(long writtenMillis, long sentNanos, long answeredNanos) {
        // The leader's clock at the answer is between these two; what is believed stays if it may be true.
        long atLeast = writtenMillis - millis(answeredNanos);
        long atMost = writtenMillis + 1 - millis(sentNanos);
        millisAtZero = known ? Math.max(atLeast, Math.min(atMost, millisAtZero)) : atLeast;
        sampledNanos = answeredNanos;
        known = true;
    }

    synchronized boolean isKnown() {
        return known;
    }

    /** For how long nothing was learned; only when it is known. */
    synchronized long ageNanos() {
        return nanoTime.getAsLong() - sampledNanos;
    }

    synchronized Instant now() {
        long estimate = millisAtZero + millis(nanoTime.getAsLong());
        if (estimate > last || last - estimate > MAX_HOLD_MILLIS) {
            last = estimate;
        }
        return Instant.ofEpochMilli(last);
    }

    private static long millis(long nanos) {
        return Math.floorDiv(nanos, 1_000_000);
    }
}
