package org.hatask.dispatch;

import java.time.Duration;
import java.util.concurrent.atomic.LongAdder;
import org.hatask.execute.LastDurations;
import org.jspecify.annotations.Nullable;

/** Counts the calls of one task made on this node, and keeps the durations of the last ones. Thread-safe, without locks. */
public final class TaskStatistics {

    private static final int KEPT = 1024;

    private final LongAdder calls = new LongAdder();
    private final LongAdder failures = new LongAdder();
    private final LongAdder retries = new LongAdder();
    private final LastDurations last = new LastDurations(KEPT);

    void finished(long nanos, boolean failed, int attempts) {
        calls.increment();
        if (failed) {
            failures.increment();
        }
        if (attempts > 1) {
            retries.add(attempts - 1L);
        }
        last.add(nanos);
    }

    /** The figures at this moment. */
    public Snapshot snapshot() {
        LastDurations.Sorted durations = last.sorted();
        return new Snapshot(
                calls.sum(), failures.sum(), retries.sum(), durations.percentile(50), durations.percentile(99));
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
