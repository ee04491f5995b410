package org.hatask;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.hatask.cluster.Membership;
import org.hatask.link.LinkTransport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.availability.ApplicationAvailability;
import org.springframework.boot.availability.ReadinessState;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.event.EventListener;

/** Nodes that come and go. */
@Timeout(300)
class LifecycleTest {

    static class Desk {

        static final Queue<String> HELD = new ConcurrentLinkedQueue<>();

        private final HaCluster cluster;

        Desk(HaCluster cluster) {
            this.cluster = cluster;
        }

        @HaTask
        public String any() throws InterruptedException {
            new CountDownLatch(1).await(3, TimeUnit.MILLISECONDS);
            return cluster.self().id();
        }

        @HaTask(role = Role.MASTER)
        public void hold() throws InterruptedException {
            HELD.add("held");
            try {
                new CountDownLatch(1).await();
            } finally {
                HELD.add("let go");
            }
        }

        @HaTask(role = Role.MASTER)
        public String master() throws InterruptedException {
            long epoch = TaskContext.current().epoch().orElseThrow();
            new CountDownLatch(1).await(3, TimeUnit.MILLISECONDS);
            TaskContext.current().checkMaster();
            return cluster.self().id() + " " + epoch;
        }
    }

    static class Events {

        final Queue<Object> seen = new ConcurrentLinkedQueue<>();

        @EventListener({
            MasterElectedEvent.class,
            MasterGainedEvent.class,
            MasterLostEvent.class,
            NodeJoinedEvent.class,
            NodeLeftEvent.class
        })
        void on(Object event) {
            seen.add(event);
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
        Events events() {
            return new Events();
        }
    }

    private final List<AutoCloseable> open = new ArrayList<>();

    /** For callers that block: how many threads the JDK's common pool has depends on the machine. */
    private final ExecutorService threads = Executors.newCachedThreadPool();

    @AfterEach
    void closeAll() throws Exception {
        threads.shutdownNow();
        for (int i = open.size() - 1; i >= 0; i--) {
            open.get(i).close();
        }
    }

    private TestNodes nodes() throws Exception {
        TestNodes nodes = new TestNodes(Application.class);
        open.add(nodes);
        return nodes;
    }

    @Test
    void anOrderlyStopOfTheMasterUnderLoadFailsNoCall() throws Exception {
        TestNodes nodes = nodes().startAll("n1", "n2", "n3");
        String master = nodes.masterId();
        long epoch = nodes.mastership(master).heldEpoch();
        AtomicBoolean stop = new AtomicBoolean();
        Queue<Throwable> failures = new ConcurrentLinkedQueue<>();
        Map<String, Integer> mastersSeen = new ConcurrentHashMap<>();
        List<CompletableFuture<Void>> callers = new ArrayList<>();
        // The master's own callers would be requests, for which its web server waits: a process test has them.
        for (String id : nodes.workerIds()) {
            Desk desk = nodes.bean(id, Desk.class);
            for (int i = 0; i < 4; i++) {
                callers.add(CompletableFuture.runAsync(
                        () -> {
                            while (!stop.get()) {
                                try {
                                    desk.any();
                                    mastersSeen.merge(desk.master(), 1, Integer::sum);
                                } catch (Throwable e) {
                                    failures.add(e);
                                }
                            }
                        },
                        threads));
            }
        }
        await().atMost(TestNodes.PATIENCE)
                .until(() -> mastersSeen.values().stream().anyMatch(count -> count > 50));

        nodes.stop(master);

        await().atMost(TestNodes.PATIENCE)
                .until(() -> mastersSeen.keySet().stream().anyMatch(seen -> !seen.startsWith(master)));
        stop.set(true);
        callers.forEach(CompletableFuture::join);
        assertThat(failures).isEmpty();
        assertThat(mastersSeen.keySet()).hasSize(2).anyMatch(seen -> seen.equals(master + " " + epoch));
        assertThat(nodes.bean(nodes.masterId(), HaCluster.class).epoch()).hasValue(epoch + 1);
    }

    @Test
    void aTaskEndsWhenItsCallerIsGoneWithoutAWord() throws Exception {
        TestNodes nodes = nodes().startAll("n1", "n2");
        String other = nodes.workerIds().get(0);
        CompletableFuture<Void> call = CompletableFuture.runAsync(
                () -> {
                    try {
                        nodes.bean(other, Desk.class).hold();
                    } catch (InterruptedException e) {
                        throw new IllegalStateException(e);
                    }
                },
                threads);
        await().atMost(TestNodes.PATIENCE).until(() -> Desk.HELD.contains("held"));

        // As seen by the master, this is what a kill does: the links break, and some time later the record goes.
        nodes.bean(other, LinkTransport.class).close();
        await().during(Duration.ofSeconds(1)).until(() -> !Desk.HELD.contains("let go"));
        nodes.bean(other, Membership.class).close();

        await().atMost(TestNodes.PATIENCE).until(() -> Desk.HELD.contains("let go"));
        assertThat(call).failsWithin(TestNodes.PATIENCE).withThrowableThat().withCauseInstanceOf(HaException.class);
    }

