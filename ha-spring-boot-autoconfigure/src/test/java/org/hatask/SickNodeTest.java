package org.hatask;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.hatask.NodeHealthChangedEvent.Status;
import org.hatask.actuate.HaEndpoint;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.event.EventListener;

/** Three nodes that live, one of which is slow or stuck, and well again. */
@Timeout(120)
class SickNodeTest {

    static class Desk {

        static final Map<String, CountDownLatch> SLOW = new ConcurrentHashMap<>();
        static final Map<String, CountDownLatch> STUCK = new ConcurrentHashMap<>();

        private final HaCluster cluster;

        Desk(HaCluster cluster) {
            this.cluster = cluster;
        }

        /** On a slow node it takes longer than allowed. */
        @HaTask(slowAfter = "400ms", retry = @Retry(maxAttempts = 3))
        public String quote() throws InterruptedException {
            CountDownLatch slow = SLOW.get(cluster.self().id());
            if (slow != null) {
                slow.await(800, TimeUnit.MILLISECONDS);
            }
            return cluster.self().id();
        }

        /** Runs where it is called, and on a node named for it heeds no interrupt. */
        @HaTask(offRole = OffRole.REJECT)
        public String batch() {
            return hold();
        }

        @HaTask(offRole = OffRole.REJECT)
        public String report() {
            return hold();
        }

        private String hold() {
            CountDownLatch stuck = STUCK.get(cluster.self().id());
            while (stuck != null && stuck.getCount() > 0) {
                try {
                    stuck.await();
                } catch (InterruptedException e) {
                    // What a stuck task does.
                }
            }
            return cluster.self().id();
        }
    }

    static class Listener {

        final Queue<NodeHealthChangedEvent> heard = new ConcurrentLinkedQueue<>();

        @EventListener
        void hear(NodeHealthChangedEvent event) {
            heard.add(event);
        }
    }

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    static class Application {

        @Bean
        Desk desk(HaCluster cluster) {
            return new Desk(cluster);
        }

        @Bean
        Listener listener() {
            return new Listener();
        }
    }

    private static final ObjectMapper JSON = new ObjectMapper().registerModule(new JavaTimeModule());
    private static TestNodes nodes;

    @BeforeAll
    static void start() throws Exception {
        nodes = new TestNodes(Application.class);
        for (String id : new String[] {"n1", "n2", "n3"}) {
            nodes.start(
                    id,
                    "ha.failure-detection.window=2s",
                    "ha.failure-detection.minimum-calls=5",
                    "ha.failure-detection.quarantine=1s",
                    "ha.link.heartbeat-interval=200ms",
                    "ha.tasks.[desk.batch].max-task-duration=1s",
                    "ha.tasks.[desk.report].max-task-duration=1s");
        }
        nodes.awaitAgreement();
    }

    @AfterAll
    static void stop() throws Exception {
        Desk.STUCK.values().forEach(CountDownLatch::countDown);
        nodes.close();
    }

    /** Whatever a test before has left. */
    @BeforeEach
    void awaitAllWell() {
        for (String judge : new String[] {"n1", "n2", "n3"}) {
            await().atMost(TestNodes.PATIENCE).until(() -> {
                nodes.bean(judge, Desk.class).quote();
                return Stream.of("n1", "n2", "n3")
                        .allMatch(node ->
                                health(judge, node).path("status").asText().equals("UP"));
            });
        }
        nodes.bean("n1", Listener.class).heard.clear();
    }

