package org.hatask.zookeeper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.apache.curator.test.TestingServer;
import org.hatask.TestZooKeeper;
import org.hatask.cluster.MasterChange;
import org.hatask.cluster.OperatorAction;
import org.hatask.cluster.OperatorAction.Kind;
import org.hatask.cluster.OperatorAction.Result;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** Where the operator alone decides who is master, over a real ZooKeeper. */
@Timeout(60)
@Execution(ExecutionMode.CONCURRENT)
class AssignedElectionTest {

    private static final Duration PAUSE = Duration.ofMillis(10);

    private final List<TestNode> nodes = new ArrayList<>();
    private TestingServer server;

    @BeforeEach
    void startServer() throws Exception {
        server = TestZooKeeper.start(100);
    }

    @AfterEach
    void stopAll() throws Exception {
        nodes.forEach(TestNode::close);
        server.close();
    }

    private TestNode start(String id) {
        TestNode node = new TestNode(
                TestNode.node(id, 8000 + nodes.size(), true),
                server.getConnectString(),
                null,
                TestNode.SESSION,
                ZooKeeperElection::assigned,
                true);
        nodes.add(node);
        return node.start();
    }

    private static void awaitHeld(TestNode node) {
        await().pollInterval(PAUSE).atMost(TestNode.SOON).until(node::isToldMaster);
    }

    private static void awaitMembers(TestNode node, int count) {
        await().atMost(TestNode.SOON).until(() -> node.memberIds().size() == count);
    }

    @Test
    void theFirstNodeAppointsItselfAndNobodyTakesOverWhenItDies() {
        TestNode n1 = start("n1");
        awaitHeld(n1);
        TestNode n2 = start("n2");
        awaitMembers(n2, 2);

        n1.close();

        await().atMost(TestNode.SOON).until(() -> n2.masterId().equals("nobody"));
        await().during(TestNode.SESSION.multipliedBy(2)).atMost(TestNode.SOON).until(() -> !n2.isMaster());
        assertThat(n2.state.view().formerMaster().nodeId()).isEqualTo("n1");
        assertThat(n2.state.view().masterlessSince()).isNotNull();
    }

    @Test
    void itIsMasterAgainWhenItComesBackUnderItsIdWithANewEpoch() {
        TestNode n1 = start("n1");
        awaitHeld(n1);
        TestNode n2 = start("n2");
        awaitMembers(n2, 2);
        n1.close();
        await().atMost(TestNode.SOON).until(() -> n2.masterId().equals("nobody"));

        TestNode again = start("n1");

        awaitHeld(again);
        assertThat(again.epoch()).isEqualTo(2);
        assertThat(n2.events).isEmpty();
    }

    @Test
    void aPromotionMovesItInOrderWhileTheMasterLives() {
        TestNode n1 = start("n1");
        awaitHeld(n1);
        TestNode n2 = start("n2");
        awaitMembers(n2, 2);
        CompletableFuture<Void> running = new CompletableFuture<>();
        n1.quiet = running;

        CompletableFuture<OperatorAction> order = CompletableFuture.supplyAsync(() -> n2.order(Kind.PROMOTE, "n2"));

        await().during(Duration.ofMillis(300)).atMost(TestNode.SOON).until(n1::isMaster);
        assertThat(order).isNotDone();
        running.complete(null);
        assertThat(order).succeedsWithin(TestNode.SOON).satisfies(action -> assertThat(action.result())
                .isEqualTo(Result.DONE));
        assertThat(n2.epoch()).isEqualTo(2);
        await().during(Duration.ofMillis(600)).atMost(TestNode.SOON).until(n2::isMaster);
    }

    @Test
    void aPromotionTakesOverFromADeadMasterOnlyWhenItsSessionHasEnded() throws Exception {
        TestNode n1 = start("n1");
        awaitHeld(n1);
        TestNode n2 = start("n2");
        awaitMembers(n2, 2);
        // As a process that was stopped: its sessions live on for a while, and nobody writes.
        TestNode.kill(n1.electionHandle(), server.getConnectString());
        n1.close();
        await().atMost(TestNode.SOON).until(() -> n2.memberIds().size() == 1);

        OperatorAction action = n2.order(Kind.PROMOTE, "n2");

        assertThat(action.result()).isEqualTo(Result.DONE);
        assertThat(n2.isMaster()).isTrue();
        assertThat(n2.epoch()).isGreaterThanOrEqualTo(2);
        // The old one comes back as what it is now.
        TestNode again = start("n1");
        awaitMembers(again, 2);
        await().during(Duration.ofMillis(600)).atMost(TestNode.SOON).until(() -> n2.isMaster() && !again.isMaster());
    }

