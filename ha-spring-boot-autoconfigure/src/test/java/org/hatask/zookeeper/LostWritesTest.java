package org.hatask.zookeeper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import org.apache.curator.test.TestingServer;
import org.hatask.TestZooKeeper;
import org.hatask.cluster.Coordination;
import org.hatask.cluster.Master;
import org.hatask.cluster.NodeState;
import org.hatask.cluster.OperatorAction;
import org.hatask.cluster.OperatorAction.Kind;
import org.hatask.cluster.OperatorAction.Result;
import org.hatask.zookeeper.LossyZooKeeper.Lost;
import org.hatask.zookeeper.LossyZooKeeper.LostSession;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Loses the connection in the middle of every single write that the engine makes: the request is lost or only its answer,
 * and the session lives on or is ended meanwhile. Whichever it is, the cluster is whole again afterwards, and the mastership
 * can still change.
 */
class LostWritesTest {

    /** Mostly they wait for a client that tries to connect again within a second. */
    private static final int AT_ONCE = 8;

    private static final Duration BOUND = Duration.ofSeconds(120);
    private static final Duration ALL = Duration.ofMinutes(15);

    private static final String ROOT = "/ha/test";
    private static final String MASTER = ROOT + "/master";
    private static final String LEASE = ROOT + "/lease";
    private static final String ASSIGNED_PATH = ROOT + "/assigned";

    private static final TestNode.Strategy LATCH = ZooKeeperElection::leaderLatch;
    private static final TestNode.Strategy LOWEST = ZooKeeperElection::lowestNodeId;
    private static final TestNode.Strategy ASSIGNED = ZooKeeperElection::assigned;

    private final ExecutorService scenes = Executors.newFixedThreadPool(AT_ONCE);
    private final AtomicInteger kept = new AtomicInteger();
    private TestingServer server;

    private interface Script {
        void play(Scene scene) throws Exception;
    }

    /**
     * A write and its story.
     *
     * @param loser id of the node that makes it
     * @param which tells it from others, by what it does
     * @param before until the write can come
     * @param trigger brings it about, without waiting for it
     * @param after what must be in the end
     */
    private record Write(
            String name,
            TestNode.Strategy strategy,
            String loser,
            Predicate<List<String>> which,
            Script before,
            Script trigger,
            Script after) {}

    @BeforeEach
    void startServer() throws Exception {
        server = TestZooKeeper.start((int) TestNode.TICK.toMillis());
    }

