package org.hatask.dispatch;

import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/** Counts the calls of one task made on this node, and keeps the durations of the last ones. Thread-safe, without locks. */
public final class TaskStatistics {

    private static final int KEPT = 1024;

    private final LongAdder calls = new LongAdder();
    private final LongAdder failures = new LongAdder();
    private final LongAdder retries = new LongAdder();
    private final AtomicLongArray lastNanos = new AtomicLongArray(KEPT);
    private final AtomicInteger next = new AtomicInteger();

    void finished(long nanos, boolean failed, int attempts) {
        calls.increment();
        if (failed) {
            failures.increment();
        }
        if (attempts > 1) {
            retries.add(attempts - 1L);
        }
        // Zero marks an unused place.
        lastNanos.set(next.getAndIncrement() & (KEPT - 1), Math.max(1, nanos));
    }

    /** The figures at this moment. */
    public Snapshot snapshot() {
        long[] sorted = new long[KEPT];
        int count = 0;
        for (int i = 0; i < KEPT; i++) {
            long nanos = lastNanos.get(i);
            if (nanos > 0) {
                sorted[count++] = nanos;
            }
        }
        Arrays.sort(sorted, 0, count);
        return new Snapshot(
                calls.sum(),
                failures.sum(),
                retries.sum(),
                percentile(sorted, count, 50),
                percentile(sorted, count, 99));
    }

    private static @Nullable Duration percentile(long[] sorted, int count, int percent) {
        return count == 0 ? null : Duration.ofNanos(sorted[Math.min(count - 1, count * percent / 100)]);
    }

    /**
     * @param calls finished calls
     * @param failures calls that ended in an exception
     * @param retries attempts beyond the first of a call
     * @param p50 median duration of the last calls, or null before the first
     * @param p99 99th percentile of the last calls, or null before the first
     */
    public record Snapshot(
            long calls,
            long failures,
            long retries,
            @Nullable Duration p50,
            @Nullable Duration p99) {}
}
