package org.hatask.benchmarks.durable;

import java.util.concurrent.atomic.AtomicInteger;

/** What every task does, whoever calls it: next to nothing. */
public final class Work {

    private static final AtomicInteger CALLS = new AtomicInteger();
    private static volatile long firstNanos;
    private static volatile long millis;

    private Work() {}

    /** The task. */
    public static void call(String argument) {
        if (CALLS.getAndIncrement() == 0) {
            firstNanos = System.nanoTime();
        }
        if (millis > 0) {
            sleep();
        }
    }

    private static void sleep() {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    static void takes(long newMillis) {
        millis = newMillis;
    }

    static void reset() {
        CALLS.set(0);
    }

    static int calls() {
        return CALLS.get();
    }

    /** When the first call since the reset was made. */
    static long firstNanos() {
        return firstNanos;
    }
}
