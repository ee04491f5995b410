package org.hatask.link;

import java.time.Duration;

/** When to give a sign of life, and whether this process itself was asleep. Owned by the timer's thread. */
final class Heartbeats {

    /** Ticks per interval: how much later than the limit a silent peer may be found out. */
    private static final int TICKS = 4;

    private final long intervalNanos;
    private long lastTick;
    private long nextBeat;

    Heartbeats(Duration interval, long now) {
        this.intervalNanos = interval.toNanos();
        this.lastTick = now;
        this.nextBeat = now;
    }

    long periodNanos() {
        return Math.max(1, intervalNanos / TICKS);
    }

    /**
     * Whether this tick is late by more than an interval. Such a process was paused (stopped, swapped out, a long collection)
     * and could not hear its peers either, so their silence means nothing. To be asked once per tick.
     */
    boolean wasPaused(long now) {
        long late = now - lastTick - periodNanos();
        lastTick = now;
        return late > intervalNanos;
    }

    /** Whether to give a sign of life now. */
    boolean isDue(long now) {
        if (now - nextBeat < 0) {
            return false;
        }
        nextBeat = now + intervalNanos - periodNanos() / 2;
        return true;
    }
}
