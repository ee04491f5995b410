package org.hatask;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.hatask.cluster.ClusterState;
import org.hatask.cluster.Node;
import org.hatask.dispatch.Dispatcher;
import org.hatask.dispatch.Explanation;
import org.hatask.execute.Attempt;
import org.hatask.execute.Outcome;
import org.hatask.execute.Refusal;
import org.hatask.execute.TaskDefinition;
import org.hatask.execute.TaskDefinitionFactory;
import org.hatask.link.LinkTransport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/**
 * Strategies between nodes that live: n1 only calls; n2 has one thread, room for one more call and double weight; n3 stands in
 * another zone.
 */
@Timeout(120)
class BalancingTest {

    static class Desk {

        static final Map<String, CountDownLatch> LATCHES = new ConcurrentHashMap<>();
        static final AtomicInteger HOLDING = new AtomicInteger();

        private final HaCluster cluster;

        Desk(HaCluster cluster) {
            this.cluster = cluster;
        }

        @HaTask(balance = Balance.WEIGHTED)
        public String weighted() {
            return cluster.self().id();
        }

        @HaTask(balance = Balance.CONSISTENT_HASH)
        public String keyed(@BalanceKey String key) {
            return cluster.self().id();
        }

        @HaTask(balance = Balance.LEAST_ACTIVE)
        public String leastActive() {
            return cluster.self().id();
        }

        @HaTask
        public String byDefault() {
            return cluster.self().id();
        }

        @HaTask(balance = Balance.CONSISTENT_HASH)
        public String hold(@BalanceKey String key, String latch) throws InterruptedException {
            HOLDING.incrementAndGet();
            latch(latch).await();
            return cluster.self().id();
        }

        static CountDownLatch latch(String name) {
            return LATCHES.computeIfAbsent(name, key -> new CountDownLatch(1));
        }
    }

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    static class Application {

        @Bean
        Desk desk(HaCluster cluster) {
            return new Desk(cluster);
        }
    }

    private static TestNodes nodes;

    @BeforeAll
    static void start() throws Exception {
        nodes = new TestNodes(Application.class);
        nodes.start("n1", "ha.node.accepts-tasks=false");
        nodes.start("n2", "ha.node.weight=2", "ha.executor.threads=1", "ha.executor.queue-capacity=1");
        nodes.start("n3", "ha.node.zone=west");
        nodes.awaitAgreement();
    }

    @AfterAll
    static void stop() throws Exception {
        nodes.close();
    }

    private static Desk desk(String node) {
        return nodes.bean(node, Desk.class);
    }

    private static Map<String, Long> share(Supplier<String> call) {
        return Stream.generate(call).limit(30).collect(Collectors.groupingBy(id -> id, Collectors.counting()));
    }

    private static TaskDefinition task(String name) {
        return nodes.bean("n1", TaskDefinitionFactory.class).definitions("desk", Desk.class).values().stream()
                .filter(task -> task.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    private static Explanation explain(String name) {
        return nodes.bean("n1", Dispatcher.class).explain(task(name), null);
    }

    /** A key that belongs to n2. */
    private static String keyOfN2() {
        return Stream.iterate(1, i -> i + 1)
                .map(i -> "key " + i)
                .filter(key -> desk("n1").keyed(key).equals("n2"))
                .findFirst()
                .orElseThrow();
    }

    private static CompletableFuture<String> holdOnN2(String caller, String latch) {
        String key = keyOfN2();
        int before = Desk.HOLDING.get();
        CompletableFuture<String> held = CompletableFuture.supplyAsync(() -> {
            try {
                return desk(caller).hold(key, latch);
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });
        await().atMost(TestNodes.PATIENCE).until(() -> Desk.HOLDING.get() > before);
        return held;
    }

    @Test
    void theWeightsOfTheMemberRecordsCount() {
        assertThat(share(() -> desk("n1").weighted())).isEqualTo(Map.of("n2", 20L, "n3", 10L));
    }

    @Test
    void everyNodeFindsTheSameOwnerOfAKey() {
        for (int i = 0; i < 20; i++) {
            String key = "customer " + i;
            String owner = desk("n1").keyed(key);
            assertThat(List.of(desk("n2").keyed(key), desk("n3").keyed(key))).containsOnly(owner);
        }
    }

    @Test
    void aNodeInAZoneCallsItsZoneAndANodeWithoutAZoneCallsAll() {
        assertThat(share(() -> desk("n3").byDefault())).isEqualTo(Map.of("n3", 30L));
        assertThat(share(() -> desk("n1").byDefault())).isEqualTo(Map.of("n2", 15L, "n3", 15L));
    }

    @Test
    void leastActiveKnowsFromHeartbeatsWhatOthersHaveStarted() throws Exception {
        CompletableFuture<String> held = holdOnN2("n3", "least-active");
        await().atMost(TestNodes.PATIENCE).until(() -> explain("desk.leastActive").nodes().stream()
                .anyMatch(node -> node.id().equals("n2") && Double.valueOf(1).equals(node.score())));

        assertThat(share(() -> desk("n1").leastActive())).isEqualTo(Map.of("n3", 30L));

        Desk.latch("least-active").countDown();
        assertThat(held.get(30, TimeUnit.SECONDS)).isEqualTo("n2");
    }

    @Test
    void aBusyNodeSaysOverTheLinkWhenToComeBack() throws Exception {
        CompletableFuture<String> running = holdOnN2("n1", "busy");
        LinkTransport link = nodes.bean("n1", LinkTransport.class);
        CompletableFuture<Outcome> waiting = link.send(n2(), attempt("waiting"), new Object[] {"", "busy"});
        AtomicReference<Outcome> refused = new AtomicReference<>();
        // The second waits in the queue once the third is refused.
        await().atMost(TestNodes.PATIENCE).until(() -> {
            refused.set(
                    link.send(n2(), attempt("third"), new Object[] {"", "free"}).get(30, TimeUnit.SECONDS));
            return refused.get() instanceof Outcome.Refused;
        });

        Outcome.Refused busy = (Outcome.Refused) refused.get();
        assertThat(busy.refusal()).isEqualTo(Refusal.BUSY);
        assertThat(busy.comeBackAfter()).isBetween(Duration.ofMillis(10), Duration.ofSeconds(5));
        assertThat(busy.message()).contains("runs 1 calls of it and 1 more wait");

        Desk.latch("free").countDown();
        Desk.latch("busy").countDown();
        assertThat(running.get(30, TimeUnit.SECONDS)).isEqualTo("n2");
        assertThat(waiting.get(30, TimeUnit.SECONDS).read()).isEqualTo(new Outcome.Succeeded("n2"));
    }

    private static Node n2() {
        return nodes.bean("n1", ClusterState.class).view().member("n2").orElseThrow();
    }

    private static Attempt attempt(String taskId) {
        return new Attempt(task("desk.hold"), taskId, 1, 0, System.nanoTime() + TimeUnit.MINUTES.toNanos(1), "n1");
    }
}
