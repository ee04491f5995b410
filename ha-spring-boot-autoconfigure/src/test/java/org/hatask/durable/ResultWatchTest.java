package org.hatask.durable;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import org.hatask.HaException;
import org.junit.jupiter.api.Test;

class ResultWatchTest {

    private final MemoryTaskStore store = new MemoryTaskStore(Clock.systemUTC(), 1000);
    private final List<Runnable> callbacks = new ArrayList<>();
    private final AtomicLong nanos = new AtomicLong();
    private final ResultWatch watch = new ResultWatch(store, callbacks::add, nanos::get);

    private TaskRecord submit(String id) {
        return store.submit(List.of(TaskRecord.submitted(
                        id, "task", "()void", "[]", store.now(), "n1", null, Duration.ZERO, null, 1)))
                .get(0);
    }

    @Test
    void endIsHandedOverOnceHoweverLongTheCallbacksTake() {
        TaskRecord task = submit("t");
        CompletableFuture<TaskRecord> first = watch.end("t");
        CompletableFuture<TaskRecord> second = watch.end("t");
        store.replace(List.of(task.cancel(store.now())));

        for (int i = 0; i < 10; i++) {
            nanos.addAndGet(Duration.ofSeconds(1).toNanos());
            watch.look();
        }
        assertThat(callbacks).hasSize(2);

        callbacks.forEach(Runnable::run);
        assertThat(first).isCompletedWithValueMatching(end -> end.id().equals("t"));
        assertThat(second).isCompleted();
    }

    @Test
    void unknownTaskIsToldOnceAfterAMoment() {
        CompletableFuture<TaskRecord> end = watch.end("nobody");
        watch.look();
        assertThat(callbacks).isEmpty();

        for (int i = 0; i < 10; i++) {
            nanos.addAndGet(Duration.ofSeconds(1).toNanos());
            watch.look();
        }
        assertThat(callbacks).hasSize(1);

        callbacks.get(0).run();
        assertThat(end).isCompletedExceptionally();
    }

    /** Also what the callbacks have and do not get to. */
    @Test
    void whoStillWaitsAtTheEndIsTold() {
        TaskRecord task = submit("t");
        CompletableFuture<TaskRecord> end = watch.end("t");
        store.replace(List.of(task.cancel(store.now())));
        watch.look();

        watch.close();

        assertThat(end).isCompletedExceptionally();
        assertThat(watch.end("t"))
                .failsWithin(Duration.ofSeconds(1))
                .withThrowableThat()
                .havingCause()
                .isInstanceOf(HaException.class);
    }
}
