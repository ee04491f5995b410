package org.hatask.zookeeper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.curator.test.TestingServer;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException.Code;
import org.apache.zookeeper.Op;
import org.hatask.TestZooKeeper;
import org.hatask.cluster.Coordination;
import org.hatask.cluster.Master;
import org.hatask.cluster.MasterChange;
import org.hatask.cluster.MasterElection;
import org.hatask.cluster.Node;
import org.hatask.cluster.NodeState;
import org.hatask.cluster.OperatorAction;
import org.hatask.cluster.OperatorAction.Kind;
import org.hatask.cluster.OperatorAction.Result;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** What every {@link MasterElection} promises, over a real ZooKeeper: one for each test, and most of the time is waited for. */
@Timeout(120)
@Execution(ExecutionMode.CONCURRENT)
abstract class MasterElectionConformanceTest {

    private static final Duration PAUSE = Duration.ofMillis(10);

    /** For what must come without the end of a session. */
    private static final Duration LONG_SESSION = Duration.ofSeconds(10);

    final Paths paths = new Paths("test");
    private final List<TestNode> nodes = new ArrayList<>();
    TestingServer server;

    abstract TestNode.Strategy strategy();

    @BeforeEach
    void startServer() throws Exception {
        server = TestZooKeeper.start(100);
    }

    @AfterEach
    void stopAll() throws Exception {
        nodes.forEach(TestNode::close);
        server.close();
    }

    @Test
    void oneOfThreeHoldsTheMastershipAndAllSeeIt() {
        TestNode master = startAsMaster("n1");
        TestNode n1 = master;
        start("n2");
        start("n3");
        assertThat(master.epoch()).isEqualTo(1);
        assertThat(master.events).containsExactly("gained 1");
        for (TestNode node : nodes) {
            await().atMost(TestNode.SOON).until(() -> node.masterId().equals(master.node.id()));
            assertThat(node.isMaster()).isEqualTo(node == master);
        }
        await().atMost(TestNode.SOON).until(() -> n1.election().history().size() == 1);
        MasterChange first = n1.election().history().get(0);
        assertThat(first.cause()).isEqualTo("first master");
        assertThat(first.gap()).isNull();
    }

    @Test
    void resigningHandsOverToTheNextInALittleTimeWithTheNextEpoch() {
        TestNode n1 = start("n1", LONG_SESSION);
        awaitHeld(n1);
        TestNode n2 = start("n2", LONG_SESSION);
        awaitStanding(n2);
        long begin = System.nanoTime();
        n1.election().resign("shutdown of n1", TestNode.SOON);
        assertThat(n1.isMaster()).isFalse();
        assertThat(n1.events).containsExactly("gained 1", "lost 1: shutdown of n1");
        awaitHeld(n2);
        long millis = (n2.gainedNanos - begin) / 1_000_000;
        System.out.println("hand-over " + millis + " ms");
        assertThat(millis).as("without waiting for a session").isLessThan(LONG_SESSION.toMillis());
        assertThat(n2.epoch()).isEqualTo(2);
        await().atMost(TestNode.SOON)
                .untilAsserted(() -> assertThat(n1.election().history())
                        .extracting(MasterChange::cause)
                        .containsExactly("first master", "hand-over by n1: shutdown of n1"));
        await().atMost(TestNode.SOON)
                .until(() -> n2.election().history().size() == 2
                        && n2.election().history().get(1).gap() != null);
        n1.election().resign("again", TestNode.SOON);
        assertThat(n1.events).hasSize(2);
        await().atMost(TestNode.SOON).until(() -> n1.masterId().equals("n2"));
    }

    @Test
    void whoResignedDoesNotStandAgain() {
        TestNode n1 = startAsMaster("n1");
        n1.election().resign("enough", TestNode.SOON);
        await().during(Duration.ofMillis(800)).atMost(TestNode.SOON).until(() -> !n1.isMaster());
        assertThat(n1.masterId()).isEqualTo("nobody");
        assertThat(n1.events).hasSize(2);
    }

