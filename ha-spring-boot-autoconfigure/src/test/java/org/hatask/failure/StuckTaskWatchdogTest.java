package org.hatask.failure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.hatask.HaTask;
import org.hatask.cluster.Node;
import org.hatask.cluster.NodeState;
import org.hatask.execute.Attempt;
import org.hatask.execute.ExecutorSettings;
import org.hatask.execute.Outcome;
import org.hatask.execute.Refusal;
import org.hatask.execute.TaskDefinition;
import org.hatask.execute.TaskExecutor;
import org.hatask.execute.TaskInvoker;
import org.hatask.execute.TaskObserver;
import org.hatask.execute.Tasks;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.beans.factory.support.StaticListableBeanFactory;

/** "A server is faulty when a single task has not ended after 10 minutes", on the server, with a real executor. */
@Timeout(30)
class StuckTaskWatchdogTest {

    private static final Duration PATIENCE = Duration.ofSeconds(20);

    /** Its tasks end when told, and one of them heeds an interrupt. */
    static class Desk {

        final CountDownLatch leave = new CountDownLatch(1);
        final AtomicInteger entered = new AtomicInteger();
        final AtomicInteger interrupts = new AtomicInteger();

        @HaTask(timeout = "1h")
        public void stubborn() {
            entered.incrementAndGet();
            while (leave.getCount() > 0) {
                try {
                    leave.await();
                } catch (InterruptedException e) {
                    interrupts.incrementAndGet();
                }
            }
        }

        @HaTask(timeout = "1h")
        public void obedient() throws InterruptedException {
            entered.incrementAndGet();
            leave.await();
        }

        @HaTask
        public void quick() {}
    }

    private final Desk desk = new Desk();
    private final AtomicLong nanos = new AtomicLong(-7);
    private final StaticListableBeanFactory beans = new StaticListableBeanFactory();
    private final List<String> givenUp = new ArrayList<>();
    private final TaskExecutor executor;
    private final StuckTaskWatchdog watchdog;
    private boolean blamed = true;
    private boolean othersAreHealthy = true;

    StuckTaskWatchdogTest() {
        beans.addBean("bean", desk);
        Node self = new Node("n1", "i1", URI.create("http://n1"), NodeState.UP, true, true, 1, null, Instant.EPOCH);
        executor = new TaskExecutor(
                new ExecutorSettings(2, 4), () -> 0, () -> self, new TaskInvoker(beans), nanos::get, TaskObserver.NONE);
        watchdog = new StuckTaskWatchdog(
                executor, () -> "n1", (task, node) -> blamed, () -> othersAreHealthy, givenUp::add);
    }

    @AfterEach
    void close() {
        desk.leave.countDown();
        executor.close();
    }

    private CompletableFuture<Outcome> submit(String method) {
        TaskDefinition task = Tasks.of(Desk.class, method);
        return executor.submit(
                new Attempt(
                        task, method + "-1", 1, 0, nanos.get() + task.timeout().toNanos(), "n7"),
                () -> new Object[0]);
    }

    private CompletableFuture<Outcome> begin(String method) {
        int before = desk.entered.get();
        CompletableFuture<Outcome> outcome = submit(method);
        await().atMost(PATIENCE).until(() -> desk.entered.get() > before);
        return outcome;
    }

    private void passSeconds(long seconds) {
        nanos.addAndGet(Duration.ofSeconds(seconds).toNanos());
        watchdog.tick();
    }

    private static Refusal refusal(CompletableFuture<Outcome> outcome) {
        return ((Outcome.Refused) outcome.join()).refusal();
    }

    @Test
    void aTaskIsOverdueAndInterruptedAfterTenMinutesAndItsNodeSuspectAfterTenMoreSeconds() {
        begin("stubborn");

        passSeconds(599);
        assertThat(watchdog.state()).as("9:59").isEqualTo(StuckTaskWatchdog.State.WELL);

        passSeconds(1);
        assertThat(watchdog.state().overdue())
                .as("10:00")
                .containsExactly(new Overdue("bean.stubborn", "stubborn-1", "n1", 600_000));
        assertThat(watchdog.state().suspect()).isNull();
        await().atMost(PATIENCE).until(() -> desk.interrupts.get() == 1);
        assertThat(submit("quick")).succeedsWithin(PATIENCE).isInstanceOf(Outcome.Succeeded.class);

        passSeconds(9);
        assertThat(watchdog.state().suspect()).as("10:09").isNull();
        passSeconds(1);
        assertThat(watchdog.state().suspect())
                .as("10:10")
                .contains("bean.stubborn")
                .contains("stubborn-1");
        assertThat(refusal(submit("quick"))).isEqualTo(Refusal.SUSPECT);
        assertThat(givenUp).singleElement().satisfies(cause -> assertThat(cause).contains("n1 is suspect"));

        passSeconds(60);
        assertThat(desk.interrupts).as("it is interrupted once").hasValue(1);
        assertThat(givenUp).hasSize(1);
    }