    @Test
    void aDemotionLeavesNobodyUntilAPromotion() {
        TestNode n1 = start("n1");
        awaitHeld(n1);
        TestNode n2 = start("n2");
        awaitMembers(n2, 2);

        OperatorAction demotion = n2.order(Kind.DEMOTE, "n1");

        assertThat(demotion.result()).isEqualTo(Result.DONE);
        assertThat(n1.isMaster()).isFalse();
        await().during(Duration.ofMillis(600)).atMost(TestNode.SOON).until(() -> !n1.isMaster() && !n2.isMaster());
        assertThat(n1.order(Kind.PROMOTE, "n1").result()).isEqualTo(Result.DONE);
        assertThat(n1.epoch()).isEqualTo(2);
    }

    @Test
    void whoCannotFillItGivesItBackToWhomeverWasAppointedBefore() {
        TestNode n1 = start("n1");
        awaitHeld(n1);
        TestNode n2 = start("n2");
        awaitMembers(n2, 2);
        n2.failing = "disk is full";

        OperatorAction action = n1.order(Kind.PROMOTE, "n2");

        assertThat(action.result()).isEqualTo(Result.FAILED);
        assertThat(action.message()).contains("disk is full").contains("n1 is appointed as before");
        awaitHeld(n1);
        assertThat(n1.epoch()).isEqualTo(3);
        await().during(Duration.ofMillis(600)).atMost(TestNode.SOON).until(() -> n1.isMaster() && !n2.isMaster());
        await().atMost(TestNode.SOON)
                .untilAsserted(() -> assertThat(n1.election().history())
                        .extracting(MasterChange::cause)
                        .last()
                        .asString()
                        .contains("hand-over by n2"));
    }

    @Test
    void theFirstNodeThatCannotFillItWaitsForAnOperatorInsteadOfTryingForEver() {
        TestNode n1 = new TestNode(
                TestNode.node("n1", 1, true),
                server.getConnectString(),
                null,
                TestNode.SESSION,
                ZooKeeperElection::assigned,
                true);
        nodes.add(n1);
        n1.failing = "no licence";

        n1.start();

        await().atMost(TestNode.SOON).until(() -> n1.events.size() == 2);
        await().during(Duration.ofMillis(800)).atMost(TestNode.SOON).until(() -> n1.events.size() == 2);
        n1.failing = null;
        assertThat(n1.order(Kind.PROMOTE, "n1").result()).isEqualTo(Result.DONE);
        assertThat(n1.isMaster()).isTrue();
    }

    @Test
    void theAppointedMasterCannotBeDrainedSinceNobodyWouldReplaceIt() {
        TestNode n1 = start("n1");
        awaitHeld(n1);
        TestNode n2 = start("n2");
        awaitMembers(n2, 2);

        assertThat(n2.order(Kind.DRAIN, "n1"))
                .satisfies(action -> assertThat(action.result()).isEqualTo(Result.REFUSED))
                .satisfies(action -> assertThat(action.message()).contains("promote another node first"));
        assertThat(n2.order(Kind.DRAIN, "n2").result()).isEqualTo(Result.DONE);
    }

    @Test
    void anAppointmentSurvivesAZooKeeperThatComesBackEmpty() throws Exception {
        TestNode n1 = start("n1");
        awaitHeld(n1);
        TestNode n2 = start("n2");
        awaitMembers(n2, 2);
        assertThat(n1.order(Kind.PROMOTE, "n2").result()).isEqualTo(Result.DONE);
        int port = server.getPort();
        server.close();
        server = TestZooKeeper.start(100, port);

        await().atMost(TestNode.SOON).until(() -> n2.epoch() >= 3);
        assertThat(n1.isMaster()).isFalse();
        assertThat(n1.events).hasSize(2);
    }
}