    @Test
    void aNodeThatIsNotEligibleOnlyWatches() {
        TestNode pure = add(new TestNode(TestNode.node("n0", 1, false), server.getConnectString(), null, strategy()))
                .start();
        TestNode n1 = startAsMaster("n1");
        await().atMost(TestNode.SOON).until(() -> pure.masterId().equals("n1"));
        n1.election().resign("test", TestNode.SOON);
        await().atMost(TestNode.SOON).until(() -> pure.masterId().equals("nobody"));
        await().during(Duration.ofMillis(800)).atMost(TestNode.SOON).until(() -> !pure.isMaster());
        assertThat(pure.events).isEmpty();
    }

    /** Its transaction was done, the answer got lost with the connection, and meanwhile the way of choosing has changed its mind. */
    @Test
    void aMastershipWonUnnoticedByANodeThatIsNotEntitledAnyMoreIsGivenFree() {
        TestNode n0 = add(new TestNode(TestNode.node("n0", 1, false), server.getConnectString(), null, strategy()))
                .start();
        await().atMost(TestNode.SOON).until(() -> n0.write(Op.check(paths.lease(), -1)) == Code.OK);
        Master unnoticed = new Master("n0", n0.node.incarnation(), 1, Instant.now(), "test");
        Session session = n0.clients.election().session();
        assertThat(session.multi(List.of(
                                Op.create(
                                        paths.master(),
                                        Records.write(unnoticed),
                                        n0.clients.acl(),
                                        CreateMode.EPHEMERAL),
                                Op.setData(paths.epoch(), Records.write(new Records.Epoch(1, "n0")), 0)))
                        .join()
                        .isOk())
                .isTrue();

        TestNode n1 = startAsMaster("n1");

        assertThat(n1.epoch()).isEqualTo(2);
        assertThat(n0.events).isEmpty();
    }

    @Test
    void aMasterWhoseRecordIsDeletedIsDeposedAtOnce() {
        TestNode n1 = startAsMaster("n1");
        long begin = System.nanoTime();
        assertThat(n1.write(Op.delete(paths.master(), -1))).isEqualTo(Code.OK);
        await().pollInterval(PAUSE).atMost(TestNode.SOON).until(() -> n1.events.size() > 1);
        System.out.println("deposition noticed after " + (System.nanoTime() - begin) / 1_000_000 + " ms");
        assertThat(n1.events.get(1)).startsWith("lost 1: was deposed");
        // It is the only candidate.
        awaitHeld(n1);
        assertThat(n1.epoch()).isEqualTo(2);
    }

    @Test
    void aKilledSessionEndsTheMastershipAndALaterOneHasAHigherEpoch() throws Exception {
        TestNode n1 = startAsMaster("n1");
        TestNode n2 = start("n2");
        awaitStanding(n2);
        long begin = System.nanoTime();
        TestNode.kill(n1.electionHandle(), server.getConnectString());
        awaitHeld(n2);
        System.out.println("take-over after a killed session " + (n2.gainedNanos - begin) / 1_000_000 + " ms");
        assertThat(n2.events.get(0)).isEqualTo("gained 2");
        await().atMost(TestNode.SOON).until(() -> n1.events.size() >= 2);
        assertThat(n1.events.get(1)).startsWith("lost 1: ");
        awaitStanding(n1);
        n2.election().resign("test", TestNode.SOON);
        awaitHeld(n1);
        assertThat(n1.epoch()).isEqualTo(3);
        assertThat(n1.events).last().isEqualTo("gained 3");
    }

    @Test
    void aSessionThatExpiresUnseenByTheServerIsTakenBackWithAHigherEpoch() throws Exception {
        TestNode n1 = startAsMaster("n1");
        n1.electionHandle().getTestable().injectSessionExpiration();
        await().atMost(TestNode.SOON).until(() -> n1.events.size() >= 2);
        assertThat(n1.events.get(1)).startsWith("lost 1: ");
        awaitHeld(n1);
        assertThat(n1.epoch()).isEqualTo(2);
    }

    @Test
    void nothingIsHeldWhileTheConnectionIsGoneAndTheSameEpochGoesOnWhenItIsBackInTime() throws Exception {
        TestNode n1 = startAsMaster("n1");
        server.stop();
        await().pollInterval(PAUSE)
                .atMost(TestNode.SOON)
                .until(() -> n1.clients.status().state() != Coordination.State.CONNECTED && !n1.isMaster());
        assertThat(n1.masterId()).isEqualTo("n1");
        server.restart();
        awaitHeld(n1);
        // Whether the session outlived the restart decides; the epoch tells which.
        long epoch = n1.epoch();
        assertThat(n1.events).last().isEqualTo("gained " + epoch);
    }

