package org.hatask.durable.zookeeper;

import java.util.function.LongSupplier;

/** How many tasks this node may submit: so many a second on average, and so many at once. Its monitor guards everything. */
final class SubmissionRate {

    private static final double NANOS_PER_SECOND = 1e9;

    private final int perSecond;
    private final int atOnce;
    private final LongSupplier nanoTime;
    private double left;
    private long filledNanos;

    SubmissionRate(int perSecond, int atOnce, LongSupplier nanoTime) {
        this.perSecond = perSecond;
        this.atOnce = atOnce;
        this.nanoTime = nanoTime;
        this.left = atOnce;
        this.filledNanos = nanoTime.getAsLong();
    }

    /** Takes all of them or none. */
    synchronized boolean take(int tasks) {
        long now = nanoTime.getAsLong();
        left = Math.min(atOnce, left + (now - filledNanos) / NANOS_PER_SECOND * perSecond);
        filledNanos = now;
        if (left < tasks) {
            return false;
        }
        left -= tasks;
        return true;
    }
}
