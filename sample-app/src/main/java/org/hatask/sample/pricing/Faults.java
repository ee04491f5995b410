package org.hatask.sample.pricing;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.stereotype.Component;

/**
 * A fault of this node's valuations, for drills: they take longer, throw, or do not end. Exists only with
 * {@code desk.faults=true}. Thread-safe; the newest fault counts.
 */
@Component
@ConditionalOnProperty(name = "desk.faults", havingValue = "true")
public class Faults {

    private record Fault(Duration delay, boolean failure, CountDownLatch healed) {}

    private static final Duration FOR_EVER = Duration.ofDays(1);

    private volatile Fault fault;

    /** From now on every valuation takes this much longer. */
    public void delay(Duration delay) {
        set(new Fault(delay, false, new CountDownLatch(1)));
    }

    /** From now on every valuation throws. */
    public void fail() {
        set(new Fault(Duration.ZERO, true, new CountDownLatch(1)));
    }

    /** From now on no valuation ends, until the node is healed. */
    public void hang() {
        delay(FOR_EVER);
    }

    /** All is well again, and what hangs goes on. */
    public void heal() {
        set(null);
    }

    private synchronized void set(Fault next) {
        Fault before = fault;
        fault = next;
        if (before != null) {
            before.healed.countDown();
        }
    }

    /** Suffers the present fault, if there is one. */
    void strike() {
        Fault now = fault;
        if (now == null) {
            return;
        }
        if (now.failure) {
            throw new IllegalStateException("This node was told to fail");
        }
        try {
            now.healed.await(now.delay.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("This valuation was interrupted", e);
        }
    }
}
