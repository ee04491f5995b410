package org.hatask;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.hatask.TestNodes.PATIENCE;

import java.time.Clock;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.hatask.durable.MemoryTaskStore;
import org.hatask.durable.TaskAttempt;
import org.hatask.durable.TaskManager;
import org.hatask.durable.TaskQuery;
import org.hatask.durable.TaskRecord;
import org.hatask.durable.TaskStore;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.mockito.Mockito;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.scheduling.annotation.EnableScheduling;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Component;

/** Durable tasks on three nodes that share a store. */
@Timeout(120)
@ExtendWith(OutputCaptureExtension.class)
class DurableTasksTest {

    private static TestNodes nodes;

    private static final Map<String, AtomicInteger> RUNS = new ConcurrentHashMap<>();
    private static final Map<String, CountDownLatch> GATES = new ConcurrentHashMap<>();
    private static final TaskStore STORE = new MemoryTaskStore(Clock.systemUTC(), 10_000);

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    @EnableScheduling
    @Import(Desk.class)
    static class Application {

        @Bean(destroyMethod = "")
        TaskStore store() {
            return STORE;
        }
    }

    record Receipt(String trade, String node, int attempt) {}

    @Component("desk")
    static class Desk {

        /** So often that chance hardly ever brings another node each time. */
        static final int STUBBORN = 13;

        private final HaCluster cluster;

        Desk(HaCluster cluster) {
            this.cluster = cluster;
        }

        @HaTask(delivery = Delivery.DURABLE)
        public void note(String trade) {
            ran(trade);
        }

        @HaTask(delivery = Delivery.DURABLE)
        public void noteLater(String trade) throws InterruptedException {
            gate(trade).await();
            ran(trade);
        }

        @HaTask(delivery = Delivery.DURABLE, role = Role.WORKER)
        public CompletableFuture<Receipt> confirm(String trade) {
            ran(trade);
            return CompletableFuture.completedFuture(new Receipt(
                    trade, cluster.self().id(), TaskContext.current().attempt()));
        }

        @HaTask(delivery = Delivery.DURABLE, role = Role.MASTER)
        public CompletableFuture<Long> settle(String trade) {
            TaskContext.current().checkMaster();
            return CompletableFuture.completedFuture(
                    TaskContext.current().epoch().orElseThrow());
        }

        @HaTask(delivery = Delivery.DURABLE, retry = @Retry(maxAttempts = 3, delay = "10ms"))
        public CompletableFuture<String> flaky(String trade, int failures) {
            if (ran(trade) <= failures) {
                throw new IllegalStateException("not yet");
            }
            return CompletableFuture.completedFuture(cluster.self().id());
        }

        @HaTask(delivery = Delivery.DURABLE, retry = @Retry(maxAttempts = STUBBORN, delay = "10ms", multiplier = 1))
        public CompletableFuture<String> stubborn(String trade) {
            if (ran(trade) < STUBBORN) {
                throw new IllegalStateException("not yet");
            }
            return CompletableFuture.completedFuture(cluster.self().id());
        }

        @HaTask(delivery = Delivery.DURABLE, role = Role.MASTER, retry = @Retry(maxAttempts = 9, delay = "0ms"))
        public CompletableFuture<String> flakySettle(String trade, int failures) {
            return flaky(trade, failures);
        }

        @HaTask(delivery = Delivery.DURABLE, role = Role.WORKER)
        @Scheduled(fixedRate = 300)
        public void tick() {
            ran("tick");
        }

        @HaTask(delivery = Delivery.DURABLE)
        public CompletableFuture<String> hang(String trade) throws InterruptedException {
            TaskContext.current().progress("waiting for " + trade);
            ran(trade);
            gate(trade).await();
            return CompletableFuture.completedFuture("through");
        }

        @HaTask(delivery = Delivery.DURABLE, timeout = "300ms")
        public CompletableFuture<String> tooLong(String trade) throws InterruptedException {
            gate(trade).await();
            return CompletableFuture.completedFuture("through");
        }

        @HaTask(delivery = Delivery.DURABLE, retry = @Retry(maxAttempts = 3, delay = "10ms"))
        public CompletableFuture<Integer> inSteps(String trade) {
            int done = TaskContext.current().checkpoint(Integer.class).orElse(0);
            if (done < 2) {
                TaskContext.current().saveCheckpoint(done + 1);
                throw new IllegalStateException("after step " + (done + 1));
            }
            return CompletableFuture.completedFuture(done);
        }

        @HaTask(delivery = Delivery.DURABLE)
        public CompletableFuture<String> large() {
            return CompletableFuture.completedFuture("x".repeat(20_000));
        }

