package org.hatask.execute;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
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
        for (String task : List.of("a", "b", "c")) {
            await().atMost(LONG).until(() -> pool.waiting() == 0);
            pool.execute(task, this::hold);
        }
        for (String number : List.of("1", "2")) {
            List.of("b", "c", "d").forEach(task -> pool.execute(task, () -> done.add(task + number)));
        }
        await().atMost(LONG).until(() -> pool.waiting() == 6);

        leaveFirst.countDown();

        await().atMost(LONG).until(() -> pool.waiting() == 4 && done.size() == 2);
        assertThat(done).containsExactly("d1", "d2");
        leave.countDown();
        await().atMost(LONG).until(() -> done.size() == 6);
        assertThat(pool.waiting()).isZero();
    }

    @Test
    void whatMustNotWaitIsRefusedWhenItWouldHaveTo() {
        assertThat(pool.room("a")).isEqualTo(2);
        assertThat(pool.executeNow("a", this::hold)).isTrue();
        assertThat(pool.executeNow("a", this::hold)).isTrue();

        assertThat(pool.executeNow("a", () -> done.add("a"))).isFalse();
        assertThat(pool.room("a")).isZero();
        assertThat(pool.executeNow("b", () -> done.add("b"))).isTrue();
        await().atMost(LONG).until(() -> done.equals(List.of("b")));

        leave.countDown();
        await().atMost(LONG).until(() -> pool.executeNow("a", () -> done.add("a")));
    }

    @Test
    void whoLeavesHasAPlaceForOneMoreOfItsTask() {
        pool.execute("a", this::hold);
        Runnable leaving = new Runnable() {
            @Override
            public void run() {
                done.add("before " + pool.executeNow("a", () -> done.add("ran too early")));
                pool.leave(() -> {}); // Not its own.
                done.add("others " + pool.executeNow("a", () -> done.add("ran too early")));
                pool.leave(this);
                pool.leave(this);
                done.add("next " + pool.executeNow("a", () -> done.add("ran")));
                done.add("more " + pool.executeNow("a", () -> done.add("ran, too")));
            }
        };
        pool.execute("a", leaving);

        await().atMost(LONG).until(() -> done.size() == 5);
        assertThat(done).containsExactly("before false", "others false", "next true", "more false", "ran");
        await().atMost(LONG).until(() -> pool.room("a") == 1);
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

    /** Here a wake-up too few or a thread that ends too early leaves something waiting for ever. */
    @Test
    void whateverComesWhenThreadsAreAboutToRestIsExecuted() throws InterruptedException {
        for (int i = 0; i < 5000; i++) {
            CountDownLatch all = new CountDownLatch(12);
            for (int j = 0; j < 4; j++) {
                List.of("a", "b", "c").forEach(task -> pool.execute(task, all::countDown));
            }
            assertThat(all.await(10, TimeUnit.SECONDS)).isTrue();
        }
        assertThat(pool.waiting()).isZero();
    }

    @Test
    void oneThatTakesLongKeepsNoOtherThatCameWithItFromBeginning() throws InterruptedException {
        for (int i = 0; i < 2000; i++) {
            CountDownLatch begun = new CountDownLatch(3);
            CountDownLatch go = new CountDownLatch(1);
            for (String task : List.of("a", "b", "c")) {
                pool.execute(task, () -> {
                    begun.countDown();
                    hold(go);
                });
            }
            assertThat(begun.await(10, TimeUnit.SECONDS)).isTrue();
            go.countDown();
        }
    }

    @Test
    void closedAtAnyMomentItExecutesOrHandsBackEachThatItTook() throws InterruptedException {
        for (int i = 0; i < 500; i++) {
            FairPool closing = new FairPool(2, Executors.defaultThreadFactory());
            AtomicInteger executed = new AtomicInteger();
            AtomicInteger taken = new AtomicInteger();
            CountDownLatch enough = new CountDownLatch(i % 50);
            Thread sender = new Thread(() -> {
                try {
                    while (true) {
                        closing.execute("task" + taken.get() % 3, executed::incrementAndGet);
                        taken.incrementAndGet();
                        enough.countDown();
                    }
                } catch (RejectedExecutionException e) {
                    done.add("refused");
                }
            });
            sender.start();
            enough.await();
            int left = closing.close().size();
            sender.join();
            await().atMost(LONG)
                    .pollDelay(Duration.ZERO)
                    .pollInterval(Duration.ofMillis(1))
                    .until(() -> executed.get() + left == taken.get());
        }
        assertThat(done).hasSize(500);
    }

    @Test
    void aClosedPoolHandsBackWhatWaits() {
        List.of("a", "a", "a").forEach(task -> pool.execute(task, this::hold));
        await().atMost(LONG).until(() -> pool.waiting() == 1);

        List<Runnable> left = pool.close();

        assertThat(left).hasSize(1);
        assertThat(pool.waiting()).isZero();
    }
}
