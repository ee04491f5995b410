package org.hatask;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.hatask.TestNodes.PATIENCE;

import java.time.Clock;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.hatask.durable.FlakyStore;
import org.hatask.durable.FlakyStore.Line;
import org.hatask.durable.MemoryTaskStore;
import org.hatask.durable.TaskQuery;
import org.hatask.durable.TaskStore;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.stereotype.Component;

/** A node that ends tasks faster than the store takes their ends. */
@Timeout(120)
class DurableBacklogTest {

    private static final int CONCURRENCY = 2;
    private static final AtomicInteger RUNS = new AtomicInteger();
    private static final TaskStore STORE = new MemoryTaskStore(Clock.systemUTC(), 10_000);
    private static final FlakyStore LINE = new FlakyStore(STORE).withoutNews();

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    @Import(Desk.class)
    static class Application {

        @Bean(destroyMethod = "")
        TaskStore store() {
            return LINE.store();
        }
    }

    @Component("desk")
    static class Desk {

        @HaTask(delivery = Delivery.DURABLE, retry = @Retry(maxAttempts = 2))
        public void quick() {
            RUNS.incrementAndGet();
        }
    }

    @Test
    void startsAreHeldUpByEndsThatCannotBeWrittenAndGoOnWithThemAtOnce() throws Exception {
        // So seldom that only the ends themselves can make it look for more in time.
        try (TestNodes nodes = new TestNodes(
                Application.class,
                "ha.durable.lease=2m",
                "ha.durable.poll-interval=1m",
                "ha.durable.concurrency=" + CONCURRENCY)) {
            nodes.startAll("a");
            LINE.set(Line.CUT, "replace"::equals);
            HaTasks tasks = nodes.bean("a", HaTasks.class);
            int submitted = 60;
            IntStream.range(0, submitted).forEach(i -> tasks.submit("desk.quick"));

            int unwritten = 4 * CONCURRENCY; // TaskWorker.MAX_ENDING
            await().atMost(PATIENCE).until(() -> RUNS.get() >= unwritten);
            await().during(Duration.ofMillis(300)).atMost(PATIENCE).until(() -> RUNS.get() <= unwritten + CONCURRENCY);

            LINE.set(Line.WHOLE);
            await().atMost(PATIENCE)
                    .until(() -> STORE.list(new TaskQuery(null, Set.of(TaskState.SUCCEEDED), null, 100))
                                    .size()
                            == submitted);
            assertThat(RUNS).hasValue(submitted);
        }
    }
}
