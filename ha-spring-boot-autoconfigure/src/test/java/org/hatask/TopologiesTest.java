package org.hatask;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.hatask.cluster.OperatorAction.Kind;
import org.hatask.cluster.OperatorAction.Result;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.availability.ApplicationAvailability;
import org.springframework.boot.availability.ReadinessState;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** The architectures, each as a user sets it, with the operator's hand. */
@Timeout(180)
class TopologiesTest {

    static class Desk {

        private final HaCluster cluster;

        Desk(HaCluster cluster) {
            this.cluster = cluster;
        }

        @HaTask
        public String any() {
            return cluster.self().id();
        }

        @HaTask(role = Role.MASTER)
        public String master() throws InterruptedException {
            new CountDownLatch(1).await(2, TimeUnit.MILLISECONDS);
            TaskContext.current().checkMaster();
            return cluster.self().id();
        }

        @HaTask(role = Role.WORKER)
        public String worker() {
            return cluster.self().id();
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

    private final List<AutoCloseable> open = new ArrayList<>();

    /** For callers that block: how many threads the JDK's common pool has depends on the machine. */
    private final ExecutorService threads = Executors.newCachedThreadPool();

    @AfterEach
    void closeAll() throws Exception {
        threads.shutdownNow();
        for (AutoCloseable each : open) {
            each.close();
        }
    }

    private TestNodes nodes(String... properties) throws Exception {
        TestNodes nodes = new TestNodes(Application.class, properties);
        open.add(nodes);
        return nodes;
    }

    private static Desk desk(TestNodes nodes, String id) {
        return nodes.bean(id, Desk.class);
    }

    private static void awaitReadiness(TestNodes nodes, String id, ReadinessState state) {
        await().atMost(TestNodes.PATIENCE)
                .until(() -> nodes.bean(id, ApplicationAvailability.class).getReadinessState() == state);
    }

    private static Set<String> places(Supplier<String> call) {
        Set<String> places = new TreeSet<>();
        for (int i = 0; i < 12; i++) {
            places.add(call.get());
        }
        return places;
    }

    private static String master(Desk desk) {
        try {
            return desk.master();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void onlyThePrimaryExecutesAndTakesTrafficAndOnlyAnOperatorReplacesIt() throws Exception {
        TestNodes nodes = nodes("ha.topology=primary-backup").startAll("n1");
        nodes.start("n2");
        nodes.awaitAgreement();
        assertThat(nodes.masterId()).isEqualTo("n1");
        for (String caller : List.of("n1", "n2")) {
            Desk desk = desk(nodes, caller);
            assertThat(places(desk::any)).containsExactly("n1");
            assertThat(places(desk::worker)).containsExactly("n1");
            assertThat(master(desk)).isEqualTo("n1");
        }
        awaitReadiness(nodes, "n1", ReadinessState.ACCEPTING_TRAFFIC);
        awaitReadiness(nodes, "n2", ReadinessState.REFUSING_TRAFFIC);

        nodes.stop("n1");

        HaCluster atN2 = nodes.bean("n2", HaCluster.class);
        await().atMost(TestNodes.PATIENCE)
                .until(() -> atN2.master().isEmpty() && atN2.members().size() == 1);
        long begin = System.nanoTime();
        assertThatExceptionOfType(NoMasterException.class)
                .isThrownBy(() -> desk(nodes, "n2").any())
                .withMessageContaining("n1 of epoch 1 is gone since 20")
                .withMessageContaining("{\"action\": \"promote\", \"node\": \"n2\"}");
        assertThat(Duration.ofNanos(System.nanoTime() - begin))
                .as("at once, not after the time of an election")
                .isLessThan(Duration.ofSeconds(20));

        assertThat(nodes.order("n2", Kind.PROMOTE, "n2").result()).isEqualTo(Result.DONE);

        assertThat(desk(nodes, "n2").worker()).isEqualTo("n2");
        awaitReadiness(nodes, "n2", ReadinessState.ACCEPTING_TRAFFIC);
        nodes.start("n1");
        nodes.awaitAgreement();
        assertThat(nodes.masterId()).isEqualTo("n2");
        assertThat(places(desk(nodes, "n1")::any)).containsExactly("n2");
        awaitReadiness(nodes, "n1", ReadinessState.REFUSING_TRAFFIC);
    }

    @Test
    void aPrimaryThatComesBackUnderItsIdIsThePrimaryAgain() throws Exception {
        TestNodes nodes = nodes("ha.topology=primary-backup").startAll("n1");
        nodes.start("n2");
        nodes.awaitAgreement();
        nodes.stop("n1");

        nodes.start("n1");

        nodes.awaitAgreement();
        assertThat(nodes.masterId()).isEqualTo("n1");
        assertThat(desk(nodes, "n2").any()).isEqualTo("n1");
        awaitReadiness(nodes, "n1", ReadinessState.ACCEPTING_TRAFFIC);
    }

    @Test
    void slavesGoOnWithoutTheirMasterAndTasksForItFailClearly() throws Exception {
        TestNodes nodes = nodes("ha.topology=master-slave").startAll("n1");
        nodes.start("n2");
        nodes.start("n3");
        nodes.awaitAgreement();
        assertThat(master(desk(nodes, "n3"))).isEqualTo("n1");
        assertThat(places(desk(nodes, "n1")::worker)).containsExactly("n2", "n3");
        assertThat(places(desk(nodes, "n2")::any)).containsExactly("n1", "n2", "n3");
        awaitReadiness(nodes, "n3", ReadinessState.ACCEPTING_TRAFFIC);

        nodes.stop("n1");

        await().atMost(TestNodes.PATIENCE)
                .until(() -> nodes.bean("n2", HaCluster.class).members().size() == 2);
        assertThatExceptionOfType(NoMasterException.class)
                .isThrownBy(() -> desk(nodes, "n2").master())
                .withMessageContaining("The appointed master n1");
        assertThat(places(desk(nodes, "n2")::worker)).containsExactly("n2", "n3");
        assertThat(places(desk(nodes, "n3")::any)).containsExactly("n2", "n3");

        assertThat(nodes.order("n3", Kind.PROMOTE, "n2").result()).isEqualTo(Result.DONE);

        assertThat(master(desk(nodes, "n3"))).isEqualTo("n2");
        assertThat(places(desk(nodes, "n3")::worker)).containsExactly("n3");
    }

    @Test
    void theSmallestIdLeadsAndTakesOverWhenItReturns() throws Exception {
        TestNodes nodes = nodes("ha.election.strategy=lowest-node-id").startAll("n10");
        nodes.start("n9");
        await().atMost(TestNodes.PATIENCE).until(() -> nodes.mastership("n9").isHeld());
        nodes.awaitAgreement();
        assertThat(nodes.masterId()).isEqualTo("n9");
        nodes.stop("n9");
        await().atMost(TestNodes.PATIENCE).until(() -> nodes.mastership("n10").isHeld());

        nodes.start("n9");

        await().atMost(TestNodes.PATIENCE).until(() -> nodes.mastership("n9").isHeld());
        nodes.awaitAgreement();
        assertThat(master(desk(nodes, "n10"))).isEqualTo("n9");
    }

    @Test
    void promotionsUnderLoadFailNoCallAndAreOneChangeOfMasterEach() throws Exception {
        TestNodes nodes = nodes().startAll("n1", "n2", "n3");
        AtomicBoolean stop = new AtomicBoolean();
        Queue<Throwable> failures = new ConcurrentLinkedQueue<>();
        Queue<String> done = new ConcurrentLinkedQueue<>();
        List<CompletableFuture<Void>> callers = new ArrayList<>();
        for (String id : List.of("n1", "n2", "n3")) {
            for (int i = 0; i < 3; i++) {
                callers.add(CompletableFuture.runAsync(
                        () -> {
                            while (!stop.get()) {
                                try {
                                    done.add(desk(nodes, id).master());
                                } catch (Throwable e) {
                                    failures.add(e);
                                }
                            }
                        },
                        threads));
            }
        }
        long epoch = nodes.mastership(nodes.masterId()).heldEpoch();
        for (String next : List.of(nodes.workerIds().get(0), nodes.workerIds().get(1), nodes.masterId())) {
            done.clear();
            await().atMost(TestNodes.PATIENCE).until(() -> done.size() > 20);
            long begin = System.nanoTime();
            assertThat(nodes.order("n2", Kind.PROMOTE, next).result()).isEqualTo(Result.DONE);
            System.out.println("promotion under load " + (System.nanoTime() - begin) / 1_000_000 + " ms");
            await().atMost(TestNodes.PATIENCE).until(() -> done.contains(next));
        }
        stop.set(true);
        callers.forEach(CompletableFuture::join);

        assertThat(failures).isEmpty();
        assertThat(nodes.mastership(nodes.masterId()).heldEpoch()).isEqualTo(epoch + 3);
    }

    @Test
    void aDrainedNodeExecutesNothingButStillCalls() throws Exception {
        TestNodes nodes = nodes().startAll("n1", "n2", "n3");
        String drained = nodes.workerIds().get(0);
        String other = nodes.workerIds().get(1);

        assertThat(nodes.order(other, Kind.DRAIN, drained).result()).isEqualTo(Result.DONE);

        awaitReadiness(nodes, drained, ReadinessState.REFUSING_TRAFFIC);
        assertThat(places(desk(nodes, other)::any)).doesNotContain(drained);
        assertThat(places(desk(nodes, drained)::any)).hasSize(2).doesNotContain(drained);

        assertThat(nodes.order(drained, Kind.RESUME, drained).result()).isEqualTo(Result.DONE);

        awaitReadiness(nodes, drained, ReadinessState.ACCEPTING_TRAFFIC);
        await().atMost(TestNodes.PATIENCE)
                .until(() -> places(desk(nodes, other)::any).contains(drained));
    }
}
