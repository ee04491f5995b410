package org.hatask.execute;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.hatask.HaTask;
import org.hatask.Role;
import org.hatask.StaleEpochException;
import org.hatask.TaskContext;
import org.hatask.cluster.Node;
import org.hatask.cluster.NodeState;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.mockito.Mockito;
import org.slf4j.MDC;
import org.springframework.beans.factory.support.StaticListableBeanFactory;

@Timeout(120)
class TaskExecutorTest {

    private static final Duration LONG = Duration.ofMinutes(1);

    static class Desk {

        final CountDownLatch entered = new CountDownLatch(1);
        final CountDownLatch leave = new CountDownLatch(1);
        final AtomicBoolean interrupted = new AtomicBoolean();
        final List<CompletableFuture<String>> futures = new CopyOnWriteArrayList<>();

        @HaTask
        public String hold(String text) throws InterruptedException {
            entered.countDown();
            try {
                leave.await();
            } catch (InterruptedException e) {
                interrupted.set(true);
                throw e;
            }
            return text;
        }

        @HaTask
        public String context() {
            TaskContext context = TaskContext.current();
            return context.taskName() + " " + context.taskId() + "#" + context.attempt() + " for "
                    + context.callerNode() + " " + context.epoch();
        }

        @HaTask(role = Role.MASTER)
        public long master() throws InterruptedException {
            entered.countDown();
            leave.await();
            return TaskContext.current().epoch().orElseThrow();
        }

        @HaTask
        public CompletableFuture<String> later() {
            CompletableFuture<String> future = new CompletableFuture<>();
            futures.add(future);
            return future;
        }
    }

    private final Desk desk = new Desk();
    private final AtomicLong heldEpoch = new AtomicLong();
    private Node self =
            new Node("n1", "i1", URI.create("http://localhost:1"), NodeState.UP, true, true, 1, null, Instant.EPOCH);
    private final StaticListableBeanFactory beans = new StaticListableBeanFactory();
    private final Recorder recorder = new Recorder();
    private final TaskExecutor executor;

    TaskExecutorTest() {
        beans.addBean("bean", desk);
        executor = new TaskExecutor(
                new ExecutorSettings(1, 1),
                heldEpoch::get,
                () -> self,
                new TaskInvoker(beans),
                System::nanoTime,
                recorder);
    }

    @AfterEach
    void close() {
        desk.leave.countDown();
        executor.close();
    }

    private static Attempt attempt(String method) {
        return attempt(method, LONG, 0);
    }

    private static Attempt attempt(String method, Duration time, long epoch) {
        return new Attempt(Tasks.of(Desk.class, method), "t1", 1, epoch, System.nanoTime() + time.toNanos(), "n7");
    }

    private static Map<String, String> logContext() {
        Map<String, String> context = MDC.getCopyOfContextMap();
        return context == null ? Map.of() : context;
    }

    @Test
    void theLogNamesTheAttemptWhileItsMethodRuns() {
        heldEpoch.set(7);
        executor.admitMasterTasks(7);
        List<Map<String, String>> seen = new ArrayList<>();
        Attempt outer = attempt("master", LONG, 7);
        Attempt inner = new Attempt(Tasks.of(Desk.class, "context"), "t2", 3, 0, outer.deadlineNanos(), "n7");
        // Whatever other tests have left there: ZooKeeper's servers leave their number.
        MDC.setContextMap(Map.of("request", "r1"));
        try {
            executor.runInPlace(outer, () -> {
                seen.add(logContext());
                executor.runInPlace(inner, () -> {
                    seen.add(logContext());
                    throw new IOException("from the method");
                });
                seen.add(logContext());
                return null;
            });
            seen.add(logContext());
        } finally {
            MDC.clear();
        }

        Map<String, String> ofOuter = Map.of(
                "request", "r1",
                "ha.task.name", "bean.master",
                "ha.task.id", "t1",
                "ha.task.attempt", "1",
                "ha.epoch", "7");
        Map<String, String> ofInner =
                Map.of("request", "r1", "ha.task.name", "bean.context", "ha.task.id", "t2", "ha.task.attempt", "3");
        assertThat(seen).containsExactly(ofOuter, ofInner, ofOuter, Map.of("request", "r1"));
    }

