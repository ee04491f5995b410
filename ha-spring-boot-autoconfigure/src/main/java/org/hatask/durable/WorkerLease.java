package org.hatask.durable;

import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.scheduling.concurrent.CustomizableThreadFactory;

/**
 * This node's registration as a worker: as long as it is renewed, what the node holds is its own. One lease for all its tasks,
 * renewed five times in its length by a thread that does nothing else, so that neither the number of tasks nor a slow one of
 * them matters.
 *
 * <p>The store counts the lease from when it hears of the renewal, this node from when it sent it, and only two thirds of it;
 * so this node knows before anybody else that its lease is over, without a comparison of clocks. A process that was paused
 * learns it at its next question.
 *
 * <p>The thread owns what is in it; everybody may ask.
 */
final class WorkerLease {

    private static final Logger log = LoggerFactory.getLogger(WorkerLease.class);
    private static final int RENEWALS = 5;

    private final TaskStore store;
    private final String incarnation;
    private final Duration length;
    private final LongSupplier nanoTime;
    private final Runnable changed;
    private final ScheduledExecutorService thread;
    private int registrations;
    private boolean troubled;
    private volatile @Nullable Proof proof;

    /**
     * @param worker the registration
     * @param provenNanos when its newest renewal that was answered had been sent
     * @param steadySinceNanos since when it has not been interrupted
     */
    private record Proof(String worker, long provenNanos, long steadySinceNanos) {}

    /** @param changed told, on the lease's thread, when there is another worker or the lease holds again */
    WorkerLease(TaskStore store, String incarnation, Duration length, LongSupplier nanoTime, Runnable changed) {
        this.store = store;
        this.incarnation = incarnation;
        this.length = length;
        this.nanoTime = nanoTime;
        this.changed = changed;
        CustomizableThreadFactory threads = new CustomizableThreadFactory("ha-durable-lease-");
        threads.setDaemon(true);
        this.thread = Executors.newSingleThreadScheduledExecutor(threads);
    }

    /** Which process has registered as this worker. */
    static String incarnationOf(String worker) {
        int dot = worker.lastIndexOf('.');
        return dot < 0 ? worker : worker.substring(0, dot);
    }

    void start() {
        thread.scheduleWithFixedDelay(this::renew, 0, length.toMillis() / RENEWALS, TimeUnit.MILLISECONDS);
    }

    private void renew() {
        try {
            Proof before = proof;
            long sent = nanoTime.getAsLong();
            boolean held = false;
            if (before != null && store.renew(before.worker(), length)) {
                // Judged by when the answer came: others may have waited for theirs as long.
                held = isHeld();
                proof = new Proof(before.worker(), sent, held ? before.steadySinceNanos() : sent);
            } else {
                if (before != null) {
                    log.warn(
                            "This node's lease on its durable tasks is over: other nodes may have taken them. It goes on as a new"
                                    + " worker");
                    proof = null;
                }
                String worker = incarnation + "." + ++registrations;
                sent = nanoTime.getAsLong();
                store.register(worker, length);
                proof = new Proof(worker, sent, sent);
            }
            if (troubled) {
                troubled = false;
                log.info("The lease on this node's durable tasks is renewed again");
            }
            if (!held) {
                changed.run();
            }
        } catch (RuntimeException | Error e) {
            // Whatever it is, the next renewal may do better; and without one nothing is started.
            if (!troubled) {
                troubled = true;
                log.warn("The lease on this node's durable tasks could not be renewed: {}", e.getMessage());
            }
        }
    }

    /** The worker as which this node may hold tasks now; null when its lease is not certain. */
    @Nullable
    String worker() {
        Proof current = proof;
        return current != null && nanoTime.getAsLong() - current.provenNanos() < length.toNanos() * 2 / 3
                ? current.worker()
                : null;
    }

    Duration length() {
        return length;
    }

    boolean isHeld() {
        return worker() != null;
    }

    /** Whether this worker's lease is certain now. */
    boolean isHeldBy(String worker) {
        return worker.equals(worker());
    }

    /** Whether the store has answered without a gap for as long as a lease lasts, so that others could have renewed theirs. */
    boolean isSteady() {
        Proof current = proof;
        return current != null && isHeld() && nanoTime.getAsLong() - current.steadySinceNanos() >= length.toNanos();
    }

    /** Ends the renewals, and then the registration. */
    void release() {
        thread.shutdownNow();
        try {
            if (!thread.awaitTermination(2, TimeUnit.SECONDS)) {
                log.debug("A renewal of the lease is still under way");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        Proof last = proof;
        proof = null;
        if (last != null) {
            try {
                store.release(last.worker());
            } catch (RuntimeException e) {
                log.warn(
                        "The lease on this node's durable tasks could not be given back and runs out by itself: {}",
                        e.getMessage());
            }
        }
    }
}
