package org.hatask;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.hatask.TestNodes.PATIENCE;

import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import org.hatask.durable.FlakyStore;
import org.hatask.durable.FlakyStore.Line;
import org.hatask.durable.MemoryTaskStore;
import org.hatask.durable.TaskAttempt;
import org.hatask.durable.TaskManager;
import org.hatask.durable.TaskQuery;
import org.hatask.durable.TaskStore;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.context.event.EventListener;
import org.springframework.core.env.Environment;
import org.springframework.stereotype.Component;

/** Nodes that are cut off from the store of durable tasks while they execute some. */
@Timeout(120)
class DurableFaultsTest {

    private static final TaskStore STORE = new MemoryTaskStore(Clock.systemUTC(), 10_000);
    private static final Map<String, FlakyStore> LINES = new ConcurrentHashMap<>();
    private static final Map<String, List<String>> RAN_ON = new ConcurrentHashMap<>();
    private static final Map<String, CountDownLatch> GATES = new ConcurrentHashMap<>();
    private static final List<String> INTERRUPTED = new CopyOnWriteArrayList<>();
    private static final List<TaskReassignedEvent> REASSIGNED = new CopyOnWriteArrayList<>();
    private static TestNodes nodes;

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    @Import(Desk.class)
    static class Application {

        @Bean(destroyMethod = "")
        TaskStore store(Environment environment) {
            FlakyStore line = new FlakyStore(STORE);
            LINES.put(environment.getRequiredProperty("ha.node.id"), line);
            return line.store();
        }

        @EventListener
        void reassigned(TaskReassignedEvent event) {
            REASSIGNED.add(event);
        }
    }

    @Component("desk")
    static class Desk {

        private final HaCluster cluster;

        Desk(HaCluster cluster) {
            this.cluster = cluster;
        }

        @HaTask(delivery = Delivery.DURABLE)
        public void once(String trade) throws InterruptedException {
            run(trade);
        }

        @HaTask(delivery = Delivery.DURABLE, retry = @Retry(maxAttempts = 5, delay = "10ms"))
        public void again(String trade) throws InterruptedException {
            run(trade);
        }

        @HaTask(delivery = Delivery.DURABLE, retry = @Retry(maxAttempts = 5, delay = "10ms"))
        public void quick() {}

        @HaTask(delivery = Delivery.DURABLE, retry = @Retry(maxAttempts = 2, delay = "10ms"))
        public void second() {
            if (TaskContext.current().attempt() == 1) {
                throw new IllegalStateException("not yet");
            }
        }

        private void run(String trade) throws InterruptedException {
            List<String> ranOn = RAN_ON.computeIfAbsent(trade, id -> new CopyOnWriteArrayList<>());
            ranOn.add(cluster.self().id());
            if (ranOn.size() > 1) {
                return;
            }
            try {
                GATES.computeIfAbsent(trade, id -> new CountDownLatch(1)).await();
            } catch (InterruptedException e) {
                INTERRUPTED.add(trade);
                throw e;
            }
        }
    }

    @BeforeAll
    static void start() throws Exception {
        nodes = new TestNodes(
                Application.class, "ha.durable.poll-interval=50ms", "ha.durable.lease=3s", "ha.durable.concurrency=2");
        nodes.startAll("a", "b", "c");
    }

    @AfterAll
    static void stop() throws Exception {
        nodes.close();
    }

    @AfterEach
    void mend() {
        LINES.values().forEach(line -> line.set(Line.WHOLE));
        GATES.values().forEach(CountDownLatch::countDown);
    }

    private static String submit(String task, String trade) {
        String id = nodes.bean("a", HaTasks.class).submit(task, trade).id();
        await().atMost(PATIENCE).until(() -> RAN_ON.containsKey(trade));
        return id;
    }

    private static TaskState state(String id) {
        return STORE.find(List.of(id)).get(0).state();
    }

    private static String nodeOf(String trade) {
        return RAN_ON.get(trade).get(0);
    }

    @Test
    void nodeThatIsCutOffStopsWhatAnotherStartsAgain() {
        String id = submit("desk.again", "t1");

        LINES.get(nodeOf("t1")).set(Line.CUT);

        await().atMost(PATIENCE).until(() -> state(id) == TaskState.SUCCEEDED);
        assertThat(INTERRUPTED).contains("t1");
        assertThat(RAN_ON.get("t1")).hasSize(2).doesNotHaveDuplicates();
        await().atMost(PATIENCE).until(() -> REASSIGNED.stream()
                .anyMatch(event -> event.taskId().equals(id)
                        && event.fromNode().equals(nodeOf("t1"))
                        && event.state() == TaskState.PENDING));
    }

    @Test
    void taskWithoutRetryIsNotStartedAgainAndItsLateResultIsDropped() {
        String id = submit("desk.once", "t2");
        String node = nodeOf("t2");
        long before = nodes.bean(node, TaskManager.class).superseded();

        LINES.get(node).set(Line.CUT);
        await().atMost(PATIENCE).until(() -> state(id) == TaskState.FAILED);
        GATES.get("t2").countDown();
        LINES.get(node).set(Line.WHOLE);

        await().atMost(PATIENCE).until(() -> nodes.bean(node, TaskManager.class).superseded() == before + 1);
        assertThat(state(id)).isEqualTo(TaskState.FAILED);
        assertThat(STORE.find(List.of(id)).get(0).failure().message()).contains(node);
        assertThat(RAN_ON.get("t2")).hasSize(1);
        assertThat(INTERRUPTED).doesNotContain("t2");
    }

