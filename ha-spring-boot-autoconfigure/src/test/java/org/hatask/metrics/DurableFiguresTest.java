package org.hatask.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.hatask.TaskState;
import org.hatask.durable.StoreUnavailableException;
import org.hatask.durable.TaskCounts;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A scrape costs the store little, and the store costs a scrape little. On a clock that only the test moves. */
class DurableFiguresTest {

    private static final Duration KEEP = Duration.ofSeconds(10);

    private final ExecutorService asking = Executors.newSingleThreadExecutor();
    private final AtomicLong nanos = new AtomicLong();
    private final AtomicInteger asked = new AtomicInteger();
    private volatile CountDownLatch hanging = new CountDownLatch(0);
    private volatile boolean down;
    private final DurableFigures figures = new DurableFigures(this::ask, KEEP, asking, nanos::get);

    private TaskCounts ask() {
        int number = asked.incrementAndGet();
        try {
            hanging.await(60, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (down) {
            throw new StoreUnavailableException("down", null);
        }
        return new TaskCounts(Map.of(TaskState.PENDING, (long) number), null, 0);
    }

    @AfterEach
    void end() {
        hanging.countDown();
        asking.shutdownNow();
    }

    private long pending() {
        return figures.counts()
                .map(counts -> counts.byState().get(TaskState.PENDING))
                .orElse(-1L);
    }

    @Test
    void theFirstScrapeHasFiguresAlready() {
        assertThat(pending()).isOne();
    }

    @Test
    void theStoreIsAskedOnceForAllGaugesAndNotAgainWhileTheFiguresAreGood() {
        for (int i = 0; i < 20; i++) {
            assertThat(pending()).isOne();
            assertThat(figures.age()).isZero();
        }
        nanos.addAndGet(KEEP.toNanos() - 1);
        assertThat(pending()).isOne();

        nanos.addAndGet(1);

        assertThat(pending()).isEqualTo(2);
        assertThat(asked).hasValue(2);
    }

    @Test
    void aScrapeDoesNotWaitLongForAStoreThatHangsNorASecondTime() {
        pending();
        hanging = new CountDownLatch(1);
        nanos.addAndGet(KEEP.toNanos());

        long start = System.nanoTime();
        assertThat(pending()).isOne();
        for (int i = 0; i < 1000; i++) {
            nanos.addAndGet(KEEP.toNanos() / 1000);
            assertThat(pending()).isOne();
        }

        // A single patience, and no other question while the first is not answered.
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(10));
        assertThat(asked).hasValue(2);
        assertThat(figures.age()).isEqualTo(KEEP.multipliedBy(2));
        hanging.countDown();
        await().until(() -> pending() == 3);
    }

    @Test
    void nobodyWaitsForAStoreThatHasFailed() {
        down = true;
        pending();
        Duration shortest = Duration.ofDays(1);
        for (int i = 0; i < 5; i++) {
            // The failure of the last time is there before the store hangs.
            int before = asked.get();
            nanos.addAndGet(KEEP.toNanos());
            hanging = new CountDownLatch(1);

            long start = System.nanoTime();
            pending();
            Duration took = Duration.ofNanos(System.nanoTime() - start);

            shortest = took.compareTo(shortest) < 0 ? took : shortest;
            await().until(() -> asked.get() > before);
            hanging.countDown();
            awaitAnswer();
        }
        assertThat(shortest).isLessThan(DurableFigures.PATIENCE);
    }

    /** One thread asks: when it does something else, it has heard the answer. */
    private void awaitAnswer() {
        assertThat(CompletableFuture.runAsync(() -> {}, asking)).succeedsWithin(Duration.ofSeconds(30));
    }

    @Test
    void theLastFiguresStayForAWhileWhenTheStoreIsDown() {
        pending();
        down = true;

        nanos.addAndGet(KEEP.multipliedBy(DurableFigures.FORGOTTEN_AFTER).toNanos());
        assertThat(pending()).isOne();
        assertThat(figures.age()).isEqualTo(KEEP.multipliedBy(DurableFigures.FORGOTTEN_AFTER));
        nanos.addAndGet(1);
        assertThat(figures.counts()).isEmpty();

        down = false;
        nanos.addAndGet(KEEP.toNanos());
        await().until(() -> pending() > 1);
        assertThat(figures.age()).isZero();
    }

    @Test
    void theAgeCountsFromTheStartWhenThereNeverWereFigures() {
        down = true;
        assertThat(figures.counts()).isEmpty();

        nanos.addAndGet(KEEP.toNanos() / 2);

        assertThat(figures.age()).isEqualTo(KEEP.dividedBy(2));
        assertThat(figures.counts()).isEmpty();
    }
}