    private static String quote() {
        try {
            return nodes.bean("n1", Desk.class).quote();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static JsonNode health(String judge, String node) {
        JsonNode report =
                JSON.valueToTree(nodes.bean(judge, HaEndpoint.class).section("members", null, null, null, null));
        for (JsonNode member : report.path("members")) {
            if (member.path("id").asText().equals(node)) {
                return member.path("health");
            }
        }
        throw new AssertionError(report.toString());
    }

    private static Status status(String node) {
        return Status.valueOf(health("n1", node).path("status").asText());
    }

    private static Map<String, Long> share(int calls) {
        return IntStream.range(0, calls)
                .mapToObj(i -> quote())
                .collect(Collectors.groupingBy(node -> node, Collectors.counting()));
    }

    @Test
    void aSlowNodeGetsNoMoreTasksAndItsShareAgainWhenItIsWell() throws Exception {
        AtomicBoolean stopped = new AtomicBoolean();
        ExecutorService callers = Executors.newFixedThreadPool(4);
        try {
            for (int i = 0; i < 4; i++) {
                callers.execute(() -> {
                    while (!stopped.get()) {
                        quote();
                    }
                });
            }
            CountDownLatch healed = new CountDownLatch(1);
            Desk.SLOW.put("n3", healed);

            await().atMost(TestNodes.PATIENCE).untilAsserted(() -> {
                JsonNode health = health("n1", "n3");
                assertThat(health.path("status").asText()).isEqualTo("SICK");
                assertThat(health.path("reason").asText()).contains("too slow");
                assertThat(health.path("since").asText()).isNotBlank();
            });
            // While it is sick every call goes elsewhere, but for probes that find it so still.
            await().atMost(TestNodes.PATIENCE)
                    .until(() ->
                            status("n3") == Status.SICK && share(30).keySet().size() == 2);

            Desk.SLOW.remove("n3");
            healed.countDown();
            await().atMost(TestNodes.PATIENCE).until(() -> status("n3") == Status.UP);
        } finally {
            stopped.set(true);
            callers.shutdown();
            assertThat(callers.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
        }

        await().atMost(TestNodes.PATIENCE).untilAsserted(() -> assertThat(share(90))
                .containsOnlyKeys("n1", "n2", "n3")
                .allSatisfy((node, count) -> assertThat(count).isBetween(20L, 40L)));
        await().atMost(TestNodes.PATIENCE)
                .untilAsserted(() -> assertThat(nodes.bean("n1", Listener.class).heard.stream()
                                .filter(event -> event.node().id().equals("n3"))
                                .map(NodeHealthChangedEvent::after))
                        .startsWith(Status.SICK, Status.PROBING)
                        .endsWith(Status.RAMPING, Status.UP));
    }

    @Test
    void aNodeWithAStuckTaskSaysSoAndReturnsWhenTheTaskHasEnded() throws Exception {
        String stuckNode = nodes.workerIds().get(0);
        CountDownLatch ended = new CountDownLatch(1);
        Desk.STUCK.put(stuckNode, ended);
        Desk batch = nodes.bean(stuckNode, Desk.class);
        // The node's own call, so that the others know of it by its heartbeat only.
        Thread caller = new Thread(batch::batch);
        for (String judge : new String[] {"n1", "n2", "n3"}) {
            for (int i = 0; i < 6; i++) {
                nodes.bean(judge, Desk.class).quote();
            }
        }
        caller.start();
        for (String judge : new String[] {"n1", "n2", "n3"}) {
            await().atMost(TestNodes.PATIENCE)
                    .until(() ->
                            health(judge, stuckNode).path("status").asText().equals("SUSPECT"));
        }
        assertThat(share(30)).hasSize(2).doesNotContainKey(stuckNode);

        ended.countDown();
        Desk.STUCK.remove(stuckNode);
        caller.join(30_000);
        await().atMost(TestNodes.PATIENCE).until(() -> {
            quote();
            return status(stuckNode) == Status.UP;
        });
    }

    @Test
    void aMasterWithAStuckTaskGivesItsMastershipUp() throws Exception {
        String master = nodes.masterId();
        CountDownLatch ended = new CountDownLatch(1);
        Desk.STUCK.put(master, ended);
        Thread caller = new Thread(nodes.bean(master, Desk.class)::report);
        caller.start();

        await().atMost(TestNodes.PATIENCE)
                .until(() -> nodes.bean("n1", HaCluster.class).master().isPresent()
                        && !nodes.masterId().equals(master));

        Desk.STUCK.remove(master);
        ended.countDown();
        caller.join(30_000);
    }
}