    @AfterEach
    void stopServer() throws Exception {
        scenes.shutdownNow();
        assertThat(scenes.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
        server.close();
    }

    @TestFactory
    List<DynamicTest> theClusterIsWholeAfterTheLossOf() {
        List<DynamicTest> tests = new ArrayList<>();
        List<Write> writes = new ArrayList<>();
        writes.addAll(ofTheLayout());
        writes.addAll(ofMembers());
        writes.addAll(ofCandidates());
        writes.addAll(ofMasters());
        writes.addAll(ofOrders());
        writes.addAll(ofWitnesses());
        for (Write write : writes) {
            for (Lost lost : Lost.values()) {
                for (boolean expired : List.of(false, true)) {
                    String name = (lost == Lost.REQUEST ? "" : "the answer to ") + write.name() + ", "
                            + (expired ? "session ended" : "session kept");
                    String chroot = "/scene" + tests.size();
                    CompletableFuture<String> scene =
                            CompletableFuture.supplyAsync(() -> play(write, lost, expired, chroot), scenes);
                    tests.add(dynamicTest(
                            name,
                            () -> System.out.println(name + ": " + scene.get(ALL.toSeconds(), TimeUnit.SECONDS))));
                }
            }
        }
        // A busy machine may lose some; and who stops keeps none.
        tests.add(dynamicTest("most sessions that should be kept were kept", () -> {
            System.out.println(kept.get() + " sessions were kept");
            assertThat(kept.get()).isGreaterThan(writes.size());
        }));
        return tests;
    }

    private String play(Write write, Lost lost, boolean expired, String chroot) {
        try (Scene scene = new Scene(server.getPort(), chroot, write.strategy(), write.strategy() == ASSIGNED)) {
            write.before().play(scene);
            LossyZooKeeper way = scene.way(write.loser());
            CompletableFuture<LostSession> lostSession = way.lose(lost, write.which(), expired);
            write.trigger().play(scene);
            LostSession session = lostSession.get(BOUND.toSeconds(), TimeUnit.SECONDS);
            long begin = System.nanoTime();
            if (expired) {
                // A session that ends by itself outlives the lease. An early end must find the node warned; who stops
                // holds
                // nothing any more.
                TestNode loser = scene.node(write.loser());
                if (loser != null) {
                    await().atMost(BOUND).until(() -> loser.clients.status().state() != Coordination.State.CONNECTED);
                }
                scene.end(session);
                way.comeBack();
            }
            write.after().play(scene);
            long millis = (System.nanoTime() - begin) / 1_000_000;
            scene.nothingWasWrong();
            boolean has = scene.has(write.loser(), session.id());
            assertThat(has && expired).isFalse();
            if (has) {
                kept.incrementAndGet();
            }
            return "whole after " + millis + " ms" + (has ? " in the same session; " : "; ") + scene.events();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    // ---- the writes

    private List<Write> ofTheLayout() {
        return new Paths("test")
                .persistent().stream()
                        .map(path -> atStart(LATCH, "create " + path, only("create " + path)))
                        .toList();
    }

    private List<Write> ofMembers() {
        String member = ROOT + "/members/n2";
        return List.of(
                new Write(
                        "create member",
                        LATCH,
                        "n2",
                        all("create " + member),
                        scene -> scene.startWhole("n1"),
                        scene -> scene.start("n2"),
                        whole("n1", "n2")),
                new Write(
                        "set member",
                        LATCH,
                        "n2",
                        all("set " + member),
                        scene -> scene.startWhole("n1", "n2"),
                        LostWritesTest::changeStateOfN2,
                        whole(Set.of("n1", "n2"), Set.of("n1"))),
                new Write(
                        "replace member",
                        LATCH,
                        "n2",
                        any("create " + member), // With its deletion, while the former session lives.
                        scene -> scene.startWhole("n1", "n2"),
                        scene -> scene.node("n2")
                                .membershipHandle()
                                .getTestable()
                                .injectSessionExpiration(),
                        whole("n1", "n2")),
                new Write(
                        "delete member",
                        LATCH,
                        "n2",
                        all("delete " + member),
                        scene -> scene.startWhole("n1", "n2"),
                        scene -> scene.stop("n2"),
                        whole("n1")));
    }

    private static void changeStateOfN2(Scene scene) {
        TestNode n2 = scene.node("n2");
        n2.state.setSelf(n2.node.withState(NodeState.DRAINING));
        n2.membership.selfChanged();
    }

    private List<Write> ofCandidates() {
        String latch = ROOT + "/election/_c_";
        String candidate = ROOT + "/election/n";
        return List.of(
                atStart(LATCH, "create latch node of the first", any("create " + latch)),
                atStart(LOWEST, "create candidate of the first", any("create " + candidate)),
                new Write(
                        "create latch node of the second",
                        LATCH,
                        "n2",
                        any("create " + latch),
                        scene -> scene.startWhole("n1"),
                        scene -> scene.start("n2"),
                        whole("n1", "n2")),
                new Write(
                        "check of a waiting candidate",
                        LATCH,
                        "n2",
                        writes -> writes.size() == 1 && writes.get(0).startsWith("check " + latch),
                        scene -> scene.startWhole("n1", "n2"),
                        scene -> {},
                        whole("n1", "n2")),
                drained(LATCH, "delete latch node", any("delete " + latch)),
                drained(LOWEST, "delete candidate", any("delete " + candidate)));
    }

    /** A node that waits is drained, and must not stand any more: else all others wait for it. */
    private static Write drained(TestNode.Strategy strategy, String name, Predicate<List<String>> which) {
        return new Write(
                name,
                strategy,
                "n2",
                which,
                scene -> scene.startWhole("n1", "n2", "n3"),
                scene -> scene.order("n1", Kind.DRAIN, "n2"),
                scene -> {
                    scene.whole(Set.of("n1", "n2", "n3"), Set.of("n1", "n3"));
                    scene.stop("n1");
                    assertThat(scene.whole(Set.of("n2", "n3"), Set.of("n3")).nodeId())
                            .isEqualTo("n3");
                });
    }

    private List<Write> ofMasters() {
        Predicate<List<String>> take = any("create " + MASTER);
        Predicate<List<String>> renewal =
                writes -> all("check " + MASTER, "set " + LEASE).test(writes)
                        && !any("delete ").test(writes);
        Predicate<List<String>> release = all("set " + LEASE, "delete " + MASTER);
        return List.of(
                atStart(LATCH, "take the mastership", take),
                atStart(LOWEST, "take the mastership by id", take),
                atStart(ASSIGNED, "take the mastership by appointment", take),
                atStart(LATCH, "the first renewal", renewal),
                succession(LATCH, "take the mastership over", take),
                succession(LATCH, "complete the history", only("set " + ROOT + "/history")),
                new Write(
                        "a later renewal",
                        LATCH,
                        "n1",
                        renewal,
                        scene -> scene.startWhole("n1", "n2"),
                        scene -> {},
                        whole("n1", "n2")),
                new Write(
                        "release at a stop",
                        LATCH,
                        "n1",
                        release,
                        scene -> scene.startWhole("n1", "n2"),
                        scene -> scene.stop("n1"),
                        whole("n2")),
                promotion(LATCH, "release for another", "n1", release),
                promotion(LOWEST, "release for another by id", "n1", release),
                promotion(ASSIGNED, "release for an appointed one", "n1", release),
                new Write(
                        "delete the record of a deposed master",
                        LATCH,
                        "n1",
                        only("delete " + MASTER),
                        scene -> scene.startWhole("n1", "n2"),
                        scene -> {
                            Session session =
                                    scene.node("n1").clients.election().session();
                            for (String child : scene.stranger().getChildren(ROOT + "/election", false)) {
                                String path = ROOT + "/election/" + child;
                                if (scene.stranger().exists(path, false).getEphemeralOwner() == session.id()) {
                                    scene.stranger().delete(path, -1);
                                }
                            }
                        },
                        whole("n1", "n2")),
                new Write(
                        "raise the epochs",
                        LATCH,
                        "n2",
                        only("set " + ROOT + "/epoch"),
                        scene -> scene.startWhole("n1", "n2"),
                        scene -> {
                            // As if it had seen more before ZooKeeper was emptied.
                            scene.node("n2").state.setMaster(new Master("n0", "gone", 40, Instant.now(), "earlier"));
                            scene.stranger().delete(MASTER, -1);
                        },
                        scene -> {
                            whole("n1", "n2").play(scene);
                            assertThat(scene.whole("n1", "n2").epoch()).isGreaterThan(40);
                        }));
    }

    private static Write succession(TestNode.Strategy strategy, String name, Predicate<List<String>> which) {
        return new Write(
                name,
                strategy,
                "n2",
                which,
                scene -> scene.startWhole("n1", "n2", "n3"),
                scene -> scene.stop("n1"),
                whole("n2", "n3"));
    }

    private List<Write> ofOrders() {
        Predicate<List<String>> order = all("check " + ROOT + "/epoch", "set " + ASSIGNED_PATH);
        Predicate<List<String>> note = only("set " + ASSIGNED_PATH);
        return List.of(
                atStart(ASSIGNED, "the first node's claim", note),
                promotion(LATCH, "an order", "n2", order),
                promotion(ASSIGNED, "an order where it alone decides", "n2", order),
                promotion(LATCH, "the note that an order is done", "n2", note),
                promotion(ASSIGNED, "the note that an order is done where it alone decides", "n2", note));
    }

    /** Given on the promoted node, and done in the end. */
    private static Write promotion(
            TestNode.Strategy strategy, String name, String loser, Predicate<List<String>> which) {
        return new Write(
                name,
                strategy,
                loser,
                which,
                scene -> scene.startWhole("n1", "n2"),
                scene -> scene.order("n2", Kind.PROMOTE, "n2"),
                scene -> {
                    assertThat(scene.answer().result())
                            .as(scene.answer().toString())
                            .isEqualTo(Result.DONE);
                    assertThat(scene.whole("n1", "n2").nodeId()).isEqualTo("n2");
                    await().atMost(BOUND).untilAsserted(() -> assertThat(
                                    scene.node("n1").state.view().orders().actions())
                            .extracting(OperatorAction::result)
                            .containsExactly(Result.DONE));
                    whole("n1", "n2").play(scene);
                });
    }

    private List<Write> ofWitnesses() {
        String witness = ROOT + "/gone/1~n2";
        return List.of(
                deposition("witness", any("create " + witness)),
                deposition("depose", all("delete " + MASTER, "delete " + ROOT + "/members/n1")),
                deposition("withdraw the witness", any("delete " + witness)));
    }

    /** The other one is missed though it lives. */
    private static Write deposition(String name, Predicate<List<String>> which) {
        return new Write(
                name,
                LATCH,
                "n2",
                which,
                scene -> scene.startWhole("n1", "n2"),
                scene -> {
                    scene.allowOverlap();
                    TestNode n2 = scene.node("n2");
                    n2.election().masterIsGone(n2.state.view().master());
                },
                scene -> {
                    whole("n1", "n2").play(scene);
                    await().atMost(BOUND).until(() -> scene.stranger()
                            .getChildren(scene.paths().gone(), false)
                            .isEmpty());
                });
    }

    // ---- their stories

    /** Of a node that starts alone; another follows. */
    private static Write atStart(TestNode.Strategy strategy, String name, Predicate<List<String>> which) {
        return new Write(name, strategy, "n1", which, scene -> {}, scene -> scene.start("n1"), scene -> {
            scene.start("n2");
            whole("n1", "n2").play(scene);
        });
    }

    private static Script whole(String... ids) {
        return whole(Set.of(ids), Set.of(ids));
    }

    private static Script whole(Set<String> members, Set<String> candidates) {
        return scene -> {
            scene.whole(members, candidates);
            scene.changeMaster(members, candidates);
        };
    }

    private static Predicate<List<String>> only(String write) {
        return writes -> writes.stream().allMatch(write::equals);
    }

    private static Predicate<List<String>> all(String... expected) {
        return writes -> writes.containsAll(List.of(expected));
    }

    private static Predicate<List<String>> any(String beginning) {
        return writes -> writes.stream().anyMatch(write -> write.startsWith(beginning));
    }
}
