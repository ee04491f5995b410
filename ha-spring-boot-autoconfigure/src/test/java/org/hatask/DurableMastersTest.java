package org.hatask;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.hatask.TestNodes.PATIENCE;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.zookeeper.ZooKeeper;
import org.hatask.durable.TaskManager;
import org.hatask.zookeeper.LossyZooKeeper;
import org.hatask.zookeeper.LossyZooKeeper.LostSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.stereotype.Component;

/** Durable tasks in ZooKeeper, on three nodes whose master changes, and one that only submits. */
@Timeout(120)
class DurableMastersTest {

    private static final String SUBMITTER = "d";
    private static final Map<String, List<Receipt>> RUNS = new ConcurrentHashMap<>();
    private static final Map<String, CountDownLatch> GATES = new ConcurrentHashMap<>();
    private static final Map<String, LossyZooKeeper> WAYS = new ConcurrentHashMap<>();
    private static TestNodes nodes;

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    @Import(Desk.class)
    static class Application {}

    /** @param epoch 0 for none */
    record Receipt(String node, long epoch) {}

    @Component("desk")
    static class Desk {

        private final HaCluster cluster;

        Desk(HaCluster cluster) {
            this.cluster = cluster;
        }

        @HaTask(delivery = Delivery.DURABLE, role = Role.WORKER)
        public CompletableFuture<Receipt> work(String trade) throws InterruptedException {
            return run(trade);
        }

        @HaTask(delivery = Delivery.DURABLE, role = Role.MASTER)
        public CompletableFuture<Receipt> settle(String trade) throws InterruptedException {
            return run(trade);
        }

        @HaTask(delivery = Delivery.DURABLE, role = Role.MASTER)
        public CompletableFuture<Receipt> close(String trade) throws InterruptedException {
            return run(trade);
        }

        private CompletableFuture<Receipt> run(String trade) throws InterruptedException {
            Receipt receipt = new Receipt(
                    cluster.self().id(), TaskContext.current().epoch().orElse(0));
            RUNS.computeIfAbsent(trade, id -> new CopyOnWriteArrayList<>()).add(receipt);
            CountDownLatch gate = GATES.get(trade);
            if (gate != null) {
                gate.await();
            }
            return CompletableFuture.completedFuture(receipt);
        }
    }

    @BeforeAll
    static void start() throws Exception {
        nodes = new TestNodes(
                Application.class, "ha.durable.poll-interval=50ms", "ha.durable.lease=3s", "ha.durable.concurrency=1");
        for (String id : List.of("a", "b", "c")) {
            WAYS.put(id, new LossyZooKeeper(nodes.zooKeeper().getPort(), ""));
            // Twice the same: a client that has tried all its servers waits for a second.
            String address = "127.0.0.1:" + WAYS.get(id).port();
            nodes.start(id, "ha.zookeeper.connect-string=" + address + "," + address);
        }
        nodes.start(SUBMITTER, "ha.node.accepts-tasks=false");
        nodes.awaitAgreement();
    }

    @AfterAll
    static void stop() throws Exception {
        nodes.close();
        WAYS.values().forEach(LossyZooKeeper::close);
    }

    @AfterEach
    void rise() {
        GATES.values().forEach(CountDownLatch::countDown);
        WAYS.values().forEach(LossyZooKeeper::comeBack);
        nodes.awaitAgreement();
    }

    /** As when its process is killed: it has no time to say anything. Its sessions end at once, so that nobody waits for that. */
    private static void die(String id) throws Exception {
        List<LostSession> sessions = WAYS.get(id).sessions();
        WAYS.get(id).stayAway();
        for (LostSession session : sessions) {
            ZooKeeper twin = new ZooKeeper(
                    nodes.zooKeeper().getConnectString(), 10_000, event -> {}, session.id(), session.password());
            try {
                await().atMost(PATIENCE).until(() -> twin.getState().isConnected());
            } finally {
                twin.close();
            }
        }
    }