    @Test
    void theLossIsToldAtTheEndOfTheLeaseWhenZooKeeperStaysAway() throws Exception {
        TestNode n1 = startAsMaster("n1");
        server.stop();
        await().atMost(TestNode.SOON).until(() -> n1.events.size() == 2);
        assertThat(n1.events.get(1)).startsWith("lost 1: its lease ended");
        server.restart();
        awaitHeld(n1);
        assertThat(n1.events).last().isEqualTo("gained " + n1.epoch());
    }

    @Test
    void epochsGoOnWhenZooKeeperComesBackEmpty() throws Exception {
        TestNode n1 = startAsMaster("n1");
        for (int i = 2; i <= 4; i++) {
            int epoch = i;
            n1.write(Op.delete(paths.master(), -1));
            await().atMost(TestNode.SOON).until(() -> n1.epoch() == epoch);
        }
        int port = server.getPort();
        server.close();
        server = TestZooKeeper.start(100, port);
        await().atMost(TestNode.SOON).until(() -> n1.epoch() == 5);
        assertThat(n1.masterId()).isEqualTo("n1");
    }

    @Test
    void aMasterWhoDoesNotKnowTheEpochsOfTheOthersIsOutbid() {
        TestNode n1 = startAsMaster("n1");
        TestNode n2 = start("n2");
        awaitStanding(n2);
        // As if n2 had seen more before ZooKeeper was emptied.
        n2.state.setMaster(new Master("n0", "gone", 40, Instant.now(), "earlier"));
        assertThat(n1.write(Op.delete(paths.master(), -1))).isEqualTo(Code.OK);
        await().atMost(TestNode.SOON).until(() -> n1.epoch() > 40 || n2.epoch() > 40);
        await().atMost(TestNode.SOON).until(() -> n2.masterId().equals(n1.masterId()));
    }

    @Test
    void aStrangersRecordIsNoMasterAndIsWaitedFor() {
        TestNode n1 = startAsMaster("n1");
        n1.election().resign("test", TestNode.SOON);
        byte[] junk = "junk".getBytes(StandardCharsets.UTF_8);
        n1.write(Op.create(paths.master(), junk, n1.clients.acl(), org.apache.zookeeper.CreateMode.PERSISTENT));
        TestNode n2 = start("n2");
        await().during(Duration.ofMillis(800)).atMost(TestNode.SOON).until(() -> !n2.isMaster());
        n1.write(Op.delete(paths.master(), -1));
        awaitHeld(n2);
    }

    @Test
    void aListenerThatThrowsHoldsUpNothing() {
        TestNode n1 = add(new TestNode("n1", 1, server.getConnectString(), (clients, state, listener) -> strategy()
                        .create(clients, state, new org.hatask.cluster.MastershipListener() {
                            @Override
                            public void gained(long epoch) {
                                throw new IllegalStateException("deliberate");
                            }

                            @Override
                            public void lost(long epoch, String cause) {
                                throw new IllegalStateException("deliberate");
                            }
                        })))
                .start();
        await().atMost(TestNode.SOON).until(n1::isMaster);
        n1.write(Op.delete(paths.master(), -1));
        await().atMost(TestNode.SOON).until(() -> n1.epoch() == 2);
    }

    @Test
    void theClosedMasterIsFollowedAtOnce() {
        TestNode n1 = start("n1", LONG_SESSION);
        awaitHeld(n1);
        TestNode n2 = start("n2", LONG_SESSION);
        awaitStanding(n2);
        n1.close();
        await().atMost(LONG_SESSION).until(n2::isMaster);
    }

    @Test
    void aMasterStopsSoonWhenZooKeeperIsGone() throws Exception {
        TestNode n1 = startAsMaster("n1");
        server.stop();
        await().atMost(TestNode.SOON).until(() -> n1.clients.status().state() != Coordination.State.CONNECTED);
        long begin = System.nanoTime();
        n1.election().close();
        long election = System.nanoTime();
        n1.membership.close();
        long membership = System.nanoTime();
        n1.clients.close();
        long end = System.nanoTime();
        System.out.println("stop without ZooKeeper: election " + (election - begin) / 1_000_000 + " ms, membership "
                + (membership - election) / 1_000_000 + " ms, clients " + (end - membership) / 1_000_000 + " ms");
        assertThat(Duration.ofNanos(end - begin)).isLessThan(Duration.ofSeconds(20));
    }

