package org.hatask;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.hatask.TestNodes.PATIENCE;

import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.hatask.durable.AssignedStore;
import org.hatask.durable.FlakyStore;
import org.hatask.durable.FlakyStore.Line;
import org.hatask.durable.MemoryTaskStore;
import org.hatask.durable.TaskRecord;
import org.hatask.durable.TaskStore;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.core.env.Environment;
import org.springframework.stereotype.Component;

/** A node that is given tasks by the master and cannot write that they begin. */
@Timeout(120)
class DurableStartTest {

    private static final TaskStore STORE = new MemoryTaskStore(Clock.systemUTC(), 10_000);
    private static final Map<String, FlakyStore> LINES = new ConcurrentHashMap<>();
    private static final Map<String, AtomicInteger> RUNS = new ConcurrentHashMap<>();
    private static final CountDownLatch GATE = new CountDownLatch(1);
    private static TestNodes nodes;

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    @Import(Desk.class)
    static class Application {

        @Bean(destroyMethod = "")
        TaskStore store(Environment environment) {
            FlakyStore line = new FlakyStore(AssignedStore.of(STORE));
            LINES.put(environment.getRequiredProperty("ha.node.id"), line);
            return line.store();
        }
    }

    @Component("desk")
    static class Desk {

        @HaTask(delivery = Delivery.DURABLE, role = Role.WORKER)
        public void note(String trade) {
            RUNS.computeIfAbsent(trade, id -> new AtomicInteger()).incrementAndGet();
        }

        @HaTask(delivery = Delivery.DURABLE, role = Role.WORKER)
        public void hold(String trade) throws InterruptedException {
            RUNS.computeIfAbsent(trade, id -> new AtomicInteger()).incrementAndGet();
            GATE.await();
        }
    }

    @BeforeAll
    static void start() throws Exception {
        nodes = new TestNodes(
                Application.class, "ha.durable.poll-interval=50ms", "ha.durable.lease=30s", "ha.durable.concurrency=1");
        nodes.startAll("a", "b");
    }

    @AfterAll
    static void stop() throws Exception {
        nodes.close();
    }

    @AfterEach
    void mend() {
        LINES.values().forEach(line -> line.set(Line.WHOLE));
    }

    private static TaskRecord task(String id) {
        return STORE.find(List.of(id)).get(0);
    }

    @ParameterizedTest
    @EnumSource(mode = Mode.EXCLUDE, names = "WHOLE")
    void methodIsNotCalledBeforeItsStartIsKnownToBeWrittenAndThenOnce(Line trouble) {
        String trade = "t " + trouble;
        FlakyStore line = LINES.get(nodes.workerIds().get(0));
        AtomicInteger tries = new AtomicInteger();
        line.set(trouble, method -> method.equals("replace") && tries.incrementAndGet() > 0);

        String id = nodes.bean(nodes.masterId(), HaTasks.class)
                .submit("desk.note", trade)
                .id();
        await().atMost(PATIENCE).until(() -> tries.get() >= 3);

        assertThat(task(id).state()).isEqualTo(trouble == Line.CUT ? TaskState.LEASED : TaskState.RUNNING);
        assertThat(RUNS).doesNotContainKey(trade);

        line.set(Line.WHOLE);

        await().atMost(PATIENCE).until(() -> task(id).state() == TaskState.SUCCEEDED);
        assertThat(RUNS.get(trade)).hasValue(1);
        assertThat(task(id).attempts()).hasSize(1);
    }

    @Test
    void taskThatIsPausedWhileItWaitsAtItsNodeIsNotBegun() {
        HaTasks tasks = nodes.bean(nodes.masterId(), HaTasks.class);
        String first = tasks.submit("desk.hold", "first").id();
        await().atMost(PATIENCE).until(() -> RUNS.containsKey("first"));
        String second = tasks.submit("desk.hold", "second").id();
        await().atMost(PATIENCE).until(() -> task(second).state() == TaskState.LEASED);

        STORE.pause("desk.hold");
        GATE.countDown();

        await().atMost(PATIENCE).until(() -> task(first).state() == TaskState.SUCCEEDED);
        await().atMost(PATIENCE).until(() -> task(second).state() == TaskState.PENDING);
        assertThat(RUNS).doesNotContainKey("second");

        STORE.resume("desk.hold");
        await().atMost(PATIENCE).until(() -> task(second).state() == TaskState.SUCCEEDED);
        assertThat(RUNS.get("second")).hasValue(1);
    }
}