    @Test
    void aTaskRunsWithItsContext() {
        assertThat(executor.submit(attempt("context"), () -> new Object[0]))
                .succeedsWithin(LONG)
                .isEqualTo(new Outcome.Succeeded("bean.context t1#1 for n7 OptionalLong.empty"));
        assertThat(TaskContext.find()).isEmpty();
    }

    @Test
    void inPlaceMeansOnTheCallersThread() {
        Thread caller = Thread.currentThread();

        assertThat(executor.runInPlace(attempt("context"), Thread::currentThread)
                        .join())
                .isEqualTo(new Outcome.Succeeded(caller));
        assertThat(executor.inFlight()).isZero();
    }

    @Test
    void whatTheMethodThrowsIsAFailure() {
        IllegalStateException error = new IllegalStateException("x");

        assertThat(executor.runInPlace(attempt("context"), () -> {
                            throw error;
                        })
                        .join())
                .isInstanceOfSatisfying(Outcome.Failed.class, failed -> {
                    assertThat(failed.error()).isSameAs(error);
                    assertThat(failed.typeNames()).contains(RuntimeException.class.getName());
                });
    }

    @Test
    void aFullQueueRefusesInsteadOfGrowing() throws InterruptedException {
        CompletableFuture<Outcome> running = executor.submit(attempt("hold"), () -> new Object[] {"a"});
        desk.entered.await();
        CompletableFuture<Outcome> waiting = executor.submit(attempt("hold"), () -> new Object[] {"b"});

        assertRefused(executor.submit(attempt("hold"), () -> new Object[] {"c"}), Refusal.BUSY);

        desk.leave.countDown();
        assertThat(running).succeedsWithin(LONG).isEqualTo(new Outcome.Succeeded("a"));
        assertThat(waiting).succeedsWithin(LONG).isEqualTo(new Outcome.Succeeded("b"));
    }

    @Test
    void aTaskThatFillsItsThreadsAndItsQueueKeepsNoOtherFromBeingExecuted() throws InterruptedException {
        executor.submit(attempt("hold"), () -> new Object[] {"a"});
        desk.entered.await();
        CompletableFuture<Outcome> waiting = executor.submit(attempt("hold"), () -> new Object[] {"b"});

        for (int i = 0; i < 10; i++) {
            assertThat(executor.submit(attempt("context"), () -> new Object[0]))
                    .succeedsWithin(LONG)
                    .isInstanceOf(Outcome.Succeeded.class);
        }
        assertThat(waiting).isNotDone();
        assertThat(executor.queued()).isOne();
    }

    @Test
    void aBusyNodeSaysWhenToComeBack() throws InterruptedException {
        executor.submit(attempt("hold"), () -> new Object[] {"a"});
        desk.entered.await();
        executor.submit(attempt("hold"), () -> new Object[] {"b"});

        assertThat(executor.submit(attempt("hold"), () -> new Object[] {"c"}))
                .succeedsWithin(LONG)
                .isInstanceOfSatisfying(Outcome.Refused.class, refused -> assertThat(refused.comeBackAfter())
                        .isBetween(BusyEstimate.SHORTEST, BusyEstimate.LONGEST));
    }

    @Test
    void futuresThatHoldNoThreadAreBoundedAllTheSame() {
        List<CompletableFuture<Outcome>> running = List.of(
                executor.submit(attempt("later"), () -> new Object[0]),
                executor.submit(attempt("later"), () -> new Object[0]));
        await().atMost(LONG).until(() -> desk.futures.size() == 2);

        assertRefused(executor.submit(attempt("later"), () -> new Object[0]), Refusal.BUSY);

        desk.futures.forEach(future -> future.complete("x"));
        assertThat(running).allSatisfy(outcome -> assertThat(outcome).succeedsWithin(LONG));
        assertThat(executor.submit(attempt("context"), () -> new Object[0]))
                .succeedsWithin(LONG)
                .isInstanceOf(Outcome.Succeeded.class);
    }