    @Test
    void nothingIsTakenFromAnybodyWhenTheStoreWasAwayForAll() {
        String id = submit("desk.once", "t3");
        int events = REASSIGNED.size();

        LINES.values().forEach(line -> line.set(Line.CUT));
        // Longer than a lease.
        await().pollDelay(Duration.ofSeconds(4)).atMost(PATIENCE).until(() -> true);
        LINES.values().forEach(line -> line.set(Line.WHOLE));
        await().during(Duration.ofSeconds(1)).atMost(PATIENCE).until(() -> state(id) == TaskState.RUNNING);
        GATES.get("t3").countDown();

        await().atMost(PATIENCE).until(() -> state(id) == TaskState.SUCCEEDED);
        assertThat(REASSIGNED).hasSize(events);
        assertThat(RAN_ON.get("t3")).hasSize(1);
    }

    @Test
    void nodeWhoseAnswersAreLostEndsItsTaskOnceTheyComeAgain() {
        String id = submit("desk.once", "t4");
        FlakyStore line = LINES.get(nodeOf("t4"));

        line.set(Line.ANSWERS_LOST, method -> method.equals("replace"));
        GATES.get("t4").countDown();
        await().atMost(PATIENCE).until(() -> state(id) == TaskState.SUCCEEDED);
        line.set(Line.WHOLE);

        String next = submit("desk.once", "t5");
        GATES.get("t5").countDown();
        await().atMost(PATIENCE).until(() -> state(next) == TaskState.SUCCEEDED);
        assertThat(RAN_ON.get("t4")).hasSize(1);
    }

    @Test
    void taskThatWasGivenToANodeInAnAnswerThatGotLostIsGivenBackAndRunsOnce() {
        LINES.values().forEach(line -> line.set(Line.ANSWERS_LOST, "claim"::equals));
        String id = nodes.bean("a", HaTasks.class).submit("desk.once", "t6").id();
        await().atMost(PATIENCE).until(() -> state(id) == TaskState.RUNNING);

        // Nobody is given anything any more: what was lost is all there is to be found.
        LINES.values().forEach(line -> line.set(Line.CUT, "claim"::equals));
        await().atMost(PATIENCE).until(() -> state(id) == TaskState.PENDING);
        assertThat(RAN_ON).doesNotContainKey("t6");

        LINES.values().forEach(line -> line.set(Line.WHOLE));
        await().atMost(PATIENCE).until(() -> RAN_ON.containsKey("t6"));
        GATES.get("t6").countDown();
        await().atMost(PATIENCE).until(() -> state(id) == TaskState.SUCCEEDED);
        assertThat(RAN_ON.get("t6")).hasSize(1);
    }

    @Test
    void taskThatHangsEverywhereLeavesPlacesToOthers() {
        List<String> trades = IntStream.range(0, 30).mapToObj(i -> "hangs" + i).toList();
        HaTasks tasks = nodes.bean("a", HaTasks.class);
        trades.forEach(trade -> tasks.submit("desk.again", trade));
        await().atMost(PATIENCE)
                .until(() -> trades.stream().filter(RAN_ON::containsKey).count() == 6);

        String quick = tasks.submit("desk.quick").id();
        await().atMost(PATIENCE).until(() -> state(quick) == TaskState.SUCCEEDED);

        assertThat(trades.stream().filter(RAN_ON::containsKey).count()).isEqualTo(6);
        trades.forEach(trade ->
                GATES.computeIfAbsent(trade, id -> new CountDownLatch(1)).countDown());
        await().atMost(PATIENCE).until(() -> RAN_ON.keySet().containsAll(trades));
    }

    @Test
    void whatFailedOnANodeIsLeftToOthersForAWhileAndThenMadeThere() {
        LINES.forEach((node, line) -> line.set(node.equals("a") ? Line.WHOLE : Line.CUT, "claim"::equals));

        String id = nodes.bean("a", HaTasks.class).submit("desk.second").id();

        await().atMost(PATIENCE).until(() -> state(id) == TaskState.SUCCEEDED);
        List<TaskAttempt> attempts = STORE.find(List.of(id)).get(0).attempts();
        assertThat(attempts).extracting(TaskAttempt::nodeId).containsExactly("a", "a");
        // Four intervals.
        assertThat(attempts.get(1).startedAt())
                .isAfterOrEqualTo(attempts.get(0).endedAt().plusMillis(200));
    }

    @Test
    void noTaskWaitsOnABusyNodeWhileOthersAreIdle() {
        HaTasks tasks = nodes.bean("a", HaTasks.class);
        // While these are over in no time, nodes take some in advance, and so in the end some that are not.
        IntStream.range(0, 300).forEach(i -> tasks.submit("desk.quick"));
        List<String> trades = IntStream.range(0, 6).mapToObj(i -> "long" + i).toList();
        trades.forEach(trade -> tasks.submit("desk.again", trade));

        // As many as three nodes have places for.
        await().atMost(PATIENCE).until(() -> RAN_ON.keySet().containsAll(trades));

        trades.forEach(trade -> GATES.get(trade).countDown());
        await().atMost(PATIENCE).until(() -> STORE.list(new TaskQuery(null, Set.of(), null, 1000)).stream()
                .allMatch(task -> task.state().isFinal()));
        trades.forEach(trade -> assertThat(RAN_ON.get(trade)).hasSize(1));
    }
}
