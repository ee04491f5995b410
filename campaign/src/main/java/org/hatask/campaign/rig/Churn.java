package org.hatask.campaign.rig;

import java.time.Duration;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;

/** Starts a node, lets it live for some seconds, kills or stops it, and starts it again. A thread of its own does it. */
final class Churn implements AutoCloseable {

    private static final Duration TO_START = Duration.ofSeconds(60);
    private static final Duration TO_STOP = Duration.ofSeconds(20);

    private final Child node;
    private final BooleanSupplier answers;
    private final Random random;
    private final AtomicLong kills = new AtomicLong();
    private final AtomicLong stops = new AtomicLong();
    private final Thread thread = new Thread(this::run, "churn");
    private volatile boolean closed;

    /** @param answers whether the node works */
    Churn(Child node, BooleanSupplier answers, long seed) {
        this.node = node;
        this.answers = answers;
        this.random = new Random(seed);
        thread.setDaemon(true);
    }

    void start() {
        thread.start();
    }

    private void run() {
        while (!closed) {
            node.start();
            boolean worked = Waiting.until(TO_START, () -> closed || !node.isAlive() || answers.getAsBoolean())
                    && node.isAlive();
            Waiting.until(Duration.ofMillis(random.nextInt(1_000, 6_000)), () -> closed);
            if (random.nextInt(3) > 0) {
                node.kill9();
                kills.addAndGet(worked ? 1 : 0);
            } else {
                node.terminate();
                if (!node.awaitEnd(TO_STOP)) {
                    node.kill9();
                }
                stops.addAndGet(worked ? 1 : 0);
            }
        }
    }

    /** Of a node that worked. */
    long kills() {
        return kills.get();
    }

    /** Of a node that worked, in whatever way. */
    long ends() {
        return kills.get() + stops.get();
    }

    @Override
    public void close() {
        closed = true;
        try {
            thread.join(TO_STOP.plus(TO_STOP).toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
