package org.hatask.execute;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class FairPoolTest {

    private static final Duration LONG = Duration.ofSeconds(10);

    private final CountDownLatch leave = new CountDownLatch(1);
    private final List<String> done = new CopyOnWriteArrayList<>();
    private final FairPool pool = new FairPool(2, Executors.defaultThreadFactory());

    @AfterEach
    void close() {
        leave.countDown();
        pool.close();
    }

    private void hold() {
        hold(leave);
    }

    private static void hold(CountDownLatch until) {
        try {
            until.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void whoHasLeastBeginsNextAndTheOthersWhenThereIsRoomForThem() {
        CountDownLatch leaveFirst = new CountDownLatch(1);
        pool.execute("a", () -> hold(leaveFirst));
        // With these all four places are taken.
        List.of("a", "b", "c").forEach(task -> pool.execute(task, this::hold));
        for (String number : List.of("1", "2")) {
            List.of("b", "c", "d").forEach(task -> pool.execute(task, () -> done.add(task + number)));
        }
        assertThat(pool.waiting()).isEqualTo(6);

        leaveFirst.countDown();

        await().atMost(LONG).until(() -> pool.waiting() == 4 && done.size() == 2);
        assertThat(done).containsExactly("d1", "d2");
        leave.countDown();
        await().atMost(LONG).until(() -> done.size() == 6);
        assertThat(pool.waiting()).isZero();
    }

    @Test
    void noTaskHasMoreThanItsShareWhileManyAreExecuted() {
        AtomicInteger[] running = {new AtomicInteger(), new AtomicInteger()};
        AtomicInteger ended = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        for (int i = 0; i < 2000; i++) {
            int task = i % 2;
            pool.execute("task" + task, () -> {
                most.accumulateAndGet(running[task].incrementAndGet(), Math::max);
                LockSupport.parkNanos(1000);
                running[task].decrementAndGet();
                ended.incrementAndGet();
            });
        }

        await().atMost(LONG).until(() -> ended.get() == 2000);
        assertThat(most.get()).isBetween(1, 2);
    }

    @Test
    void anInterruptThatATaskLeavesBehindDoesNotReachTheNext() {
        pool.execute("a", this::hold);
        pool.execute("a", () -> {
            hold();
            Thread.currentThread().interrupt();
        });
        pool.execute("a", () -> done.add("" + Thread.currentThread().isInterrupted()));
        pool.execute("a", () -> done.add("" + Thread.currentThread().isInterrupted()));

        leave.countDown();

        await().atMost(LONG).until(() -> done.size() == 2);
        assertThat(done).containsOnly("false");
    }

    @Test
    void aClosedPoolHandsBackWhatWaits() {
        List.of("a", "a", "a").forEach(task -> pool.execute(task, this::hold));

        List<Runnable> left = pool.close();

        assertThat(left).hasSize(1);
        assertThat(pool.waiting()).isZero();
    }
}