    @Test
    void theNodeTakesWorkAgainWhenTheTaskHasEnded() {
        CompletableFuture<Outcome> outcome = begin("stubborn");
        passSeconds(600);
        passSeconds(10);
        assertThat(refusal(submit("quick"))).isEqualTo(Refusal.SUSPECT);

        desk.leave.countDown();
        assertThat(outcome).succeedsWithin(PATIENCE);
        passSeconds(0);

        assertThat(watchdog.state()).isEqualTo(StuckTaskWatchdog.State.WELL);
        assertThat(submit("quick")).succeedsWithin(PATIENCE).isInstanceOf(Outcome.Succeeded.class);
    }

    @Test
    void aTaskThatHeedsTheInterruptLeavesNoSuspicionAndItsOutcomeIsUnknown() {
        CompletableFuture<Outcome> outcome = begin("obedient");

        passSeconds(600);

        assertThat(outcome).succeedsWithin(PATIENCE).isInstanceOfSatisfying(Outcome.Unknown.class, unknown -> {
            assertThat(unknown.timedOut()).isTrue();
            assertThat(unknown.reason()).contains("max-task-duration");
        });
        passSeconds(10);
        assertThat(watchdog.state()).isEqualTo(StuckTaskWatchdog.State.WELL);
    }

    @Test
    void whatWaitsForAThreadIsRefusedAndMovesOn() {
        begin("stubborn");
        begin("stubborn");
        CompletableFuture<Outcome> waiting = submit("stubborn");
        assertThat(executor.queued()).isEqualTo(1);
        passSeconds(600);
        passSeconds(10);

        desk.leave.countDown();

        assertThat(waiting).succeedsWithin(PATIENCE).isInstanceOf(Outcome.Refused.class);
    }

    @Test
    void timeInTheQueueIsNotTimeOfRunning() {
        begin("stubborn");
        begin("stubborn");
        passSeconds(300);
        submit("stubborn");
        passSeconds(299);

        assertThat(executor.overruns()).isEmpty();
        passSeconds(1);
        assertThat(executor.overruns()).hasSize(2);
    }

    @Test
    void aNodeIsNotSuspectForATaskThatIsToBlameItself() {
        blamed = false;
        begin("stubborn");
        passSeconds(600);
        passSeconds(10);

        assertThat(watchdog.state().suspect()).isNull();
        assertThat(watchdog.state().overdue()).hasSize(1);
        assertThat(submit("quick")).succeedsWithin(PATIENCE).isInstanceOf(Outcome.Succeeded.class);
        assertThat(givenUp).isEmpty();
    }

    @Test
    void aNodeThatNobodyCanReplaceGoesOnWorkingUntilSomebodyCan() {
        othersAreHealthy = false;
        begin("stubborn");
        passSeconds(600);
        passSeconds(10);
        assertThat(watchdog.state().suspect()).isNotNull();
        assertThat(submit("quick")).succeedsWithin(PATIENCE).isInstanceOf(Outcome.Succeeded.class);
        assertThat(givenUp).isEmpty();

        othersAreHealthy = true;
        passSeconds(1);

        assertThat(refusal(submit("quick"))).isEqualTo(Refusal.SUSPECT);
        assertThat(givenUp).hasSize(1);
    }

    @Test
    void aNodeThatStandsAsideComesBackWhenNobodyIsLeftToReplaceIt() {
        begin("stubborn");
        passSeconds(600);
        passSeconds(10);
        assertThat(givenUp).hasSize(1).doesNotContainNull();

        othersAreHealthy = false;
        passSeconds(1);

        assertThat(submit("quick")).succeedsWithin(PATIENCE).isInstanceOf(Outcome.Succeeded.class);
        assertThat(givenUp).hasSize(2).last().isNull();
    }
}