    @Test
    void twoNodesThatFightNeverHoldItAtTheSameInstant() throws InterruptedException {
        TestNode n1 = start("n1");
        TestNode n2 = start("n2");
        awaitMaster(n1, n2);
        AtomicBoolean stop = new AtomicBoolean();
        AtomicReference<String> overlap = new AtomicReference<>();
        Map<Long, String> owners = new ConcurrentHashMap<>();
        Thread observer = new Thread(() -> observe(n1, n2, stop, overlap, owners));
        observer.start();
        for (int round = 1; round <= 20; round++) {
            long epoch = Math.max(n1.epoch(), n2.epoch());
            assertThat(n1.write(Op.delete(paths.master(), -1))).isIn(Code.OK, Code.NONODE);
            // The observer has seen it, too: else it might not get the processor during a short reign.
            await().pollInterval(PAUSE).atMost(TestNode.SOON).until(() -> owners.keySet().stream()
                    .anyMatch(seen -> seen > epoch));
        }
        stop.set(true);
        observer.join();
        assertThat(overlap.get()).isNull();
        assertThat(gained(n1)).filteredOn(gained(n2)::contains).isEmpty();
        assertThat(gained(n1).size() + gained(n2).size()).isGreaterThanOrEqualTo(20);
        for (TestNode node : List.of(n1, n2)) {
            for (int i = 0; i + 1 < node.events.size(); i += 2) {
                assertThat(node.events.get(i)).startsWith("gained ");
                assertThat(node.events.get(i + 1)).startsWith("lost ");
            }
        }
    }

    // ---- a master that is not well

    @Test
    void aMasterThatStandsAsideHandsOverInOrderAndStandsAgainAfterwards() {
        TestNode n1 = startAsMaster("n1");
        TestNode n2 = start("n2");
        awaitStanding(n2);

        n1.election().standAside("n1 is suspect");

        awaitHeld(n2);
        assertThat(n1.events).containsExactly("gained 1", "lost 1: n1 is suspect");
        await().during(Duration.ofMillis(600)).atMost(TestNode.SOON).until(n2::isMaster);
        n1.election().standAside(null);
        awaitStanding(n1);
        n2.election().resign("test", TestNode.SOON);
        awaitHeld(n1);
    }

    @Test
    void whoStandsAsideLeadsAllTheSameWhileNobodyElseCan() {
        TestNode n1 = startAsMaster("n1");
        n1.election().standAside("n1 is suspect");
        await().during(Duration.ofMillis(500)).atMost(TestNode.SOON).until(n1::isMaster);

        TestNode n2 = start("n2");

        awaitHeld(n2);
        n2.close();
        awaitHeld(n1);
    }

    @Test
    void aPromotedMasterThatStandsAsideIsReplacedAtOnceAndItsPromotionIsOver() {
        TestNode n1 = start("n1", LONG_SESSION);
        awaitHeld(n1);
        TestNode n2 = start("n2", LONG_SESSION);
        awaitStanding(n2);
        assertThat(n1.order(Kind.PROMOTE, "n2").result()).isEqualTo(Result.DONE);
        awaitStanding(n1);

        n2.election().standAside("n2 is suspect");

        await().atMost(LONG_SESSION).until(n1::isMaster);
        await().atMost(TestNode.SOON).until(() -> n1.state.view().orders().appointment() == null);
        n2.election().standAside(null);
        await().during(Duration.ofSeconds(1)).atMost(TestNode.SOON).until(n1::isMaster);
        assertThat(n1.state.view().orders().actions())
                .extracting(OperatorAction::result)
                .containsExactly(Result.DONE);
    }

    @Test
    void aPromotionOfANodeThatStandsAsideFailsAndSaysWhy() {
        TestNode n1 = start("n1", LONG_SESSION);
        awaitHeld(n1);
        TestNode n2 = start("n2", LONG_SESSION);
        awaitStanding(n2);
        n2.election().standAside("n2 is suspect");

        OperatorAction action = n1.order(Kind.PROMOTE, "n2");

        assertThat(action.result()).isEqualTo(Result.FAILED);
        assertThat(action.message()).contains("n2 does not lead while another node can: n2 is suspect");
        await().atMost(LONG_SESSION).until(n1::isMaster);
    }

