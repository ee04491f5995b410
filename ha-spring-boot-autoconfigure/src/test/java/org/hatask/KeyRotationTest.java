package org.hatask;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.security.SecureRandom;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.retry.RetryOneTime;
import org.hatask.link.ClusterKeys;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** The cluster's key is changed by restarting one node after the other, while all of them call each other. */
@Timeout(240)
class KeyRotationTest {

    static class Desk {

        @HaTask
        public String price(String name) {
            return name + " priced";
        }
    }

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    static class Application {
        @Bean
        Desk desk() {
            return new Desk();
        }
    }

    private static final List<String> IDS = List.of("n1", "n2", "n3");

    private final Map<String, Load> loads = new ConcurrentHashMap<>();
    private TestNodes nodes;

    @BeforeEach
    void start() throws Exception {
        nodes = new TestNodes(Application.class, "ha.dispatch.balance=round-robin");
    }

    @AfterEach
    void stop() throws Exception {
        loads.values().forEach(Load::end);
        nodes.close();
    }

    @Test
    void aKeyIsReplacedInThreeRoundsOfRestartsWithoutAFailedCall() {
        String old = newKey();
        String next = newKey();
        for (String id : IDS) {
            nodes.start(id, "ha.security.key=" + old);
        }
        nodes.awaitAgreement();
        IDS.forEach(this::begin);

        restartEach("ha.security.key=" + old, "ha.security.accepted-keys=" + next);
        restartEach("ha.security.key=" + next, "ha.security.accepted-keys=" + old);
        restartEach("ha.security.key=" + next);

        assertThat(endAll()).isGreaterThan(100);
        // The old key opens nothing any more.
        nodes.start(
                "stranger",
                "ha.security.key=" + old,
                "ha.node.accepts-tasks=false",
                "ha.node.master-eligible=false",
                "ha.election.wait=3s");
        await().atMost(TestNodes.PATIENCE)
                .until(() -> nodes.bean("stranger", HaCluster.class).members().size() == 4);
        assertThat(failureOf(() -> nodes.bean("stranger", Desk.class).price("x")))
                .contains("no connection to");
    }

    @Test
    void theKeyThatNodesShareIsReplacedByAConfiguredOneInTheSameWay() throws Exception {
        String next = newKey();
        // In the middle of the second round: the first node is not restarted yet, the other one is.
        nodes.start("n1", "ha.security.accepted-keys=" + next);
        await().atMost(TestNodes.PATIENCE)
                .until(() -> !nodes.bean("n1", ClusterKeys.class).current().isEmpty());
        nodes.start("n2", "ha.security.key=" + next, "ha.security.accepted-keys=" + sharedKey());
        nodes.awaitAgreement();

        for (String id : List.of("n1", "n2")) {
            for (int i = 0; i < 10; i++) {
                assertThat(nodes.bean(id, Desk.class).price("x")).isEqualTo("x priced");
            }
        }
    }

    private void restartEach(String... properties) {
        for (String id : IDS) {
            // Calls that a node makes itself end with it; those of all others go on.
            loads.remove(id).end();
            nodes.stop(id);
            nodes.start(id, properties);
            nodes.awaitAgreement();
            begin(id);
            // Everybody has called everybody since, the new process too.
            Map<String, Long> before = new ConcurrentHashMap<>();
            loads.forEach((node, load) -> before.put(node, load.succeeded.get()));
            await().atMost(TestNodes.PATIENCE).until(() -> loads.entrySet().stream()
                    .allMatch(entry -> entry.getValue().succeeded.get() >= before.get(entry.getKey()) + 12));
        }
    }

    private void begin(String id) {
        loads.put(id, new Load(nodes.bean(id, Desk.class), id));
    }

    private long endAll() {
        long succeeded = 0;
        for (Load load : loads.values()) {
            load.end();
            succeeded += load.succeeded.get();
        }
        loads.clear();
        return succeeded;
    }

    private static String failureOf(Runnable call) {
        try {
            call.run();
            return "";
        } catch (HaException e) {
            return e.getMessage();
        }
    }

    private String sharedKey() throws Exception {
        try (CuratorFramework client =
                CuratorFrameworkFactory.newClient(nodes.zooKeeper().getConnectString(), new RetryOneTime(100))) {
            client.start();
            String json = new String(client.getData().forPath("/ha/test/secret"));
            return json.replaceFirst(".*\"key\":\"([^\"]+)\".*", "$1");
        }
    }

    private static String newKey() {
        byte[] key = new byte[32];
        new SecureRandom().nextBytes(key);
        return Base64.getEncoder().encodeToString(key);
    }

    /** Two callers on a node, each with one call after the other. */
    private static final class Load {

        final AtomicLong succeeded = new AtomicLong();
        private final Queue<Throwable> failures = new ConcurrentLinkedQueue<>();
        private final AtomicInteger number = new AtomicInteger();
        private final List<Thread> threads;
        private volatile boolean over;

        Load(Desk desk, String id) {
            threads = List.of(new Thread(() -> run(desk, id)), new Thread(() -> run(desk, id)));
            threads.forEach(Thread::start);
        }

        private void run(Desk desk, String id) {
            while (!over) {
                String name = id + "-" + number.incrementAndGet();
                try {
                    assertThat(desk.price(name)).isEqualTo(name + " priced");
                    succeeded.incrementAndGet();
                } catch (RuntimeException | AssertionError e) {
                    failures.add(e);
                }
            }
        }

        void end() {
            over = true;
            for (Thread thread : threads) {
                try {
                    thread.join();
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            }
            assertThat(failures).isEmpty();
        }
    }
}
