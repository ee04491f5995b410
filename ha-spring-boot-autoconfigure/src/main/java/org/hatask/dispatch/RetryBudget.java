package org.hatask.dispatch;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How many attempts beyond the first this node's calls may make, all tasks together: a share of the calls, and a few every
 * second. When everything fails, the load is then multiplied by one plus the share and not by the number of attempts.
 *
 * <p>A call costs one increment. The account is drawn up only when somebody wants an attempt, under this object's monitor:
 * the share is earned as if the calls since the last time had been spread evenly, and fades with a time constant of ten
 * seconds, so that a quiet hour does not pay for a storm. What is earned by the second can be saved for one second.
 */
public final class RetryBudget {

    private static final Logger log = LoggerFactory.getLogger(RetryBudget.class);
    private static final long WARNING_PAUSE_NANOS = Duration.ofSeconds(10).toNanos();
    private static final double FADE_SECONDS = 10;

    private final double share;
    private final double perSecond;
    private final LongSupplier nanoTime;
    private final LongAdder calls = new LongAdder();
    private final LongAdder denied = new LongAdder();
    private final AtomicLong warnedNanos;
    private long countedCalls;
    private long countedNanos;
    private double earnedByCalls;
    private double earnedByTime;

    /**
     * @param share attempts per call, 0.2 for 20 %
     * @param perSecond attempts per second that are there without any call
     */
    public RetryBudget(double share, int perSecond, LongSupplier nanoTime) {
        this.share = share;
        this.perSecond = perSecond;
        this.nanoTime = nanoTime;
        this.countedNanos = nanoTime.getAsLong();
        this.warnedNanos = new AtomicLong(countedNanos);
        this.earnedByTime = perSecond;
    }

    /** A call began. */
    void called() {
        calls.increment();
    }

    /** Pays for another attempt at once; false, and counted, when that is not possible. */
    boolean take() {
        boolean taken = takeNow();
        if (!taken) {
            deny();
        }
        return taken;
    }

    private synchronized boolean takeNow() {
        drawUp();
        if (earnedByCalls >= 1) {
            earnedByCalls -= 1;
            return true;
        }
        // The rest of the calls' share and of the second's may make a whole together.
        if (earnedByTime >= 1 - earnedByCalls) {
            earnedByTime -= 1 - earnedByCalls;
            earnedByCalls = 0;
            return true;
        }
        return false;
    }

    /**
     * Pays for another attempt from what will be earned by the second.
     *
     * @return when the attempt may be made, at most {@code atMost} from now; negative, and counted, when it cannot be
     */
    Duration reserve(Duration atMost) {
        Duration wait = reserveNow(atMost);
        if (wait.isNegative()) {
            deny();
        }
        return wait;
    }

    private synchronized Duration reserveNow(Duration atMost) {
        if (takeNow()) {
            return Duration.ZERO;
        }
        double missing = 1 - earnedByCalls - earnedByTime;
        if (perSecond == 0 || missing / perSecond > atMost.toNanos() / 1e9) {
            return Duration.ofNanos(-1);
        }
        earnedByTime -= 1 - earnedByCalls;
        earnedByCalls = 0;
        return Duration.ofNanos((long) Math.ceil(missing / perSecond * 1e9));
    }

    private void deny() {
        denied.increment();
        long now = nanoTime.getAsLong();
        long last = warnedNanos.get();
        if (now - last >= 0 && warnedNanos.compareAndSet(last, now + WARNING_PAUSE_NANOS)) {
            log.warn(
                    "The retry budget of this node ({}) is used up; {} attempts were not made since the start. Many calls fail at the"
                            + " moment: /actuator/ha/tasks counts them",
                    this,
                    denied.sum());
        }
    }

    private void drawUp() {
        long now = nanoTime.getAsLong();
        double seconds = Math.max(0, now - countedNanos) / 1e9;
        long called = calls.sum();
        double fading = seconds / FADE_SECONDS;
        double left = Math.exp(-fading);
        double kept = fading < 1e-6 ? 1 : (1 - left) / fading;
        earnedByCalls = earnedByCalls * left + share * (called - countedCalls) * kept;
        earnedByTime = Math.min(perSecond, earnedByTime + perSecond * seconds);
        countedCalls = called;
        countedNanos = now;
    }

    /** How many attempts were not made for want of budget. */
    public long denied() {
        return denied.sum();
    }

    /** How many attempts it would pay for now. */
    public synchronized double available() {
        drawUp();
        return Math.max(0, earnedByCalls + earnedByTime);
    }

    /** The budget in messages. */
    @Override
    public String toString() {
        return Math.round(share * 1000) / 10.0 + " % of the calls, at least " + (int) perSecond + " a second";
    }
}