    // ---- a master whose process is gone

    @Test
    void aMasterThatTwoOthersMissIsDeposedWithoutWaitingForItsSession() {
        TestNode n1 = startAsMaster("n1");
        TestNode n2 = start("n2");
        TestNode n3 = start("n3");
        awaitStanding(n2);
        awaitStanding(n3);
        await().atMost(TestNode.SOON)
                .until(() -> n2.memberIds().size() == 3 && n3.memberIds().size() == 3);
        Master first = n2.state.view().master();

        n2.election().masterIsGone(first);
        await().during(Duration.ofMillis(500)).atMost(TestNode.SOON).until(n1::isMaster);
        n3.election().masterIsGone(first);

        // It lives, as behind a firewall that rejects: it is deposed all the same, notices, and stands anew.
        await().atMost(TestNode.SOON).until(() -> n1.events.size() >= 2);
        assertThat(n1.events.get(1)).startsWith("lost 1: was deposed");
        await().pollInterval(PAUSE)
                .atMost(TestNode.SOON)
                .until(() -> Math.max(n2.epoch(), n3.epoch()) == 2 || n1.epoch() >= 2);
        await().atMost(TestNode.SOON)
                .until(() -> n2.election().history().size() >= 2
                        && n2.election()
                                .history()
                                .get(1)
                                .cause()
                                .equals("the process of n1 is gone, as seen by n2 and n3"));
        await().atMost(TestNode.SOON).until(() -> n2.memberIds().size() == 3);
    }

    @Test
    void inAClusterOfTwoTheOnlyOtherNodeIsWitnessEnough() {
        TestNode n1 = startAsMaster("n1");
        TestNode n2 = start("n2");
        awaitStanding(n2);
        await().atMost(TestNode.SOON).until(() -> n2.memberIds().size() == 2);
        long begin = System.nanoTime();

        n2.election().masterIsGone(n2.state.view().master());

        await().pollInterval(PAUSE).atMost(TestNode.SOON).until(() -> n1.events.size() >= 2);
        System.out.println("deposed after " + (System.nanoTime() - begin) / 1_000_000 + " ms");
        await().atMost(TestNode.SOON).until(() -> n1.epoch() + n2.epoch() >= 2);
    }

    @Test
    void whoIsReachedAgainIsNotDeposedByAnOldWitness() {
        TestNode n1 = startAsMaster("n1");
        TestNode n2 = start("n2");
        TestNode n3 = start("n3");
        awaitStanding(n2);
        awaitStanding(n3);
        await().atMost(TestNode.SOON)
                .until(() -> n2.memberIds().size() == 3 && n3.memberIds().size() == 3);
        Master master = n2.state.view().master();

        n2.election().masterIsGone(master);
        n2.election().masterIsBack(master);
        await().atMost(TestNode.SOON)
                .until(() ->
                        n3.membershipHandle().getChildren(paths.gone(), false).isEmpty());
        n3.election().masterIsGone(master);

        await().during(Duration.ofMillis(500)).atMost(TestNode.SOON).until(n1::isMaster);
        assertThat(n1.events).containsExactly("gained 1");
    }

    @Test
    void aWitnessOfAnOldEpochDeposesNobody() {
        TestNode n1 = startAsMaster("n1");
        TestNode n2 = start("n2");
        awaitStanding(n2);
        await().atMost(TestNode.SOON).until(() -> n2.memberIds().size() == 2);
        Master master = n2.state.view().master();

        n2.election()
                .masterIsGone(new Master(master.nodeId(), master.incarnation(), 99, master.since(), master.cause()));
        byte[] nothing = new byte[0];
        n1.write(Op.create(
                paths.gone() + "/junk", nothing, n1.clients.acl(), org.apache.zookeeper.CreateMode.PERSISTENT));
        n1.write(Op.create(
                paths.gone() + "/1~nobody", nothing, n1.clients.acl(), org.apache.zookeeper.CreateMode.PERSISTENT));

        await().during(Duration.ofMillis(500)).atMost(TestNode.SOON).until(n1::isMaster);
    }

    // ---- what operators order, which stands above every strategy

