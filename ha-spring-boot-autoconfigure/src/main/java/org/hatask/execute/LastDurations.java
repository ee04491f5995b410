package org.hatask.execute;

import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLongArray;
import org.jspecify.annotations.Nullable;

/** The durations of the last so many events of a kind. Thread-safe, without locks. */
public final class LastDurations {

    private final AtomicLongArray lastNanos;
    private final AtomicInteger next = new AtomicInteger();

    /** @param kept how many are remembered, a power of two */
    public LastDurations(int kept) {
        this.lastNanos = new AtomicLongArray(kept);
    }

    public void add(long nanos) {
        // Zero marks an unused place.
        lastNanos.set(next.getAndIncrement() & (lastNanos.length() - 1), Math.max(1, nanos));
    }

    /** Those that are remembered, the shortest first. */
    public Sorted sorted() {
        long[] sorted = new long[lastNanos.length()];
        int count = 0;
        for (int i = 0; i < sorted.length; i++) {
            long nanos = lastNanos.get(i);
            if (nanos > 0) {
                sorted[count++] = nanos;
            }
        }
        Arrays.sort(sorted, 0, count);
        return new Sorted(sorted, count);
    }

    /** Durations in their order. */
    public static final class Sorted {

        private final long[] nanos;
        private final int count;

        private Sorted(long[] nanos, int count) {
            this.nanos = nanos;
            this.count = count;
        }

        /** The duration below which so many per cent are; null where there is none at all. */
        public @Nullable Duration percentile(int percent) {
            return count == 0 ? null : Duration.ofNanos(nanos[Math.min(count - 1, count * percent / 100)]);
        }
    }
}
