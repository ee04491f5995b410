package org.hatask;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.hatask.TestNodes.PATIENCE;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.stereotype.Component;

/** A node whose threads are taken by something else than it counts on. */
@Timeout(120)
class DurablePlacesTest {

    private static final CountDownLatch GATE = new CountDownLatch(1);
    private static final List<String> RAN = new CopyOnWriteArrayList<>();

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    @Import(Desk.class)
    static class Application {}

    @Component("desk")
    static class Desk {

        @HaTask(delivery = Delivery.DURABLE, timeout = "300ms")
        public void deaf(String trade) {
            RAN.add(trade);
            boolean through = false;
            while (!through) {
                try {
                    GATE.await();
                    through = true;
                } catch (InterruptedException e) {
                    // It does not listen.
                }
            }
        }
    }

    @Test
    void taskForWhichThereIsNoThreadIsNotTakenAndDoesNotTimeOut() throws Exception {
        try (TestNodes nodes = new TestNodes(
                Application.class,
                "ha.task-store.type=memory",
                "ha.durable.poll-interval=50ms",
                "ha.durable.concurrency=4",
                "ha.executor.threads=1")) {
            nodes.startAll("a");
            HaTasks tasks = nodes.bean("a", HaTasks.class);
            String first = tasks.submit("desk.deaf", "first").id();
            await().atMost(PATIENCE).until(() -> RAN.contains("first"));
            String second = tasks.submit("desk.deaf", "second").id();
            await().atMost(PATIENCE).until(() -> tasks.find(first).orElseThrow().state() == TaskState.FAILED);

            // Longer than the second would be waited for, had it been begun.
            await().during(Duration.ofMillis(2500))
                    .atMost(PATIENCE)
                    .until(() -> tasks.find(second).orElseThrow().state() == TaskState.PENDING);
            assertThat(tasks.find(second).orElseThrow().attempts()).isZero();

            GATE.countDown();
            await().atMost(PATIENCE)
                    .until(() -> tasks.find(second).orElseThrow().state() == TaskState.SUCCEEDED);
            assertThat(RAN).containsExactly("first", "second");
        }
    }
}