    @Test
    void aPromotionHandsOverInOrderAndStaysWhileThePromotedNodeLives() {
        TestNode n1 = startAsMaster("n1");
        TestNode n2 = start("n2");
        TestNode n3 = start("n3");
        awaitStanding(n2);
        awaitStanding(n3);
        CompletableFuture<Void> running = new CompletableFuture<>();
        n1.quiet = running;

        CompletableFuture<OperatorAction> order = CompletableFuture.supplyAsync(() -> n3.order(Kind.PROMOTE, "n2"));

        await().during(Duration.ofMillis(300)).atMost(TestNode.SOON).until(n1::isMaster);
        running.complete(null);
        assertThat(order).succeedsWithin(TestNode.SOON).satisfies(action -> {
            assertThat(action.result()).isEqualTo(Result.DONE);
            assertThat(action.message()).contains("n2 is master of epoch 2");
            assertThat(action.via()).isEqualTo("n3");
        });
        assertThat(n1.events).containsExactly("gained 1", "lost 1: promotion of n2 by alice");
        assertThat(n2.events.get(0)).isEqualTo("gained 2");
        awaitStanding(n1);
        await().during(Duration.ofMillis(800)).atMost(TestNode.SOON).until(n2::isMaster);
        await().atMost(TestNode.SOON)
                .untilAsserted(() -> assertThat(n1.election().history())
                        .extracting(MasterChange::cause)
                        .last()
                        .isEqualTo("hand-over by n1: promotion of n2 by alice"));

        n2.close();

        awaitMaster(n1, n3);
        assertThat(Math.max(n1.epoch(), n3.epoch())).isEqualTo(3);
    }

    @Test
    void aDemotedMasterHandsOverAndDoesNotComeBackWhileAnotherCanLead() {
        TestNode n1 = startAsMaster("n1");
        TestNode n2 = start("n2");
        awaitStanding(n2);

        assertThat(n2.order(Kind.DEMOTE, "n1").result()).isEqualTo(Result.DONE);

        assertThat(n2.isMaster()).isTrue();
        await().during(Duration.ofMillis(1000)).atMost(TestNode.SOON).until(n2::isMaster);
        n2.close();
        awaitHeld(n1);
        assertThat(n1.epoch()).isEqualTo(3);
    }

    @Test
    void aDrainedMasterHandsOverAndStaysOutUntilItIsResumed() {
        TestNode n1 = startAsMaster("n1");
        TestNode n2 = start("n2");
        awaitStanding(n2);

        assertThat(n1.order(Kind.DRAIN, "n1").result()).isEqualTo(Result.DONE);

        assertThat(n2.epoch()).isEqualTo(2);
        for (TestNode node : List.of(n1, n2)) {
            await().atMost(TestNode.SOON).until(() -> node.stateOf("n1") == NodeState.DRAINED);
        }
        assertThat(n1.state.view().self().state()).isEqualTo(NodeState.DRAINED);
        // Also across its restart, and when it is alone.
        n1.close();
        TestNode again = start("n1");
        await().atMost(TestNode.SOON).until(() -> again.stateOf("n1") == NodeState.DRAINED);
        n2.close();
        await().during(Duration.ofMillis(800)).atMost(TestNode.SOON).until(() -> !again.isMaster());

        assertThat(again.order(Kind.RESUME, "n1").result()).isEqualTo(Result.DONE);

        awaitHeld(again);
        await().atMost(TestNode.SOON).until(() -> again.stateOf("n1") == NodeState.UP);
    }

    @Test
    void ofTwoPromotionsAtOnceOneIsRefusedAndChangesNothing() {
        startAsMaster("n1");
        TestNode n2 = start("n2");
        TestNode n3 = start("n3");
        awaitStanding(n2);
        awaitStanding(n3);

        CompletableFuture<OperatorAction> first = CompletableFuture.supplyAsync(() -> n2.order(Kind.PROMOTE, "n2"));
        CompletableFuture<OperatorAction> second = CompletableFuture.supplyAsync(() -> n3.order(Kind.PROMOTE, "n3"));

        List<OperatorAction> both = List.of(first.join(), second.join());
        assertThat(both).extracting(OperatorAction::result).containsExactlyInAnyOrder(Result.DONE, Result.REFUSED);
        String winner = both.get(0).result() == Result.DONE ? "n2" : "n3";
        await().atMost(TestNode.SOON).until(() -> n2.masterId().equals(winner));
        await().during(Duration.ofMillis(500)).atMost(TestNode.SOON).until(() -> n2.masterId()
                .equals(winner));
        // Both are in the record, for whoever looks at it.
        await().atMost(TestNode.SOON)
                .untilAsserted(() -> assertThat(n2.state.view().orders().actions())
                        .extracting(OperatorAction::result)
                        .containsExactlyInAnyOrder(Result.DONE, Result.REFUSED));
    }