    @Test
    void everyChangeIsAnEventOnEveryNode() throws Exception {
        TestNodes nodes = nodes().startAll("n1", "n2");
        String master = nodes.masterId();
        String other = nodes.workerIds().get(0);
        Queue<Object> seen = nodes.bean(other, Events.class).seen;

        nodes.stop(master);

        await().atMost(TestNodes.PATIENCE).until(() -> seen.contains(new MasterGainedEvent(2)));
        await().atMost(TestNodes.PATIENCE).until(() -> seen.stream()
                .anyMatch(event ->
                        event instanceof NodeLeftEvent left && left.node().id().equals(master)));
        await().atMost(TestNodes.PATIENCE).until(() -> seen.stream()
                .anyMatch(event -> event instanceof MasterElectedEvent elected
                        && elected.epoch() == 2
                        && elected.nodeId().equals(other)
                        && elected.cause().contains(master)));
        assertThat(seen).filteredOn(NodeJoinedEvent.class::isInstance).hasSize(2);
    }

    @Test
    void aPureDispatcherCallsButExecutesNothingAndNeverLeads() throws Exception {
        TestNodes nodes = nodes();
        nodes.start("d1", "ha.node.accepts-tasks=false");
        nodes.start("n1");
        nodes.awaitAgreement();

        for (int i = 0; i < 10; i++) {
            assertThat(nodes.bean("d1", Desk.class).any()).isEqualTo("n1");
        }
        assertThat(nodes.bean("d1", Desk.class).master()).startsWith("n1 ");
    }

    @Test
    void aNodeStartedBeforeZooKeeperIsNotReadyUntilItHasJoined() throws Exception {
        TestNodes nodes = nodes();
        nodes.zooKeeper().stop();
        ConfigurableApplicationContext node = nodes.start("n1");
        ApplicationAvailability availability = node.getBean(ApplicationAvailability.class);
        assertThat(availability.getReadinessState()).isEqualTo(ReadinessState.REFUSING_TRAFFIC);

        nodes.zooKeeper().restart();

        await().atMost(Duration.ofSeconds(150))
                .until(() -> availability.getReadinessState() == ReadinessState.ACCEPTING_TRAFFIC);
        nodes.awaitAgreement();
        assertThat(node.getBean(Desk.class).master()).startsWith("n1 ");
    }

    @Test
    void whileZooKeeperIsAwayTasksForAnyNodeGoOnAndThoseOfTheMasterComeBackWithIt() throws Exception {
        TestNodes nodes = nodes().startAll("n1", "n2");
        String other = nodes.workerIds().get(0);
        Desk desk = nodes.bean(other, Desk.class);

        nodes.zooKeeper().stop();
        // The lease ends by itself.
        await().atMost(TestNodes.PATIENCE)
                .until(() -> !nodes.mastership(nodes.masterId()).isHeld());
        for (int i = 0; i < 50; i++) {
            assertThat(desk.any()).isIn("n1", "n2");
        }
        nodes.zooKeeper().restart();

        assertThat(desk.master()).isNotBlank();
        await().atMost(TestNodes.PATIENCE)
                .until(() -> nodes.bean("n1", HaCluster.class).members().size() == 2);
    }

    @Test
    void withoutAnyConfigurationTheNodesOfAMachineShareADevelopmentServer(@TempDir Path directory) throws Exception {
        String[] properties = {
            "ha.zookeeper.embedded.port=" + TestZooKeeper.freePorts(1).get(0),
            "ha.zookeeper.embedded.data-dir=" + directory,
            "ha.zookeeper.session-timeout=6s"
        };
        HaCluster first = application("dev1", properties);
        HaCluster second = application("dev2", properties);

        await().atMost(Duration.ofSeconds(150))
                .until(() -> first.members().size() == 2
                        && second.members().size() == 2
                        && first.isMaster() != second.isMaster());
    }

    @Test
    void withAnEmbeddedEnsembleEveryNodeHostsAPeer(@TempDir Path directory) throws Exception {
        List<Integer> ports = TestZooKeeper.freePorts(9);
        List<String> peers = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            peers.add("n" + (i + 1) + "@127.0.0.1:" + ports.get(3 * i) + ":" + ports.get(3 * i + 1) + ":"
                    + ports.get(3 * i + 2));
        }
        List<HaCluster> nodes = new ArrayList<>();
        for (String id : List.of("n1", "n2", "n3")) {
            nodes.add(application(
                    id,
                    "ha.zookeeper.embedded.ensemble=" + String.join(",", peers),
                    "ha.zookeeper.embedded.data-dir=" + directory.resolve(id),
                    "ha.zookeeper.session-timeout=6s"));
        }

        await().atMost(Duration.ofSeconds(150))
                .until(() -> nodes.stream().allMatch(node -> node.members().size() == 3)
                        && nodes.stream().filter(HaCluster::isMaster).count() == 1);
    }

    private HaCluster application(String id, String... properties) {
        List<String> all = new ArrayList<>(List.of(properties));
        all.addAll(List.of("server.port=0", "ha.node.id=" + id, "ha.cluster=test"));
        ConfigurableApplicationContext context = new SpringApplicationBuilder(Application.class)
                .properties(all.toArray(String[]::new))
                .run();
        open.add(context);
        return context.getBean(HaCluster.class);
    }
}