    @Test
    void anOverdueTaskIsInterruptedAndItsOutcomeUnknown() {
        CompletableFuture<Outcome> outcome =
                executor.submit(attempt("hold", Duration.ofSeconds(1), 0), () -> new Object[] {"a"});

        assertThat(outcome).succeedsWithin(LONG).isInstanceOfSatisfying(Outcome.Unknown.class, unknown -> assertThat(
                        unknown.timedOut())
                .isTrue());
        assertThat(desk.interrupted).isTrue();
    }

    @Test
    void anInterruptOfATaskNeverReachesItsCallersThread() {
        executor.runInPlace(attempt("hold", Duration.ofMillis(60), 0), () -> {
                    while (!TaskContext.current().isCancelled()) {
                        Thread.onSpinWait();
                    }
                    return "ignored the interrupt";
                })
                .join();

        assertThat(Thread.currentThread().isInterrupted()).isFalse();
    }

    @Test
    void whatComesTooLateIsNotStarted() {
        assertRefused(executor.submit(attempt("context", Duration.ZERO, 0), () -> new Object[0]), Refusal.TOO_LATE);
    }

    @Test
    void whatHasArgumentsThatCannotBeReadIsNotStarted() {
        assertThat(executor.submit(attempt("hold"), () -> {
                    throw new CodecException("argument 1 does not fit", new IllegalArgumentException());
                }))
                .succeedsWithin(LONG)
                .isEqualTo(new Outcome.Refused(Refusal.BAD_ARGUMENTS, "argument 1 does not fit"));
        assertThat(executor.submit(attempt("hold"), () -> {
                    throw new NoClassDefFoundError("of the application");
                }))
                .succeedsWithin(LONG)
                .isEqualTo(new Outcome.Refused(
                        Refusal.BAD_ARGUMENTS, "reading them ended with java.lang.NoClassDefFoundError"));

        assertThat(executor.inFlight()).isZero();
        assertThat(executor.submit(attempt("context"), () -> new Object[0])).succeedsWithin(LONG);
    }