    @Test
    void ordersThatMakeNoSenseAreRefusedWithWhatToDoAndNothingChanges() {
        TestNode n1 = startAsMaster("n1");
        TestNode n2 = start("n2");
        add(new TestNode(TestNode.node("n9", 9, false), server.getConnectString(), null, strategy()))
                .start();
        awaitStanding(n2);
        await().atMost(TestNode.SOON).until(() -> n1.memberIds().size() == 3);

        assertThat(refusal(n1, Kind.PROMOTE, "n7", null))
                .contains("no member n7")
                .contains("n1, n2, n9");
        assertThat(refusal(n1, Kind.PROMOTE, "n9", null)).contains("ha.node.master-eligible");
        assertThat(refusal(n1, Kind.PROMOTE, "n1", null)).contains("is master already");
        assertThat(refusal(n1, Kind.PROMOTE, "n2", 7L)).contains("epoch 7").contains("in epoch 1");
        assertThat(refusal(n1, Kind.DEMOTE, "n2", null)).contains("that is n1");
        assertThat(refusal(n1, Kind.RESUME, "n2", null)).contains("not drained");
        assertThat(n1.order(Kind.DRAIN, "n2").result()).isEqualTo(Result.DONE);
        assertThat(refusal(n1, Kind.PROMOTE, "n2", null)).contains("resume it first");
        assertThat(refusal(n1, Kind.DRAIN, "n1", null)).contains("no other node could be");
        assertThat(n1.epoch()).isEqualTo(1);
        assertThat(n1.events).containsExactly("gained 1");
    }

    private static String refusal(TestNode node, Kind kind, String id, Long epoch) {
        OperatorAction action = node.order(kind, id, epoch);
        assertThat(action.result()).as("%s of %s", kind, id).isEqualTo(Result.REFUSED);
        return action.message();
    }

    @Test
    void withoutZooKeeperAnOrderIsRefusedAtOnce() throws Exception {
        TestNode n1 = startAsMaster("n1");
        server.stop();
        await().atMost(TestNode.SOON).until(() -> n1.clients.status().state() != Coordination.State.CONNECTED);

        assertThat(refusal(n1, Kind.PROMOTE, "n1", null)).contains("not connected to ZooKeeper");
    }

    @Test
    void ordersSurviveAZooKeeperThatComesBackEmpty() throws Exception {
        TestNode n1 = startAsMaster("n1");
        TestNode n2 = start("n2");
        awaitStanding(n2);
        assertThat(n1.order(Kind.DRAIN, "n2").result()).isEqualTo(Result.DONE);
        await().atMost(TestNode.SOON).until(() -> n2.stateOf("n2") == NodeState.DRAINED);
        int port = server.getPort();
        server.close();
        server = TestZooKeeper.start(100, port);

        await().atMost(TestNode.SOON)
                .until(() -> n1.isMaster() && n1.memberIds().size() == 2);
        // Its session may be gone once more before it is read.
        await().atMost(TestNode.SOON).ignoreExceptions().until(() -> {
            byte[] stored = n1.membershipHandle().getData(paths.assigned(), false, null);
            return Records.readOrders(stored).orElseThrow().isDrained("n2");
        });
        assertThat(n2.stateOf("n2")).isEqualTo(NodeState.DRAINED);
    }

    @Test
    void aRecordOfOrdersThatCannotBeReadLeavesInForceWhatWasOrdered() {
        TestNode n1 = startAsMaster("n1");
        TestNode n2 = start("n2");
        awaitStanding(n2);
        assertThat(n1.order(Kind.DRAIN, "n2").result()).isEqualTo(Result.DONE);
        await().atMost(TestNode.SOON).until(() -> n1.stateOf("n2") == NodeState.DRAINED);

        assertThat(n1.write(Op.setData(paths.assigned(), "junk".getBytes(StandardCharsets.UTF_8), -1)))
                .isEqualTo(Code.OK);

        await().during(Duration.ofMillis(400))
                .atMost(TestNode.SOON)
                .until(() -> n1.stateOf("n2") == NodeState.DRAINED && n1.isMaster());
        assertThat(n1.order(Kind.RESUME, "n2").result()).isEqualTo(Result.DONE);
        await().atMost(TestNode.SOON).until(() -> n1.stateOf("n2") == NodeState.UP);
    }

