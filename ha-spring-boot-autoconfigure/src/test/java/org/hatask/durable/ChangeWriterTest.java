package org.hatask.durable;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.lang.reflect.Proxy;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.hatask.TaskState;
import org.hatask.TaskStoreException;
import org.hatask.durable.FlakyStore.Line;
import org.hatask.execute.TaskDefinition;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.mockito.Mockito;

@Timeout(60)
class ChangeWriterTest {

    private static final String WORKER = "w.1";
    private static final Lease LEASE = new Lease(WORKER, "n1");

    private final MemoryTaskStore store = new MemoryTaskStore(Clock.systemUTC(), 1000);
    private final FlakyStore flaky = new FlakyStore(store);
    private final ChangeWriter writer = new ChangeWriter(flaky.store(), "ha-durable-writer");

    @BeforeEach
    void register() {
        store.register(WORKER, Duration.ofMinutes(1));
    }

    @AfterEach
    void end() {
        writer.close();
    }

    private Held held(String id) {
        store.submit(List.of(
                TaskRecord.submitted(id, "task", "()void", "[]", store.now(), "n1", null, Duration.ZERO, null, 2)));
        TaskRecord pending = kept(id);
        TaskRecord leased = pending.leasedTo(LEASE);
        assertThat(store.replace(List.of(leased))).containsExactly(true);
        return new Held(WORKER, Mockito.mock(TaskDefinition.class), kept(id), 0);
    }

    private TaskRecord kept(String id) {
        return store.find(List.of(id)).get(0);
    }

    private CompletableFuture<Boolean> start(Held held) {
        return writer.change(held, record -> record.started(store.now(), 0));
    }

    private CompletableFuture<Boolean> succeed(Held held) {
        return writer.change(held, record -> record.succeeded(store.now(), "1"));
    }

    private static boolean get(CompletableFuture<Boolean> written) throws Exception {
        return written.get(20, TimeUnit.SECONDS);
    }

    @Test
    void changesOfOneTaskFollowEachOther() throws Exception {
        Held held = held("a");
        List<CompletableFuture<Boolean>> all = new ArrayList<>();
        all.add(start(held));
        for (int i = 0; i < 20; i++) {
            String text = "step " + i;
            all.add(writer.change(held, record -> record.reported(text, null)));
        }
        all.add(succeed(held));

        for (CompletableFuture<Boolean> one : all) {
            assertThat(get(one)).isTrue();
        }
        assertThat(kept("a").state()).isEqualTo(TaskState.SUCCEEDED);
        assertThat(kept("a").progress()).isEqualTo("step 19");
        assertThat(held.record()).isEqualTo(kept("a"));
    }

    @Test
    void writeWhoseAnswerGotLostIsRecognizedAndNotMadeTwice() throws Exception {
        Held held = held("a");
        flaky.set(Line.ANSWERS_LOST, "replace"::equals);
        CompletableFuture<Boolean> started = start(held);
        await().until(() -> kept("a").state() == TaskState.RUNNING);
        assertThat(started).isNotDone();

        flaky.set(Line.WHOLE);

        assertThat(get(started)).isTrue();
        assertThat(kept("a").attempts()).hasSize(1);
        assertThat(get(succeed(held))).isTrue();
        assertThat(kept("a").attempts()).hasSize(1);
    }

    @Test
    void whatCannotBeWrittenNowIsWrittenWhenTheStoreIsBack() throws Exception {
        Held held = held("a");
        Held other = held("b");
        get(start(held));
        flaky.set(Line.CUT);
        CompletableFuture<Boolean> ended = succeed(held);
        CompletableFuture<Boolean> begun = start(other);
        await().during(Duration.ofMillis(300)).until(() -> !ended.isDone() && !begun.isDone());

        flaky.set(Line.WHOLE);

        assertThat(get(ended)).isTrue();
        assertThat(get(begun)).isTrue();
        assertThat(kept("a").state()).isEqualTo(TaskState.SUCCEEDED);
        assertThat(kept("b").state()).isEqualTo(TaskState.RUNNING);
    }

