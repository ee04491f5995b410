package org.hatask.failure;

import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreaker.State;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig.SlidingWindowSynchronizationStrategy;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig.SlidingWindowType;
import io.github.resilience4j.core.IntervalFunction;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.hatask.NodeHealthChangedEvent.Status;
import org.hatask.cluster.Node;
import org.jspecify.annotations.Nullable;

/**
 * The judgement of one process: a circuit breaker of Resilience4j, and around it what that lacks. Created once for a process,
 * dropped with it. Its monitor guards everything; nothing is called from within but the breaker.
 *
 * <ul>
 *   <li>Every bad answer is an error to the breaker, slow or not, so there is one rate and not two.
 *   <li>Durations are normalised so that each task's own threshold is the breaker's.
 *   <li>Every change of the breaker's state begins a new generation, and an outcome counts only in the generation in which
 *       its call began: what was sent before the opening does not decide the return.
 *   <li>Time is the one passed in: the window and the quarantine are the breaker's, moved on by {@link #tick}.
 * </ul>
 */
final class NodeBreaker {

    /** The node gets no work now. */
    static final int DENIED = -1;

    /** The call is made for want of a better node, and tells nothing. */
    static final int UNCOUNTED = 0;

    private static final Duration UNIT = Duration.ofSeconds(1);
    private static final Duration UNREACHABLE_AFTER = Duration.ofSeconds(1);

    private final Node node;
    private final FailureSettings settings;
    private final LongSupplier nanoTime;
    private final CircuitBreaker breaker;

    private State state = State.CLOSED;
    private int generation = 1;
    private int probesLeft;
    private long sickSince;
    private @Nullable String reason;
    private boolean ramping;
    private long rampBegan;
    private int rampCredit;
    private long lastReached;
    private boolean unreachable;

    /** Written under the monitor of {@link NodeHealth} only. */
    private volatile boolean ejected;

    /** Whether nothing at all is wrong with it, readable without the monitor. */
    private volatile boolean plain = true;

    NodeBreaker(Node node, FailureSettings settings, LongSupplier nanoTime) {
        this.node = node;
        this.settings = settings;
        this.nanoTime = nanoTime;
        this.lastReached = nanoTime.getAsLong();
        this.breaker = CircuitBreaker.of(node.id() + "/" + node.incarnation(), config(settings, nanoTime));
    }

    private static CircuitBreakerConfig config(FailureSettings settings, LongSupplier nanoTime) {
        CircuitBreakerConfig.Builder config = CircuitBreakerConfig.custom()
                .slidingWindow(
                        (int) settings.window().toSeconds(), settings.minimumCalls(), SlidingWindowType.TIME_BASED)
                .failureRateThreshold(settings.badRate())
                .slowCallDurationThreshold(UNIT)
                .slowCallRateThreshold(100)
                .permittedNumberOfCallsInHalfOpenState(FailureSettings.PROBES)
                .waitIntervalFunctionInOpenState(
                        IntervalFunction.ofExponentialBackoff(settings.quarantine(), 2, settings.longestQuarantine()));
        try {
            return SinceVersion23.complete(config, settings, nanoTime).build();
        } catch (LinkageError olderVersion) {
            return config.build();
        }
    }

    /**
     * What Resilience4j has since 2.3. An application that imports Spring Cloud's BOM gets 2.2, whose windows are always
     * synchronised and which reads the system's clock; that only a test must be able to replace.
     */
    private static final class SinceVersion23 {

        static CircuitBreakerConfig.Builder complete(
                CircuitBreakerConfig.Builder config, FailureSettings settings, LongSupplier nanoTime) {
            // The lock-free window reads the system's clock whatever it is given.
            return config.slidingWindow(
                            (int) settings.window().toSeconds(),
                            settings.minimumCalls(),
                            SlidingWindowType.TIME_BASED,
                            SlidingWindowSynchronizationStrategy.SYNCHRONIZED)
                    .clock(new NanoClock(nanoTime));
        }
    }

    Node node() {
        return node;
    }

    // --- calls