    private static List<String> gained(TestNode node) {
        return node.events.stream().filter(event -> event.startsWith("gained ")).toList();
    }

    private static void observe(
            TestNode n1, TestNode n2, AtomicBoolean stop, AtomicReference<String> overlap, Map<Long, String> owners) {
        while (!stop.get()) {
            // Asked in this order, both can only be true when there was an instant at which both were.
            long a = n1.epoch();
            long b = n2.epoch();
            if (a != 0 && b != 0 && n1.epoch() == a) {
                overlap.set("n1 in epoch " + a + " and n2 in epoch " + b);
            }
            note(owners, overlap, a, "n1");
            note(owners, overlap, b, "n2");
            Thread.yield();
        }
    }

    private static void note(Map<Long, String> owners, AtomicReference<String> overlap, long epoch, String id) {
        if (epoch != 0) {
            String other = owners.putIfAbsent(epoch, id);
            if (other != null && !other.equals(id)) {
                overlap.set("epoch " + epoch + " had two masters");
            }
        }
    }

    // ---- helpers

    /** For strategies by which all can be elected. */
    void onlyTheFirstOfManyStayWarmAndOthersWitnessTheEndOfTheMasterLater() {
        TestNode master = startAsMaster("n01");
        List<TestNode> many = new ArrayList<>(List.of(master));
        for (int i = 2; i <= MastershipHolder.WARM + 2; i++) {
            many.add(start(i < 10 ? "n0" + i : "n" + i));
        }
        await().atMost(TestNode.SOON)
                .until(() -> many.stream().allMatch(node -> node.memberIds().size() == many.size()));
        await().atMost(TestNode.SOON).until(() -> warm(many).size() == MastershipHolder.WARM);
        await().during(TestNode.SESSION)
                .atMost(TestNode.SOON)
                .until(() -> warm(many).size() == MastershipHolder.WARM);

        Master first = master.state.view().master();
        many.subList(many.size() - 2, many.size())
                .forEach(node -> node.election().masterIsGone(first));
        await().atMost(TestNode.SOON).until(() -> master.events.size() >= 2);
        assertThat(master.events.get(1)).startsWith("lost 1: was deposed");

        warm(many).stream().filter(node -> node != master).limit(4).forEach(node -> {
            node.close();
            many.remove(node);
        });
        await().atMost(TestNode.SOON).until(() -> warm(many).size() == many.size());
    }

    private static List<TestNode> warm(List<TestNode> nodes) {
        return nodes.stream()
                .filter(node -> ((ZooKeeperElection) node.election()).isWarm())
                .toList();
    }

    TestNode add(TestNode node) {
        nodes.add(node);
        return node;
    }

    TestNode start(String id) {
        return add(new TestNode(id, 8000 + nodes.size(), server.getConnectString(), strategy()))
                .start();
    }

    private TestNode start(String id, Duration session) {
        Node node = TestNode.node(id, 8000 + nodes.size(), true);
        return add(new TestNode(node, server.getConnectString(), null, session, strategy()))
                .start();
    }

    TestNode startAsMaster(String id) {
        TestNode node = start(id);
        awaitHeld(node);
        // It leads by one connection, and may still be opening the other.
        await().atMost(TestNode.SOON).until(() -> node.clients.membership().session() != null);
        return node;
    }

    static void awaitHeld(TestNode node) {
        await().pollInterval(PAUSE).atMost(TestNode.SOON).until(node::isToldMaster);
    }

    static TestNode awaitMaster(TestNode... candidates) {
        await().pollInterval(PAUSE).atMost(TestNode.SOON).until(() -> List.of(candidates).stream()
                .anyMatch(TestNode::isMaster));
        return List.of(candidates).stream()
                .filter(TestNode::isMaster)
                .findFirst()
                .orElseThrow();
    }

    /** Until it would win at once: it stands and its lease is warm. */
    abstract void awaitStanding(TestNode node);
}