        @HaTask(delivery = Delivery.DURABLE)
        public void late(String trade) {
            ran(trade);
        }

        @HaTask(delivery = Delivery.DURABLE)
        public CompletableFuture<Double> add(long one, double other) {
            return CompletableFuture.completedFuture(one + other);
        }

        @HaTask(delivery = Delivery.DURABLE)
        public CompletableFuture<Void> saveNothing() {
            TaskContext.current().saveCheckpoint(null);
            return CompletableFuture.completedFuture(null);
        }

        private static int ran(String trade) {
            return RUNS.computeIfAbsent(trade, id -> new AtomicInteger()).incrementAndGet();
        }
    }

    private static CountDownLatch gate(String trade) {
        return GATES.computeIfAbsent(trade, id -> new CountDownLatch(1));
    }

    @BeforeAll
    static void start() throws Exception {
        nodes = new TestNodes(Application.class, "ha.durable.poll-interval=50ms", "ha.durable.lease=3s");
        nodes.startAll("a", "b", "c");
    }

    @AfterAll
    static void stop() throws Exception {
        nodes.close();
    }

    private static Desk desk(String node) {
        return nodes.bean(node, Desk.class);
    }

    private static HaTasks tasks(String node) {
        return nodes.bean(node, HaTasks.class);
    }

    @Test
    void callOfVoidMethodReturnsAtOnceAndIsExecutedOnce() throws Exception {
        CompletableFuture.runAsync(() -> noteLater("n1")).get(20, TimeUnit.SECONDS);

        assertThat(RUNS).doesNotContainKey("n1");
        gate("n1").countDown();
        await().atMost(PATIENCE).until(() -> RUNS.containsKey("n1"));
        await().atMost(PATIENCE)
                .until(() ->
                        tasks("b").list("desk.noteLater", Set.of(), 10).get(0).state() == TaskState.SUCCEEDED);
        assertThat(RUNS.get("n1")).hasValue(1);
    }