    /**
     * A call is about to be made.
     *
     * @param anyway whether it is made in any case
     * @return its generation, {@link #UNCOUNTED} or {@link #DENIED}
     */
    synchronized int begin(boolean anyway) {
        if (state == State.CLOSED) {
            return generation;
        }
        if (state == State.HALF_OPEN && breaker.tryAcquirePermission()) {
            probesLeft--;
            return generation;
        }
        return anyway || !ejected ? UNCOUNTED : DENIED;
    }

    /**
     * What a call of this generation told.
     *
     * @return whether that changed the state
     */
    synchronized boolean record(int callGeneration, boolean bad, long tookNanos, long slowAfterNanos) {
        if (callGeneration != generation) {
            return false;
        }
        // With the task's own threshold as the unit.
        double normalised = (double) tookNanos / slowAfterNanos * UNIT.toNanos();
        long nanos = normalised < Long.MAX_VALUE ? (long) normalised : Long.MAX_VALUE;
        if (bad) {
            long counted = tookNanos > slowAfterNanos ? Math.max(nanos, UNIT.toNanos() + 1) : nanos;
            breaker.onError(counted, TimeUnit.NANOSECONDS, BadAnswer.INSTANCE);
        } else {
            breaker.onSuccess(Math.min(nanos, UNIT.toNanos()), TimeUnit.NANOSECONDS);
        }
        return moved();
    }

    /** A call of this generation told nothing: another may take its place as a probe. */
    synchronized void giveBack(int callGeneration) {
        if (callGeneration == generation && state == State.HALF_OPEN) {
            breaker.releasePermission();
            probesLeft++;
        }
    }

    /** Whether the node may get work now. A node that ramps up says so as often as is its share. */
    boolean takesNow() {
        return plain || takesNow(nanoTime.getAsLong());
    }

    private synchronized boolean takesNow(long now) {
        return isOpenForWork() && (!ramping || takesItsShare(now));
    }

    /** The same, whatever its share is. */
    synchronized boolean isOpenForWork() {
        return state == State.CLOSED || !ejected || state == State.HALF_OPEN && probesLeft > 0;
    }

    private boolean takesItsShare(long now) {
        rampCredit += share(now);
        if (rampCredit < 100) {
            return false;
        }
        rampCredit -= 100;
        return true;
    }

    private int share(long now) {
        return (int) Math.min(
                100,
                Math.max(
                        FailureSettings.RAMP_START,
                        (now - rampBegan) * 100 / settings.ramp().toNanos()));
    }

    // --- the passing of time, and what others know

    /** Lets time pass: answers leave the window, quarantines and ramps end. Whether that changed the state. */
    synchronized boolean tick() {
        if (state == State.CLOSED && breaker.getMetrics().getFailureRate() >= settings.badRate()) {
            // The breaker itself looks only when an answer comes, and not when good ones leave the window.
            breaker.transitionToOpenState();
        } else if (state == State.OPEN && breaker.tryAcquirePermission()) {
            breaker.releasePermission();
        }
        boolean moved = moved();
        if (ramping && share(nanoTime.getAsLong()) >= 100) {
            ramping = false;
            settle();
            return true;
        }
        return moved;
    }

    /** A task on it does not end: no work until {@link #acquit}. */
    synchronized boolean condemn(String why) {
        boolean news = !why.equals(reason) || state != State.FORCED_OPEN;
        if (state != State.FORCED_OPEN) {
            breaker.transitionToForcedOpenState();
            moved();
        }
        reason = why;
        return news;
    }

    /** What it was condemned for has ended: it returns through probes. */
    synchronized boolean acquit(String why) {
        if (state != State.FORCED_OPEN) {
            return false;
        }
        breaker.transitionToHalfOpenState();
        moved();
        reason = why;
        return true;
    }

    /** It was given up: no work for the time of a quarantine. */
    synchronized void quarantine(String why) {
        if (state != State.OPEN) {
            breaker.transitionToOpenState();
            moved();
            reason = why;
        }
    }

