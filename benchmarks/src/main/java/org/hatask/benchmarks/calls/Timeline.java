package org.hatask.benchmarks.calls;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLong;

/** How many calls ended in each millisecond. Written by many threads. */
final class Timeline {

    private static final int WATCHED_MILLIS = 5000;

    private final long startNanos;
    private final AtomicIntegerArray ended;
    private final AtomicLong failed;
    private final AtomicLong slowestNanos;

    /** @param startNanos by the clock that all processes of a machine share: that of {@code System.nanoTime} on Linux */
    Timeline(long startNanos, int millis) {
        this(startNanos, new AtomicIntegerArray(millis), 0, 0);
    }

    private Timeline(long startNanos, AtomicIntegerArray ended, long failed, long slowestNanos) {
        this.startNanos = startNanos;
        this.ended = ended;
        this.failed = new AtomicLong(failed);
        this.slowestNanos = new AtomicLong(slowestNanos);
    }

    void ended(long startedNanos, long nowNanos) {
        int index = index(nowNanos);
        if (index < ended.length()) {
            ended.incrementAndGet(index);
        }
        slowestNanos.accumulateAndGet(nowNanos - startedNanos, Math::max);
    }

    void failed() {
        failed.incrementAndGet();
    }

    long failures() {
        return failed.get();
    }

    double slowestMillis() {
        return slowestNanos.get() / 1e6;
    }

    private int index(long nanos) {
        return (int) ((nanos - startNanos) / 1_000_000);
    }

    /** The longest time in which no call ended, in milliseconds, in the five seconds after the given time. */
    int longestGapAfter(long nanos) {
        int longest = 0;
        int gap = 0;
        for (int i = index(nanos); i < Math.min(ended.length(), index(nanos) + WATCHED_MILLIS); i++) {
            gap = ended.get(i) == 0 ? gap + 1 : 0;
            longest = Math.max(longest, gap);
        }
        return longest;
    }

    /** Calls per millisecond in the last second. */
    double atTheEnd() {
        return average(ended.length() - 1000, 1000);
    }

    /** Milliseconds after the given time until a tenth of a second begins that has this many calls per millisecond. */
    int millisUntil(double perMilli, long nanos) {
        int from = index(nanos);
        int window = 100;
        for (int i = from; i + window < ended.length(); i++) {
            if (average(i, window) >= perMilli) {
                return i - from;
            }
        }
        return ended.length() - from;
    }

    private double average(int from, int length) {
        int sum = 0;
        for (int i = from; i < from + length; i++) {
            sum += ended.get(i);
        }
        return (double) sum / length;
    }

    @Override
    public String toString() {
        StringBuilder counts = new StringBuilder();
        for (int i = 0; i < ended.length(); i++) {
            counts.append(i == 0 ? "" : ",").append(ended.get(i));
        }
        return startNanos + " " + failed + " " + slowestNanos + " " + counts;
    }

    static Timeline parse(String text) {
        String[] parts = text.split(" ");
        int[] counts =
                Arrays.stream(parts[3].split(",")).mapToInt(Integer::parseInt).toArray();
        return new Timeline(
                Long.parseLong(parts[0]),
                new AtomicIntegerArray(counts),
                Long.parseLong(parts[1]),
                Long.parseLong(parts[2]));
    }
}