    private static void noteLater(String trade) {
        try {
            desk("a").noteLater(trade);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void futureTellsTheResultWhereverItWasExecuted() throws Exception {
        String worker = nodes.workerIds().get(0);

        Receipt receipt = desk(nodes.masterId()).confirm("n2").get(20, TimeUnit.SECONDS);

        assertThat(receipt.trade()).isEqualTo("n2");
        assertThat(nodes.workerIds()).contains(worker, receipt.node());
        assertThat(receipt.attempt()).isEqualTo(1);
    }

    @Test
    void taskOfTheMasterIsExecutedThereUnderItsEpoch() throws Exception {
        String worker = nodes.workerIds().get(0);

        long epoch = desk(worker).settle("n3").get(20, TimeUnit.SECONDS);

        assertThat(nodes.bean("a", HaCluster.class).epoch()).hasValue(epoch);
    }

    @Test
    void failedAttemptIsFollowedByAnotherOnAnotherNode() throws Exception {
        DurableTask task = tasks("a").submit("desk.stubborn", "n4");
        String node = tasks("a").result(task.id(), String.class).get(20, TimeUnit.SECONDS);

        assertThat(RUNS.get("n4")).hasValue(Desk.STUBBORN);
        DurableTask ended = tasks("b").find(task.id()).orElseThrow();
        assertThat(ended.state()).isEqualTo(TaskState.SUCCEEDED);
        assertThat(ended.node()).isEqualTo(node);
        List<TaskAttempt> attempts = STORE.find(List.of(task.id())).get(0).attempts();
        assertThat(attempts).hasSize(Desk.STUBBORN);
        for (int i = 1; i < attempts.size(); i++) {
            TaskAttempt before = attempts.get(i - 1);
            TaskAttempt next = attempts.get(i);
            // Its own node makes the next one, too, when no other has for four intervals.
            assertThat(next)
                    .matches(
                            attempt -> !attempt.nodeId().equals(before.nodeId())
                                    || !attempt.startedAt()
                                            .isBefore(before.endedAt().plusMillis(200)),
                            "not on the node of " + before);
        }
    }

    /** And not after others had their time to take it: none of them may. */
    @Test
    void failedTaskOfTheMasterIsTriedAgainByTheMaster(CapturedOutput output) throws Exception {
        assertThat(desk("a").flakySettle("n18", 8).get(20, TimeUnit.SECONDS)).isEqualTo(nodes.masterId());

        List<TaskAttempt> attempts = STORE.list(new TaskQuery("desk.flakySettle", Set.of(), null, 1))
                .get(0)
                .attempts();
        assertThat(attempts).hasSize(9);
        assertThat(Duration.between(attempts.get(0).startedAt(), attempts.get(8).startedAt()))
                .isLessThan(Duration.ofSeconds(8));
        // Not given to it in vain in between.
        assertThat(output.getAll()).doesNotContainPattern("Task desk.flakySettle .* not in truth");
        assertThat(attempts).extracting(TaskAttempt::nodeId).containsOnly(nodes.masterId());
    }

    @Test
    void scheduledTaskIsSubmittedByTheMasterAlone() {
        await().atMost(PATIENCE)
                .until(() -> RUNS.containsKey("tick") && RUNS.get("tick").get() > 3);

        assertThat(STORE.list(new TaskQuery("desk.tick", Set.of(), null, 1000)))
                .extracting(TaskRecord::submittedBy)
                .containsOnly(nodes.masterId());
    }

    @Test
    void failureOfTheLastAttemptReachesTheCallerAsItWasThrown() {
        assertThatThrownBy(() -> desk("a").flaky("n5", 9).get(20, TimeUnit.SECONDS))
                .isInstanceOf(ExecutionException.class)
                .cause()
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("not yet");
        assertThat(RUNS.get("n5")).hasValue(3);
    }

    @Test
    void cancellationInterruptsARunningAttempt() {
        DurableTask task = tasks("a").submit("desk.hang", "n6");
        CompletableFuture<String> result = tasks("b").result(task.id(), String.class);
        await().atMost(PATIENCE).until(() -> RUNS.containsKey("n6"));
        await().atMost(PATIENCE).until(() -> "waiting for n6"
                .equals(tasks("c").find(task.id()).orElseThrow().progress()));

        assertThat(tasks("c").cancel(task.id())).isTrue();

        assertThatThrownBy(() -> result.get(20, TimeUnit.SECONDS)).isInstanceOf(CancellationException.class);
        assertThat(tasks("a").find(task.id()).orElseThrow().state()).isEqualTo(TaskState.CANCELLED);
        assertThat(tasks("a").cancel(task.id())).isFalse();
    }

    @Test
    void attemptThatTakesTooLongIsInterruptedAndItsCallerTold() {
        assertThatThrownBy(() -> desk("a").tooLong("n7").get(20, TimeUnit.SECONDS))
                .isInstanceOf(ExecutionException.class)
                .cause()
                .isInstanceOf(TaskTimeoutException.class);
    }

    @Test
    void nextAttemptGoesOnFromTheCheckpoint() throws Exception {
        assertThat(desk("a").inSteps("n8").get(20, TimeUnit.SECONDS)).isEqualTo(2);
    }

    @Test
    void secondSubmissionWithTheSameKeyIsTheFirst() {
        DurableTask first =
                tasks("a").prepare("desk.note", "n9").idempotencyKey("k").submit();
        DurableTask second =
                tasks("b").prepare("desk.note", "n9").idempotencyKey("k").submit();

        assertThat(second.id()).isEqualTo(first.id());
        assertThat(tasks("c").find("desk.note", "k").orElseThrow().id()).isEqualTo(first.id());
        assertThat(tasks("c").find("desk.flaky", "k")).isEmpty();
        await().atMost(PATIENCE)
                .until(() -> tasks("c").find(first.id()).orElseThrow().state() == TaskState.SUCCEEDED);
        assertThat(RUNS.get("n9")).hasValue(1);
    }

    @Test
    void manyAreSubmittedInOneGo() {
        HaTasks from = tasks("a");
        DurableTask first =
                from.prepare("desk.note", "n14").idempotencyKey("many").submit();
        List<TaskSubmission> submissions = List.of(
                from.prepare("desk.note", "n15"),
                from.prepare("desk.flaky", "n16", 1),
                from.prepare("desk.note", "n14").idempotencyKey("many"));

        List<DurableTask> all = from.submitAll(submissions);

        assertThat(all).extracting(DurableTask::task).containsExactly("desk.note", "desk.flaky", "desk.note");
        assertThat(all.get(2).id()).isEqualTo(first.id());
        await().atMost(PATIENCE).untilAsserted(() -> assertThat(all).allSatisfy(task -> assertThat(
                        tasks("b").find(task.id()).orElseThrow().state())
                .isEqualTo(TaskState.SUCCEEDED)));
        assertThat(RUNS.get("n14")).hasValue(1);
        assertThat(RUNS.get("n15")).hasValue(1);
        assertThat(from.submitAll(List.of())).isEmpty();
    }

    @Test
    void listGoesOnAfterTheLastTaskOfThePageBefore() {
        HaTasks from = tasks("a");
        List<DurableTask> all = from.submitAll(List.of(
                from.prepare("desk.settle", "n20"),
                from.prepare("desk.settle", "n21"),
                from.prepare("desk.settle", "n22")));

        List<DurableTask> first = tasks("b").list("desk.settle", Set.of(), 2);
        List<DurableTask> second = tasks("c").list("desk.settle", Set.of(), first.get(1), 1000);

        assertThat(first).hasSize(2);
        assertThat(second)
                .extracting(DurableTask::id)
                .doesNotContain(first.get(0).id(), first.get(1).id());
        assertThat(Stream.concat(first.stream(), second.stream()).map(DurableTask::id))
                .containsAll(all.stream().map(DurableTask::id).toList());
    }

    @Test
    void ofManyOfWhichOneIsTooLargeNoneIsRecorded() {
        HaTasks from = tasks("a");
        List<TaskSubmission> submissions = List.of(
                from.prepare("desk.note", "n17").idempotencyKey("n17"), from.prepare("desk.note", "x".repeat(20_000)));

        assertThatThrownBy(() -> from.submitAll(submissions))
                .isInstanceOf(TaskStoreException.class)
                .hasMessageContaining("too large");

        assertThat(STORE.list(new TaskQuery("desk.note", Set.of(), null, 1000)))
                .noneMatch(task -> "n17".equals(task.key()));
    }

    @Test
    void taskBeginsAfterItsDelay() throws Exception {
        DurableTask early = tasks("a")
                .prepare("desk.late", "n10")
                .startAfter(Duration.ofMillis(700))
                .timeToLive(Duration.ofHours(1))
                .submit();

        tasks("b").result(early.id(), Void.class).get(20, TimeUnit.SECONDS);

        assertThat(early.dueAt()).isEqualTo(early.submittedAt().plusMillis(700));
        assertThat(STORE.find(List.of(early.id())).get(0).attempts().get(0).startedAt())
                .isAfterOrEqualTo(early.dueAt());
        assertThat(RUNS.get("n10")).hasValue(1);
    }

    @Test
    void taskNeverBeginsWhenItsTimeToLiveIsOver() {
        STORE.pause("desk.late");
        DurableTask late = tasks("a")
                .prepare("desk.late", "n23")
                .timeToLive(Duration.ofMillis(500))
                .submit();

        assertThatThrownBy(() -> tasks("b").result(late.id(), Void.class).get(20, TimeUnit.SECONDS))
                .cause()
                .isInstanceOf(TaskRejectedException.class)
                .hasMessageContaining("time to live");
        STORE.resume("desk.late");
        assertThat(RUNS).doesNotContainKey("n23");
    }

    @Test
    void timeToLiveThatIsNotLongerThanTheDelayIsRefused() {
        TaskSubmission never = tasks("a")
                .prepare("desk.late", "n24")
                .timeToLive(Duration.ofSeconds(1))
                .startAfter(Duration.ofSeconds(1));

        assertThatThrownBy(never::submit)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("desk.late")
                .hasMessageContaining("longer than the delay");
        assertThatThrownBy(() -> tasks("a").submitAll(List.of(never))).isInstanceOf(IllegalArgumentException.class);
        assertThat(tasks("a").list("desk.late", Set.of(), 1000))
                .noneMatch(task -> task.dueAt().equals(task.submittedAt().plusSeconds(1)));
    }

    @Test
    void numberIsWidenedAsInACall() throws Exception {
        HaTasks from = tasks("a");
        assertThat(from.result(from.submit("desk.add", 42, (short) 3).id(), Double.class)
                        .get(20, TimeUnit.SECONDS))
                .isEqualTo(45.0);
        assertThat(from.result(from.submit("desk.add", 'A', 1L).id(), Double.class)
                        .get(20, TimeUnit.SECONDS))
                .isEqualTo(66.0);
    }

    @Test
    void argumentOfAnotherTypeIsNamedWithTheTypeThatIsExpected() {
        assertThatThrownBy(() -> tasks("a").submit("desk.add", 1L, "secret"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("Argument 2 of task 'desk.add' must be of type double, not java.lang.String.");
        assertThatThrownBy(() -> tasks("a").submit("desk.add", 1.5, 1.0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("Argument 1 of task 'desk.add' must be of type long, not java.lang.Double.");
        assertThatThrownBy(() -> tasks("a").submit("desk.add", null, 1.0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("Argument 1 of task 'desk.add' must be of type long, not null.");
    }

    @Test
    void nullIsRefusedWithWhatItIsInTheWayOf() {
        TaskSubmission submission = tasks("a").prepare("desk.note", "n25");
        Map<String, ThrowingCallable> calls = Map.of(
                "idempotency key", () -> submission.idempotencyKey(null),
                "delay", () -> submission.startAfter(null),
                "time to live", () -> submission.timeToLive(null),
                "name of the task", () -> tasks("a").prepare(null, "x"),
                "array of arguments", () -> tasks("a").prepare("desk.note", (Object[]) null),
                "set of states", () -> tasks("a").list("desk.note", null, 10),
                "id of the task", () -> tasks("a").find(null),
                "type of the result", () -> tasks("a").result("x", null),
                "collection of submissions", () -> tasks("a").submitAll(null),
                "submission", () -> tasks("a").submitAll(Collections.singletonList(null)));
        calls.forEach((what, call) -> assertThatThrownBy(call)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("The " + what)
                .hasMessageEndingWith("must not be null."));
    }

    @Test
    void checkpointThatIsNullIsRefused() {
        assertThatThrownBy(() -> desk("a").saveNothing().get(20, TimeUnit.SECONDS))
                .cause()
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("null as its checkpoint");
    }

    @Test
    void resultThatIsTooLargeIsAnErrorAndNotLostSilently() {
        assertThatThrownBy(() -> desk("a").large().get(20, TimeUnit.SECONDS))
                .cause()
                .isInstanceOf(TaskRejectedException.class)
                .hasMessageContaining("too large");
    }

    @Test
    void whatCannotBeSubmittedIsRefusedAtOnce() {
        assertThatThrownBy(() -> tasks("a").submit("desk.unknown"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("desk.note");
        assertThatThrownBy(() -> tasks("a").submit("desk.note"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("1 arguments");
        assertThatThrownBy(() -> tasks("a").submit("desk.note", 5)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> tasks("a").prepare("desk.note", "n").startAfter(Duration.ofSeconds(Long.MAX_VALUE)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("36500 days");
        assertThatThrownBy(() -> tasks("a").prepare("desk.note", "n").timeToLive(Duration.ofSeconds(Long.MAX_VALUE)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("36500 days");
        assertThatThrownBy(() -> tasks("a").submitAll(List.of(Mockito.mock(TaskSubmission.class))))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("HaTasks.prepare");
        assertThatThrownBy(() -> desk("a").note("x".repeat(20_000)))
                .isInstanceOf(TaskStoreException.class)
                .hasMessageContaining("too large");
        assertThatThrownBy(() -> tasks("a").result("nobody", Void.class).get(20, TimeUnit.SECONDS))
                .cause()
                .isInstanceOf(HaException.class)
                .hasMessageContaining("nobody");
    }

    @Test
    void pausedTaskWaitsUntilItIsResumed() {
        STORE.pause("desk.hang");
        DurableTask task = tasks("a").submit("desk.hang", "n11");
        gate("n11").countDown();
        Optional<DurableTask> later = tasks("b").find(task.id());
        assertThat(later.orElseThrow().state()).isEqualTo(TaskState.PENDING);
        // Whatever is submitted afterwards overtakes it.
        desk("a").note("n12");
        await().atMost(PATIENCE).until(() -> RUNS.containsKey("n12"));
        assertThat(RUNS).doesNotContainKey("n11");

        STORE.resume("desk.hang");

        await().atMost(PATIENCE)
                .until(() -> tasks("b").find(task.id()).orElseThrow().state() == TaskState.SUCCEEDED);
    }

    @Test
    void failedTaskIsTriedAnewWhenAnOperatorSaysSo() {
        DurableTask task = tasks("a").submit("desk.flaky", "n13", 3);
        await().atMost(PATIENCE)
                .until(() -> tasks("b").find(task.id()).orElseThrow().state() == TaskState.FAILED);

        assertThat(nodes.bean("c", TaskManager.class).retry(task.id())).isPresent();

        await().atMost(PATIENCE)
                .until(() -> tasks("b").find(task.id()).orElseThrow().state() == TaskState.SUCCEEDED);
        assertThat(RUNS.get("n13")).hasValue(4);
        assertThat(nodes.bean("c", TaskManager.class).retry(task.id())).isEmpty();
    }

    @Test
    void tasksOfANodeThatStopsGoOnElsewhere() {
        nodes.start("d");
        nodes.awaitAgreement();
        List<DurableTask> all = IntStream.range(0, 40)
                .mapToObj(i -> tasks("d").submit("desk.flaky", "stop" + i, 1))
                .toList();

        nodes.stop("d");

        await().atMost(PATIENCE).untilAsserted(() -> assertThat(all).allSatisfy(task -> assertThat(
                        tasks("a").find(task.id()).orElseThrow().state())
                .isEqualTo(TaskState.SUCCEEDED)));
    }
}