    private static void awaitOtherMaster(String former) {
        HaCluster cluster = nodes.bean(SUBMITTER, HaCluster.class);
        await().atMost(PATIENCE).until(() -> cluster.master()
                .filter(master -> !master.id().equals(former)
                        && nodes.mastership(master.id()).isHeld())
                .isPresent());
    }

    private static Desk desk(String id) {
        return nodes.bean(id, Desk.class);
    }

    private static HaTasks tasks() {
        return nodes.bean(SUBMITTER, HaTasks.class);
    }

    private static void awaitState(String id, TaskState state) {
        await().atMost(PATIENCE).until(() -> tasks().find(id).orElseThrow().state() == state);
    }

    private static <T> T get(CompletableFuture<T> future) throws Exception {
        return future.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    }

    @Test
    void tasksRunOnNodesOfTheirRoleAndThoseOfTheMasterUnderItsEpoch() throws Exception {
        List<CompletableFuture<Receipt>> settled = new ArrayList<>();
        List<CompletableFuture<Receipt>> worked = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            for (String id : List.of("a", "b", "c")) {
                settled.add(desk(id).settle("settled " + id + i));
                worked.add(desk(id).work("worked " + id + i));
            }
        }

        long epoch = nodes.bean("a", HaCluster.class).epoch().orElseThrow();
        for (CompletableFuture<Receipt> one : settled) {
            assertThat(get(one)).isEqualTo(new Receipt(nodes.masterId(), epoch));
        }
        for (CompletableFuture<Receipt> one : worked) {
            assertThat(get(one).node()).isIn(nodes.workerIds()).isNotEqualTo(SUBMITTER);
            assertThat(get(one).epoch()).isZero();
        }
        assertThat(RUNS.values()).allSatisfy(runs -> assertThat(runs).hasSize(1));
    }

    @Test
    void futureOnAnotherNodeCompletesAlthoughTheMasterDiesMeanwhile() throws Exception {
        String master = nodes.masterId();
        GATES.put("w1", new CountDownLatch(1));
        CompletableFuture<Receipt> result = desk(SUBMITTER).work("w1");
        await().atMost(PATIENCE).until(() -> RUNS.containsKey("w1"));

        die(master);
        awaitOtherMaster(master);
        assertThat(result).isNotDone();
        GATES.get("w1").countDown();

        assertThat(get(result)).isEqualTo(RUNS.get("w1").get(0));
        assertThat(RUNS.get("w1")).hasSize(1);
    }

    @Test
    void whatTheMasterHadNotBegunWhenItDiedRunsUnderTheNextEpoch() throws Exception {
        String master = nodes.masterId();
        long epoch = nodes.bean(SUBMITTER, HaCluster.class).epoch().orElseThrow();
        GATES.put("m1", new CountDownLatch(1));
        String begun = tasks().submit("desk.settle", "m1").id();
        await().atMost(PATIENCE).until(() -> RUNS.containsKey("m1"));
        // It waits on the master for a place, and the other is given to nobody.
        String given = tasks().submit("desk.settle", "m2").id();
        awaitState(given, TaskState.LEASED);
        nodes.bean(SUBMITTER, TaskManager.class).pause("desk.close");
        CompletableFuture<Receipt> held = desk(SUBMITTER).close("m3");

        die(master);
        awaitOtherMaster(master);
        nodes.bean(SUBMITTER, TaskManager.class).resume("desk.close");

        Receipt next = get(tasks().result(given, Receipt.class));
        assertThat(next.epoch()).isGreaterThan(epoch);
        assertThat(next.node()).isNotEqualTo(master);
        assertThat(get(held)).isEqualTo(next);
        assertThat(RUNS.get("m2")).hasSize(1);
        assertThat(RUNS.get("m3")).hasSize(1);
        // It has no retry, and nobody knows how far it came.
        awaitState(begun, TaskState.FAILED);
        assertThat(RUNS.get("m1")).hasSize(1);
    }
}