    @Test
    void argumentsThatTakeTheirTimeToBeReadHoldUpNoOtherTaskAndEndWithTheirOwn() {
        CompletableFuture<Outcome> slow = executor.submit(attempt("hold"), () -> {
            try {
                new CountDownLatch(1).await();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
            return new Object[0];
        });

        assertThat(executor.submit(attempt("context"), () -> new Object[0])).succeedsWithin(LONG);
        assertThat(slow).isNotDone();
        executor.cancel("t1", 1, "test");

        assertThat(slow).succeedsWithin(LONG).isInstanceOf(Outcome.Cancelled.class);
        assertThat(desk.entered.getCount()).isOne();
        assertThat(executor.submit(attempt("hold", Duration.ofMillis(100), 0), () -> {
                    LockSupport.parkNanos(LONG.toNanos());
                    throw new IllegalStateException("interrupted");
                }))
                .succeedsWithin(LONG)
                .isInstanceOfSatisfying(Outcome.Refused.class, refused -> assertThat(refused.refusal())
                        .isEqualTo(Refusal.TOO_LATE));
    }

    /** The lease may run out without a word, or the end of the mastership be told to a type that takes no notice. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aTaskOfTheMasterIsNotStartedWhenTheMastershipEndsWhileItsArgumentsAreRead(boolean told) throws Exception {
        heldEpoch.set(4);
        executor.admitMasterTasks(4);
        CountDownLatch reading = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        CompletableFuture<Outcome> outcome = executor.submit(attempt("master", LONG, 4), () -> {
            reading.countDown();
            while (goOn.getCount() > 0) {
                LockSupport.parkNanos(1_000_000);
            }
            return new Object[0];
        });
        reading.await();

        if (told) {
            executor.stopMasterTasks(4);
        } else {
            heldEpoch.set(0);
        }
        goOn.countDown();

        assertRefused(outcome, Refusal.NOT_MASTER);
        assertThat(desk.entered.getCount()).isOne();
        assertThat(executor.inFlight()).isZero();
    }

    @Test
    void whatWaitedTooLongInTheQueueIsNotStarted() throws InterruptedException {
        executor.submit(attempt("hold"), () -> new Object[] {"a"});
        desk.entered.await();
        Attempt late = attempt("hold", Duration.ofMillis(200), 0);
        CompletableFuture<Outcome> waiting = executor.submit(late, () -> new Object[] {"b"});

        // And whoever asked for it is told before there is a thread for it.
        assertRefused(waiting, Refusal.TOO_LATE);
        assertThat(executor.queued()).isZero();
        CompletableFuture<Outcome> next = executor.submit(attempt("hold"), () -> new Object[] {"c"});

        desk.leave.countDown();

        assertThat(next).succeedsWithin(LONG).isEqualTo(new Outcome.Succeeded("c"));
    }

    @Test
    void anAttemptOfADurableTaskDoesNotWaitHereWhileItsTimeGoesBy() throws InterruptedException {
        Journal journal = Mockito.mock(Journal.class);
        CompletableFuture<Outcome> first = executor.submit(attempt("hold"), () -> new Object[] {"a"}, journal);
        desk.entered.await();
        assertThat(executor.room("bean.hold")).isZero();

        assertRefused(executor.submit(attempt("hold"), () -> new Object[] {"b"}, journal), Refusal.BUSY);

        desk.leave.countDown();
        assertThat(first).succeedsWithin(LONG).isEqualTo(new Outcome.Succeeded("a"));
        await().atMost(LONG).until(() -> executor.room("bean.hold") == 1);
        assertThat(executor.submit(attempt("hold"), () -> new Object[] {"c"}, journal))
                .succeedsWithin(LONG)
                .isEqualTo(new Outcome.Succeeded("c"));
    }

    @Test
    void aCallerThatGivesUpInterruptsTheTask() throws InterruptedException {
        CompletableFuture<Outcome> outcome = executor.submit(attempt("hold"), () -> new Object[] {"a"});
        desk.entered.await();

        executor.cancel("t1", 1, "test");

        assertThat(outcome).succeedsWithin(LONG).isInstanceOf(Outcome.Cancelled.class);
        assertThat(desk.interrupted).isTrue();
    }

    @Test
    void aTaskWhoseCallerHasLeftIsInterruptedAndWhatWaitsForItIsNotStarted() throws InterruptedException {
        CompletableFuture<Outcome> running = executor.submit(attempt("hold"), () -> new Object[] {"a"});
        desk.entered.await();
        Attempt other = new Attempt(Tasks.of(Desk.class, "hold"), "t2", 1, 0, System.nanoTime() + LONG.toNanos(), "n7");
        CompletableFuture<Outcome> waiting = executor.submit(other, () -> new Object[] {"b"});

        executor.callerGone(attempt -> attempt.callerNode().equals("n8"));
        assertThat(desk.interrupted).isFalse();
        executor.callerGone(attempt -> attempt.callerNode().equals("n7"));

        assertThat(running).succeedsWithin(LONG).isInstanceOfSatisfying(Outcome.Unknown.class, unknown -> {
            assertThat(unknown.timedOut()).isFalse();
            assertThat(unknown.reason()).contains("its caller had left");
        });
        assertThat(desk.interrupted).isTrue();
        assertRefused(waiting, Refusal.TOO_LATE);
    }

    @Test
    void aFutureIsCancelledWithItsAttempt() {
        CompletableFuture<Object> future = new CompletableFuture<>();
        CompletableFuture<Outcome> outcome = executor.runInPlace(attempt("later"), () -> future);
        assertThat(executor.inFlight()).isOne();

        executor.cancel("t1", 1, "test");

        assertThat(outcome).succeedsWithin(LONG).isEqualTo(new Outcome.Cancelled());
        assertThat(future).isCancelled();
        assertThat(executor.inFlight()).isZero();
    }

    @Test
    void whatHangsOnACancelledFutureHoldsNobodyUp() {
        CountDownLatch blocked = new CountDownLatch(1);
        CompletableFuture<Object> future = new CompletableFuture<>();
        future.whenComplete((value, error) -> {
            try {
                blocked.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        CompletableFuture<Outcome> outcome = executor.runInPlace(attempt("later"), () -> future);

        // Returns, as it must on the threads of the election and of the watchdog.
        executor.cancel("t1", 1, "test");

        assertThat(executor.inFlight()).isLessThanOrEqualTo(1);
        blocked.countDown();
        assertThat(outcome).succeedsWithin(LONG).isEqualTo(new Outcome.Cancelled());
    }

    /** Which the application may have filled with what blocks. */
    @Test
    void futuresAreNotCancelledOnAThreadThatTheApplicationUses() {
        CompletableFuture<Object> future = new CompletableFuture<>();
        CompletableFuture<String> thread = new CompletableFuture<>();
        future.whenComplete(
                (value, error) -> thread.complete(Thread.currentThread().getName()));
        executor.runInPlace(attempt("later"), () -> future);

        executor.cancel("t1", 1, "test");

        assertThat(thread).succeedsWithin(LONG).asString().startsWith("ha-cancel-");
    }

    @Test
    void aFutureThatCannotBeCancelledHoldsUpNobodyElsesTimeout() {
        CompletableFuture<Object> stubborn = new CompletableFuture<>() {
            @Override
            public boolean cancel(boolean mayInterrupt) {
                throw new UnsupportedOperationException("not this one");
            }
        };
        executor.runInPlace(attempt("later", Duration.ofMillis(500), 0), () -> stubborn);
        await().atMost(LONG).until(() -> executor.running().get(0).age().toMillis() > 1000);
        CompletableFuture<Object> future = new CompletableFuture<>();

        executor.runInPlace(attempt("later", Duration.ofMillis(500), 0), () -> future);

        await().atMost(LONG).until(future::isCancelled);
    }

    @Test
    void aTaskOfTheMasterNeedsTheMastershipOfItsEpoch() {
        desk.leave.countDown();
        assertRefused(executor.submit(attempt("master", LONG, 3), () -> new Object[0]), Refusal.NOT_MASTER);

        heldEpoch.set(4);
        executor.admitMasterTasks(4);
        assertRefused(executor.submit(attempt("master", LONG, 3), () -> new Object[0]), Refusal.STALE_EPOCH);
        assertThat(executor.submit(attempt("master", LONG, 4), () -> new Object[0]))
                .succeedsWithin(LONG)
                .isEqualTo(new Outcome.Succeeded(4L));
    }

    @Test
    void theMastershipIsCheckedAgainWhenTheTaskLeavesTheQueue() throws InterruptedException {
        heldEpoch.set(4);
        executor.admitMasterTasks(4);
        executor.submit(attempt("master", LONG, 4), () -> new Object[0]);
        desk.entered.await();
        CompletableFuture<Outcome> waiting = executor.submit(attempt("master", LONG, 4), () -> new Object[0]);

        heldEpoch.set(0);
        desk.leave.countDown();

        assertRefused(waiting, Refusal.NOT_MASTER);
    }

    @Test
    void theEndOfTheMastershipInterruptsItsTasksAndNoOthers() throws InterruptedException {
        heldEpoch.set(4);
        executor.admitMasterTasks(4);
        CompletableFuture<Outcome> outcome = executor.submit(attempt("master", LONG, 4), () -> new Object[0]);
        desk.entered.await();

        heldEpoch.set(0);
        executor.stopMasterTasks(4);

        assertThat(outcome).succeedsWithin(LONG).isInstanceOfSatisfying(Outcome.Failed.class, failed -> assertThat(
                        failed.error())
                .isInstanceOf(StaleEpochException.class));
    }

    @Test
    void checkMasterThrowsOnceTheMastershipIsOver() {
        heldEpoch.set(4);
        executor.admitMasterTasks(4);
        Outcome outcome = executor.runInPlace(attempt("master", LONG, 4), () -> {
                    TaskContext.current().checkMaster();
                    heldEpoch.set(0);
                    TaskContext.current().checkMaster();
                    return "not reached";
                })
                .join();

        assertThat(outcome).isInstanceOfSatisfying(Outcome.Failed.class, failed -> assertThat(failed.error())
                .isInstanceOf(StaleEpochException.class));
    }

    @Test
    void nobodyWaitsForATaskThatDoesNotHearThatItIsToStop() throws InterruptedException {
        heldEpoch.set(4);
        executor.admitMasterTasks(4);
        CountDownLatch entered = new CountDownLatch(1);
        CountDownLatch leave = new CountDownLatch(1);
        CompletableFuture<Outcome> deaf =
                CompletableFuture.supplyAsync(() -> executor.runInPlace(attempt("master", LONG, 4), () -> {
                            entered.countDown();
                            while (leave.getCount() > 0) {
                                Thread.onSpinWait();
                            }
                            return null;
                        })
                        .join());
        entered.await();
        assertThat(executor.masterTasksEnded(Duration.ofMillis(50)).join()).isFalse();

        executor.cancel("t1", 1, "test");

        assertThat(executor.masterTasksEnded(LONG)).succeedsWithin(LONG).isEqualTo(true);
        assertThat(deaf).isNotDone();
        leave.countDown();
        assertThat(deaf).succeedsWithin(LONG);
    }

    @Test
    void aDrainingNodeFinishesWhatRunsAndRefusesTheRest() throws InterruptedException {
        CompletableFuture<Outcome> running = executor.submit(attempt("hold"), () -> new Object[] {"a"});
        desk.entered.await();
        CompletableFuture<Outcome> waiting = executor.submit(attempt("hold"), () -> new Object[] {"b"});

        executor.drain();

        assertThat(executor.awaitIdle(Duration.ofMillis(20))).isFalse();
        assertThat(executor.masterTasksEnded(Duration.ZERO).join()).isTrue();
        assertRefused(executor.submit(attempt("hold"), () -> new Object[] {"c"}), Refusal.DRAINING);
        desk.leave.countDown();
        assertThat(running).succeedsWithin(LONG).isEqualTo(new Outcome.Succeeded("a"));
        assertRefused(waiting, Refusal.DRAINING);
        assertThat(executor.awaitIdle(LONG)).isTrue();
    }

    @Test
    void closingInterruptsWhatRunsAndRefusesWhatWaits() throws InterruptedException {
        CompletableFuture<Outcome> running = executor.submit(attempt("hold"), () -> new Object[] {"a"});
        desk.entered.await();
        CompletableFuture<Outcome> waiting = executor.submit(attempt("hold"), () -> new Object[] {"b"});

        executor.close();

        assertThat(running).succeedsWithin(LONG).isInstanceOf(Outcome.Unknown.class);
        assertRefused(waiting, Refusal.DRAINING);
    }

    /** At its end one may begin several that waited, and their node may close between two of them. */
    @Test
    void whatIsAboutToBeginWhileTheNodeClosesIsAnsweredAndRunsAtMostOnce() throws InterruptedException {
        for (int round = 0; round < 200; round++) {
            int last = round;
            Counting counting = new Counting();
            StaticListableBeanFactory bean = new StaticListableBeanFactory();
            bean.addBean("bean", counting);
            TaskExecutor closing = new TaskExecutor(
                    new ExecutorSettings(4, 100),
                    heldEpoch::get,
                    () -> self,
                    new TaskInvoker(bean),
                    System::nanoTime,
                    TaskObserver.NONE);
            List<CompletableFuture<Outcome>> outcomes = new ArrayList<>();
            for (int i = 0; i < 60; i++) {
                Object[] number = {i};
                long deadline = System.nanoTime() + LONG.toNanos();
                outcomes.add(closing.submit(
                        new Attempt(COUNTED.get(i % COUNTED.size()), "t" + i, 1, 0, deadline, "n7"), () -> number));
            }
            // At another moment each time.
            await().pollDelay(Duration.ZERO)
                    .pollInterval(Duration.ofNanos(10_000))
                    .atMost(LONG)
                    .until(() -> counting.runs.size() >= last % 50);

            closing.close();

            for (int i = 0; i < outcomes.size(); i++) {
                Outcome outcome =
                        outcomes.get(i).orTimeout(30, TimeUnit.SECONDS).join();
                int runs = Collections.frequency(counting.runs, i);
                if (outcome instanceof Outcome.Refused) {
                    assertThat(runs).isZero();
                } else {
                    assertThat(runs).as("%s", outcome).isEqualTo(1);
                }
            }
        }
    }

    private static final List<TaskDefinition> COUNTED = Stream.of("a", "b", "c", "c", "b", "a")
            .map(method -> Tasks.of(Counting.class, method))
            .toList();

    static class Counting {

        final Queue<Integer> runs = new ConcurrentLinkedQueue<>();

        @HaTask
        public void a(int number) {
            runs.add(number);
        }

        @HaTask
        public void b(int number) {
            runs.add(number);
        }

        @HaTask
        public void c(int number) {
            runs.add(number);
        }
    }

    @Test
    void aNodeThatTakesNoTasksRefusesThem() {
        self = new Node("n1", "i1", self.uri(), NodeState.UP, true, false, 1, null, Instant.EPOCH);

        assertRefused(executor.submit(attempt("context"), () -> new Object[0]), Refusal.NOT_ACCEPTING);
    }

    @Test
    void whatRunsIsListedOldestFirst() throws InterruptedException {
        executor.submit(attempt("hold"), () -> new Object[] {"a"});
        desk.entered.await();

        List<TaskExecutor.Running> running = executor.running();

        assertThat(running).hasSize(1);
        assertThat(running.get(0).task()).isEqualTo("bean.hold");
        assertThat(running.get(0).callerNode()).isEqualTo("n7");
    }

    private static void assertRefused(CompletableFuture<Outcome> outcome, Refusal refusal) {
        assertThat(outcome)
                .succeedsWithin(30, TimeUnit.SECONDS)
                .isInstanceOfSatisfying(Outcome.Refused.class, refused -> assertThat(refused.refusal())
                        .isEqualTo(refusal));
    }

    @Test
    void anObserverIsToldWhatBeginsAndHowItEnds() {
        String here = Thread.currentThread().getName().replaceAll("[0-9]+$", "");
        Attempt own =
                new Attempt(Tasks.of(Desk.class, "context"), "t1", 1, 0, System.nanoTime() + LONG.toNanos(), "n1");
        executor.runInPlace(own, () -> "x").join();
        executor.submit(attempt("context"), () -> new Object[0]).join();
        executor.runInPlace(own, () -> {
                    throw new IllegalStateException("x");
                })
                .join();

        assertThat(recorder.told)
                .containsExactly(
                        "begun LOCAL on " + here,
                        "ran SUCCEEDED",
                        "begun REMOTE on ha-task-",
                        "ran SUCCEEDED",
                        "begun LOCAL on " + here,
                        "ran FAILED");
    }

    @Test
    void anObserverIsToldHowLongAMethodRan() {
        AtomicLong nanos = new AtomicLong();
        try (TaskExecutor timed = new TaskExecutor(
                new ExecutorSettings(1, 1), () -> 0, () -> self, new TaskInvoker(beans), nanos::get, recorder)) {
            Attempt own = new Attempt(Tasks.of(Desk.class, "context"), "t1", 1, 0, LONG.toNanos(), "n1");
            timed.runInPlace(own, () -> nanos.addAndGet(5_000_000)).join();
        }

        assertThat(recorder.tookNanos).containsExactly(5_000_000L);
    }

    @Test
    void anObserverIsToldNothingOfWhatWasRefused() {
        executor.runInPlace(attempt("context", Duration.ofNanos(-1), 0), () -> "x")
                .join();

        assertThat(recorder.told).isEmpty();
    }

    @Test
    void forAnObserverAnAttemptEndsWithTheFutureThatItReturns() {
        executor.submit(attempt("later"), () -> new Object[0]);
        await().until(() -> !desk.futures.isEmpty());
        assertThat(recorder.told).containsExactly("begun REMOTE on ha-task-");

        desk.futures.get(0).complete("x");

        await().untilAsserted(() -> assertThat(recorder.told).endsWith("ran SUCCEEDED"));
    }
}
