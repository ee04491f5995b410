package org.hatask.metrics;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.hatask.durable.TaskCounts;
import org.jspecify.annotations.Nullable;

/**
 * The last figures of the store of durable tasks. It is asked when somebody wants them and they are older than a while: then
 * once, whatever number of gauges wants them, and on a thread of its own. Who wants them waits for the store, but not for long,
 * and not at all while it has not answered the last time, or has failed. Its monitor guards all.
 */
final class DurableFigures {

    /** How long a scrape waits for the store, all its gauges together. */
    static final Duration PATIENCE = Duration.ofMillis(250);

    /** Figures that are older than so many times the usual are not shown. */
    static final int FORGOTTEN_AFTER = 6;

    private final Supplier<TaskCounts> store;
    private final Duration keep;
    private final Executor asking;
    private final LongSupplier nanoTime;
    private final long createdNanos;

    private @Nullable TaskCounts counts;
    private long countsNanos;
    private boolean asked;
    private long askedNanos;
    private boolean underWay;
    private boolean prompt = true;

    /**
     * @param store asked for the figures; may block and fail
     * @param keep how long figures are good
     * @param asking where the store is asked
     */
    DurableFigures(Supplier<TaskCounts> store, Duration keep, Executor asking, LongSupplier nanoTime) {
        this.store = store;
        this.keep = keep;
        this.asking = asking;
        this.nanoTime = nanoTime;
        this.createdNanos = nanoTime.getAsLong();
    }

    /** The figures; empty when there are none, or only very old ones. */
    Optional<TaskCounts> counts() {
        askWhenOld();
        synchronized (this) {
            long tooOld = keep.multipliedBy(FORGOTTEN_AFTER).toNanos();
            return nanoTime.getAsLong() - countsNanos > tooOld ? Optional.empty() : Optional.ofNullable(counts);
        }
    }

    /** How old the figures are; since the start when there have been none. */
    Duration age() {
        askWhenOld();
        synchronized (this) {
            return Duration.ofNanos(nanoTime.getAsLong() - (counts == null ? createdNanos : countsNanos));
        }
    }

    private void askWhenOld() {
        CompletableFuture<Void> answer = new CompletableFuture<>();
        boolean wait;
        synchronized (this) {
            long now = nanoTime.getAsLong();
            if (underWay || asked && now - askedNanos < keep.toNanos()) {
                return;
            }
            asked = true;
            askedNanos = now;
            underWay = true;
            wait = prompt;
        }
        try {
            asking.execute(() -> {
                ask();
                answer.complete(null);
            });
        } catch (RuntimeException e) {
            // This node is closing.
            answered(null);
            return;
        }
        if (wait) {
            await(answer);
        }
    }

    private void await(CompletableFuture<Void> answer) {
        try {
            answer.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            // Nobody waits for it any more; who asks when it has come gets it.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException e) {
            throw new IllegalStateException("It only ever completes", e);
        }
    }

    private void ask() {
        TaskCounts fresh = null;
        try {
            fresh = store.get();
        } catch (RuntimeException e) {
            // Whoever works with the store tells of its troubles.
        } finally {
            answered(fresh);
        }
    }

    private synchronized void answered(@Nullable TaskCounts fresh) {
        underWay = false;
        prompt = fresh != null;
        if (fresh != null) {
            counts = fresh;
            countsNanos = nanoTime.getAsLong();
        }
    }
}
