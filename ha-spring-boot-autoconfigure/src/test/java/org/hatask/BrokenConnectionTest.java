package org.hatask;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.net.URI;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.hatask.cluster.ClusterState;
import org.hatask.cluster.Membership;
import org.hatask.cluster.Node;
import org.hatask.execute.TaskExecutor;
import org.hatask.link.FreezableProxy;
import org.hatask.link.LinkInfo;
import org.hatask.link.LinkTransport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/**
 * A dispatcher and the node that executes, with a proxy between them that cuts their connections while both live. No task has
 * {@code retry}.
 */
@Timeout(120)
class BrokenConnectionTest {

    static class Desk {

        static final Map<String, Integer> RUNS = new ConcurrentHashMap<>();
        static final Map<String, CountDownLatch> LATCHES = new ConcurrentHashMap<>();

        @HaTask
        public String hold(String name) throws InterruptedException {
            RUNS.merge(name, 1, Integer::sum);
            LATCHES.computeIfAbsent(name, key -> new CountDownLatch(1)).await();
            return name + " done";
        }

        @HaTask
        public String quick(String name) throws InterruptedException {
            RUNS.merge(name, 1, Integer::sum);
            new CountDownLatch(1).await(name.hashCode() & 7, TimeUnit.MILLISECONDS);
            return name + " done";
        }

        @HaTask
        public CompletableFuture<String> later(String name) {
            RUNS.merge(name, 1, Integer::sum);
            return CompletableFuture.completedFuture(name + " done");
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

    private static final ExecutorService CALLERS = Executors.newCachedThreadPool();
    private static TestNodes nodes;
    private static FreezableProxy proxy;
    private static Desk desk;

    @BeforeAll
    static void start() throws Exception {
        nodes = new TestNodes(Application.class);
        // Else it would have a link to the master already, past the proxy.
        nodes.start("caller", "ha.node.accepts-tasks=false", "ha.election.crash-takeover=false");
        nodes.start("n1", "ha.executor.threads=2");
        nodes.awaitAgreement();
        proxy = new FreezableProxy(nodes.port("n1"));
        URI behindProxy = URI.create("http://127.0.0.1:" + proxy.port());
        ClusterState state = nodes.bean("n1", ClusterState.class);
        Node n1 = state.view().self();
        state.setSelf(new Node(
                        n1.id(),
                        n1.incarnation(),
                        behindProxy,
                        n1.state(),
                        n1.masterEligible(),
                        n1.acceptsTasks(),
                        n1.weight(),
                        n1.zone(),
                        n1.startedAt())
                .withTasks(n1.tasks()));
        nodes.bean("n1", Membership.class).selfChanged();
        await().atMost(TestNodes.PATIENCE).until(() -> nodes.bean("caller", HaCluster.class).members().stream()
                .anyMatch(node -> node.uri().equals(behindProxy)));
        desk = nodes.bean("caller", Desk.class);
    }

    @AfterAll
    static void stop() throws Exception {
        CALLERS.shutdownNow();
        nodes.close();
        proxy.close();
    }

    private interface Task {
        Object run() throws Exception;
    }

    private static CompletableFuture<Object> call(Task task) {
        return CompletableFuture.supplyAsync(
                () -> {
                    try {
                        return task.run();
                    } catch (RuntimeException e) {
                        throw e;
                    } catch (Exception e) {
                        throw new IllegalStateException(e);
                    }
                },
                CALLERS);
    }

    @Test
    void tasksThatRunOrWaitForAThreadSurviveACutAndRunOnce() {
        List<String> names = List.of("first", "second", "waiting");
        List<CompletableFuture<Object>> results = new ArrayList<>();
        names.forEach(name -> results.add(call(() -> desk.hold(name))));
        TaskExecutor executor = nodes.bean("n1", TaskExecutor.class);
        await().atMost(TestNodes.PATIENCE).until(() -> executor.inFlight() == 3);

        proxy.cut();
        names.forEach(name ->
                Desk.LATCHES.computeIfAbsent(name, key -> new CountDownLatch(1)).countDown());

        for (int i = 0; i < names.size(); i++) {
            assertThat(results.get(i)).succeedsWithin(TestNodes.PATIENCE).isEqualTo(names.get(i) + " done");
            assertThat(Desk.RUNS.get(names.get(i))).isOne();
        }
    }

    @Test
    void noneOfManyCallsIsLostOrDoubledByConnectionsThatBreakAllTheTime() {
        CountDownLatch allDone = new CountDownLatch(1);
        AtomicInteger cuts = new AtomicInteger();
        CompletableFuture<Void> cutting = CompletableFuture.runAsync(() -> cutEveryLink(allDone, cuts), CALLERS);
        AtomicInteger calls = new AtomicInteger();
        List<CompletableFuture<Void>> callers = new ArrayList<>();
        for (int caller = 0; caller < 8; caller++) {
            int who = caller;
            callers.add(CompletableFuture.runAsync(
                    () -> {
                        // On a quick machine forty calls may be done before anything is cut.
                        for (int i = 0; i < 40 || cuts.get() <= 3; i++) {
                            String name = "call " + who + "-" + i;
                            calls.incrementAndGet();
                            assertThat(
                                            i % 2 == 0
                                                    ? call(() -> desk.quick(name))
                                                            .join()
                                                    : desk.later(name).join())
                                    .isEqualTo(name + " done");
                        }
                    },
                    CALLERS));
        }

        callers.forEach(caller -> assertThat(caller).succeedsWithin(TestNodes.PATIENCE.multipliedBy(3)));
        allDone.countDown();

        assertThat(cutting).succeedsWithin(TestNodes.PATIENCE);
        assertThat(Desk.RUNS.entrySet())
                .filteredOn(run -> run.getKey().startsWith("call "))
                .hasSize(calls.get())
                .allMatch(run -> run.getValue() == 1);
    }

    /** Cuts each link soon after it stands, so that no search for a way back fails for long. */
    private static void cutEveryLink(CountDownLatch end, AtomicInteger cuts) {
        LinkTransport transport = nodes.bean("caller", LinkTransport.class);
        Instant lastCut = Instant.EPOCH;
        try {
            while (!end.await(30, TimeUnit.MILLISECONDS)) {
                Instant newest = transport.links().stream()
                        .map(LinkInfo::since)
                        .max(Comparator.naturalOrder())
                        .orElse(lastCut);
                if (newest.isAfter(lastCut)) {
                    proxy.cut();
                    lastCut = newest;
                    cuts.incrementAndGet();
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