    /** It is a new process in place of one that was not well: begins with probes. */
    synchronized void beginProbing(String why) {
        breaker.transitionToForcedOpenState();
        breaker.transitionToHalfOpenState();
        sickSince = nanoTime.getAsLong();
        moved();
        reason = why;
    }

    /** Notices what the breaker has done. */
    private boolean moved() {
        State now = breaker.getState();
        if (now == state) {
            return false;
        }
        State before = state;
        state = now;
        generation++;
        probesLeft = now == State.HALF_OPEN ? FailureSettings.PROBES : 0;
        if (before == State.CLOSED) {
            sickSince = nanoTime.getAsLong();
            ramping = false;
        }
        if (now == State.CLOSED) {
            ramping = true;
            rampBegan = nanoTime.getAsLong();
            rampCredit = 0;
            reason = "it has answered " + FailureSettings.PROBES + " probes, its share of the work grows";
        } else if (now == State.HALF_OPEN) {
            reason = reason == null || before != State.OPEN ? "" : "its quarantine is over after " + reason;
        } else if (now == State.OPEN) {
            reason = badAnswers(before);
        }
        settle();
        return true;
    }

    private void settle() {
        plain = state == State.CLOSED && !ramping;
        if (plain) {
            reason = null;
        }
    }

    /** In words, from the window that the breaker keeps after opening. */
    private String badAnswers(State before) {
        CircuitBreaker.Metrics metrics = breaker.getMetrics();
        int bad = metrics.getNumberOfFailedCalls();
        int slow = metrics.getNumberOfSlowFailedCalls();
        String what = bad + " of " + metrics.getNumberOfBufferedCalls();
        String kinds = " were bad (" + slow + " too slow, " + (bad - slow) + " without an answer)";
        return before == State.HALF_OPEN
                ? what + " probes" + kinds
                : what + " calls within " + settings.window().toSeconds() + " s" + kinds;
    }

    // --- for the guard and for people

    /** Whether it would be left out, were it not for the guard. */
    synchronized boolean isSick() {
        return state != State.CLOSED;
    }

    /** Whether nothing at all is wrong with it. */
    boolean isPlain() {
        return plain;
    }

    synchronized long sickSince() {
        return sickSince;
    }

    void setEjected(boolean ejected) {
        this.ejected = ejected;
    }

    /** It may be reached, or need not be. */
    synchronized void reached() {
        lastReached = nanoTime.getAsLong();
        unreachable = false;
    }

    /** It cannot be reached. Known as such when that lasts: a node that stops in order is out of reach for a moment. */
    synchronized void notReached() {
        unreachable |= nanoTime.getAsLong() - lastReached >= UNREACHABLE_AFTER.toNanos();
    }

    synchronized boolean isUnreachable() {
        return unreachable;
    }

    /** What is wrong, with the status it shows. */
    synchronized Status status() {
        if (unreachable) {
            return Status.UNREACHABLE;
        }
        return switch (state) {
            case FORCED_OPEN -> Status.SUSPECT;
            case OPEN -> Status.SICK;
            case HALF_OPEN -> Status.PROBING;
            default -> ramping ? Status.RAMPING : Status.UP;
        };
    }

    synchronized @Nullable String reason() {
        if (unreachable) {
            return "this node could not reach it the last time it tried, or heard nothing of it";
        }
        String why = reason;
        return why != null && state != State.CLOSED && !ejected
                ? why + "; it gets work all the same, as too many would be left out"
                : why;
    }

    /** What the breaker is told of a bad answer; without a stack trace, as it is made once. */
    private static final class BadAnswer extends Exception {

        static final BadAnswer INSTANCE = new BadAnswer();

        private BadAnswer() {
            super("bad answer", null, false, false);
        }
    }

    /** The passed-in time as the breaker wants it. */
    private static final class NanoClock extends Clock {

        private final LongSupplier nanoTime;
        private final long start;

        NanoClock(LongSupplier nanoTime) {
            this.nanoTime = nanoTime;
            this.start = nanoTime.getAsLong();
        }

        @Override
        public Instant instant() {
            return Instant.ofEpochSecond(0, nanoTime.getAsLong() - start);
        }

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }
    }
}