    @Test
    void stepIsMadeFromWhatSomebodyElseHasWritten() throws Exception {
        Held held = held("a");
        get(start(held));
        store.replace(List.of(kept("a").cancel(store.now())));

        assertThat(get(writer.change(
                        held,
                        record -> record.cancelRequested()
                                ? record.cancelled(store.now())
                                : record.succeeded(store.now(), "1"))))
                .isTrue();
        assertThat(kept("a").state()).isEqualTo(TaskState.CANCELLED);
    }

    @Test
    void changeOfATaskInOtherHandsComesTooLate() throws Exception {
        Held held = held("a");
        get(start(held));
        store.replace(List.of(kept("a").lost(store.now(), "it died", 2)));
        store.replace(List.of(kept("a").leasedTo(new Lease("other.1", "n2"))));
        TaskRecord others = kept("a");

        assertThat(get(succeed(held))).isFalse();
        assertThat(kept("a")).isEqualTo(others);
    }

    @Test
    void changeOfATaskThatTheSameWorkerHoldsInALaterAttemptComesTooLate() throws Exception {
        Held held = held("a");
        get(start(held));
        store.replace(List.of(kept("a").lost(store.now(), "it died", 2)));
        store.replace(List.of(kept("a").leasedTo(LEASE)));
        store.replace(List.of(kept("a").started(store.now(), 0)));

        assertThat(get(succeed(held))).isFalse();
        assertThat(kept("a").state()).isEqualTo(TaskState.RUNNING);
    }

    @Test
    void taskThatTheStoreRefusesDoesNotHoldUpTheOthers() throws Exception {
        Held bad = held("a");
        Held good = held("b");
        get(start(bad));
        get(start(good));
        flaky.set(Line.CUT);
        CompletableFuture<Boolean> refused = writer.change(bad, record -> {
            throw new TaskStoreException("too large", null);
        });
        CompletableFuture<Boolean> written = succeed(good);
        flaky.set(Line.WHOLE);

        assertThatThrownBy(() -> get(refused)).isInstanceOf(ExecutionException.class);
        assertThat(get(written)).isTrue();
    }

    /** As where somebody keeps its row locked. */
    @Test
    void whatCannotBeWrittenForNowDoesNotHoldUpTheOthers() throws Exception {
        flaky.lock("a");
        flaky.set(Line.CUT);
        List<CompletableFuture<Boolean>> others = new ArrayList<>();
        CompletableFuture<Boolean> never = start(held("a"));
        for (String id : List.of("b", "c", "d")) {
            others.add(start(held(id)));
        }
        flaky.set(Line.WHOLE);

        for (CompletableFuture<Boolean> one : others) {
            assertThat(get(one)).isTrue();
        }
        assertThat(get(start(held("e")))).isTrue();
        assertThat(never).isNotDone();

        flaky.unlock();
        assertThat(writer.close(Duration.ofSeconds(20))).isTrue();
        assertThat(get(never)).isTrue();
    }

    @Test
    void closingWritesWhatIsLeftAndThenNothingMore() throws Exception {
        Held held = held("a");
        get(start(held));
        flaky.set(Line.CUT);
        CompletableFuture<Boolean> ended = succeed(held);
        await().until(() -> kept("a").state() == TaskState.RUNNING);
        flaky.set(Line.WHOLE);

        assertThat(writer.close(Duration.ofSeconds(20))).isTrue();

        assertThat(get(ended)).isTrue();
        assertThat(get(start(held))).isFalse();
    }

    @Test
    void closingDoesNotWaitForEverForAStoreThatIsGone() throws Exception {
        Held held = held("a");
        get(start(held));
        flaky.set(Line.CUT);
        CompletableFuture<Boolean> ended = succeed(held);

        assertThat(writer.close(Duration.ofMillis(200))).isFalse();

        assertThat(get(ended)).isFalse();
    }

    @Test
    void whoIsInterruptedWhileTheStoreFailsGivesUp() throws Exception {
        TaskStore gone = (TaskStore) Proxy.newProxyInstance(
                TaskStore.class.getClassLoader(), new Class<?>[] {TaskStore.class}, (proxy, method, arguments) -> {
                    Thread.currentThread().interrupt();
                    throw new StoreUnavailableException("gone", null);
                });
        Held held = held("a");

        try (ChangeWriter interrupted = new ChangeWriter(gone, "interrupted")) {
            assertThat(get(interrupted.change(held, record -> record.started(store.now(), 0))))
                    .isFalse();
        }
    }
}
