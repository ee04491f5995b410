package org.hatask.zookeeper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.curator.test.TestingServer;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException.Code;
import org.apache.zookeeper.Op;
import org.apache.zookeeper.ZooDefs;
import org.hatask.TestZooKeeper;
import org.hatask.cluster.Coordination;
import org.hatask.cluster.Node;
import org.hatask.cluster.NodeState;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

@Execution(ExecutionMode.CONCURRENT)
class ZooKeeperMembershipTest {

    private final Paths paths = new Paths("test");
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

    @Test
    void everyNodeSeesThoseWhoJoinAndLeave() {
        TestNode n1 = start("n1", 1);
        TestNode n2 = start("n2", 2);
        await().atMost(TestNode.SOON)
                .untilAsserted(() -> assertThat(n1.memberIds()).containsExactly("n1", "n2"));
        await().atMost(TestNode.SOON)
                .untilAsserted(() -> assertThat(n2.memberIds()).containsExactly("n1", "n2"));
        assertThat(n1.state.view().isJoined()).isTrue();
        assertThat(n1.state.view().member("n2")).contains(n2.node);

        n2.membership.leave();
        await().atMost(TestNode.SOON)
                .untilAsserted(() -> assertThat(n1.memberIds()).containsExactly("n1"));
        n2.membership.selfChanged();
        await().during(Duration.ofMillis(200)).until(() -> n1.memberIds().equals(List.of("n1")));
    }

    @Test
    void othersSeeWhatANodeSaysOfItself() {
        TestNode n1 = start("n1", 1);
        TestNode n2 = start("n2", 2);
        awaitJoined(n2);
        n2.state.setSelf(n2.node.withState(NodeState.DRAINING));
        n2.membership.selfChanged();
        await().atMost(TestNode.SOON).until(() -> n1.state
                .view()
                .member("n2")
                .filter(node -> node.state() == NodeState.DRAINING)
                .isPresent());
    }

    @Test
    void aRestartedNodeAtTheSameAddressTakesThePlaceOfItsFormerSelfAtOnce() {
        TestNode former = start("n1", 1);
        awaitJoined(former);
        TestNode restarted = start("n1", 1);
        await().atMost(TestNode.SOON).until(() -> restarted
                .state
                .view()
                .member("n1")
                .filter(restarted.node::isSameProcessAs)
                .isPresent());
    }

    @Test
    void twoLivingNodesWithTheSameIdAndAddressDoNotFight() {
        TestNode first = start("n1", 1);
        awaitJoined(first);
        TestNode second = start("n1", 1);
        await().atMost(TestNode.SOON)
                .untilAsserted(
                        () -> assertThat(first.clients.status().problem()).contains("is in use by the node at"));
        await().during(TestNode.SESSION)
                .atMost(TestNode.SOON)
                .until(() -> second.state.view().isJoined());
        assertThat(second.clients.status().problem()).isNull();
    }

    @Test
    void aNodeIdInUseAtAnotherAddressIsRefusedUntilItIsFree() {
        TestNode first = start("n1", 1);
        awaitJoined(first);
        TestNode second = start("n1", 2);
        await().atMost(TestNode.SOON)
                .untilAsserted(() -> assertThat(second.clients.status().problem())
                        .contains("node id 'n1' is in use by the node at http://127.0.0.1:1")
                        .contains("ha.node.id"));
        assertThat(second.state.view().isJoined()).isFalse();
        assertThat(first.state.view().isJoined()).isTrue();

        first.close();
        awaitJoined(second);
        assertThat(second.clients.status().problem()).isNull();
    }

    @Test
    void aNodeJoinsAgainAfterItsSessionWasKilled() throws Exception {
        TestNode n1 = start("n1", 1);
        TestNode n2 = start("n2", 2);
        awaitMembers(n1, "n1", "n2");
        TestNode.kill(n2.membershipHandle(), server.getConnectString());
        await().atMost(TestNode.SOON).until(() -> n1.memberIds().equals(List.of("n1")));
        awaitMembers(n1, "n1", "n2");
        awaitMembers(n2, "n1", "n2");
    }

    @Test
    void aRecordDeletedOrOverwrittenByAStrangerIsWrittenAnew() {
        TestNode n1 = start("n1", 1);
        TestNode n2 = start("n2", 2);
        awaitMembers(n1, "n1", "n2");
        assertThat(n1.write(Op.delete(paths.member("n2"), -1))).isEqualTo(Code.OK);
        awaitMembers(n1, "n1", "n2");
        byte[] junk = "junk".getBytes(StandardCharsets.UTF_8);
        assertThat(n1.write(Op.setData(paths.member("n2"), junk, -1))).isEqualTo(Code.OK);
        await().atMost(TestNode.SOON).until(() -> n1.state.view().member("n2").isPresent());
    }

    @Test
    void aMalformedRecordIsIgnored() {
        TestNode n1 = start("n1", 1);
        awaitJoined(n1);
        byte[] junk = "{\"id\":".getBytes(StandardCharsets.UTF_8);
        n1.write(Op.create(paths.member("n0"), junk, ZooDefs.Ids.OPEN_ACL_UNSAFE, CreateMode.PERSISTENT));
        TestNode n2 = start("n2", 2);
        awaitMembers(n1, "n1", "n2");
        awaitMembers(n2, "n1", "n2");
    }

    @Test
    void theLastMembersStandWhileZooKeeperIsAwayAndARestartForgetsNobody() throws Exception {
        TestNode n1 = start("n1", 1);
        TestNode n2 = start("n2", 2);
        awaitMembers(n1, "n1", "n2");
        List<List<String>> seen = recordMembers(n1);

        server.stop();
        await().atMost(TestNode.SOON)
                .until(() -> n1.clients.status().state() == Coordination.State.LOST); // Longer than a session.
        assertThat(n1.memberIds()).containsExactly("n1", "n2");
        server.restart();
        await().atMost(TestNode.SOON).until(() -> n1.clients.status().state() == Coordination.State.CONNECTED);
        await().during(TestNode.SESSION.multipliedBy(2)).atMost(TestNode.SOON).until(() -> n1.memberIds()
                .equals(List.of("n1", "n2")));
        assertThat(seen).allMatch(ids -> ids.equals(List.of("n1", "n2")));
        assertThat(n2.memberIds()).containsExactly("n1", "n2");
    }

    @Test
    void aMemberThatDiedWhileZooKeeperWasAwayIsForgottenASessionLater() throws Exception {
        TestNode n1 = start("n1", 1);
        TestNode n2 = start("n2", 2);
        awaitMembers(n1, "n1", "n2");
        server.stop();
        await().atMost(TestNode.SOON).until(() -> n1.clients.status().state() != Coordination.State.CONNECTED);
        n2.clients.close(); // Without leaving, for nobody is there to hear of it.
        server.restart();
        awaitMembers(n1, "n1");
    }

    @Test
    void nobodyIsForgottenWhenZooKeeperComesBackEmpty() throws Exception {
        TestNode n1 = start("n1", 1);
        TestNode n2 = start("n2", 2);
        awaitMembers(n1, "n1", "n2");
        awaitMembers(n2, "n1", "n2");
        List<List<String>> seen = recordMembers(n1);
        int port = server.getPort();
        server.close();
        server = TestZooKeeper.start(100, port);
        await().atMost(TestNode.SOON)
                .until(() -> n1.clients.status().state() == Coordination.State.CONNECTED
                        && n1.write(Op.check(paths.member("n1"), -1), Op.check(paths.member("n2"), -1)) == Code.OK);
        await().during(TestNode.SESSION.multipliedBy(2)).atMost(TestNode.SOON).until(() -> n1.memberIds()
                .equals(List.of("n1", "n2")));
        assertThat(seen).allMatch(ids -> ids.equals(List.of("n1", "n2")));
    }

    /** The membership is not empty then, only partial, and looks like a good one. */
    @Test
    void whoFindsBackLaterThanOthersIsNotForgottenForIt() throws Exception {
        Duration session = Duration.ofSeconds(4);
        int port = server.getPort();
        String twice = server.getConnectString() + "," + server.getConnectString();
        try (LossyZooKeeper way = new LossyZooKeeper(port, "")) {
            TestNode n1 = new TestNode(TestNode.node("n1", 1, true), twice, null, session, null).start();
            nodes.add(n1);
            String late = "127.0.0.1:" + way.port() + ",127.0.0.1:" + way.port();
            TestNode n2 = new TestNode(TestNode.node("n2", 2, true), late, null, session, null).start();
            nodes.add(n2);
            awaitMembers(n1, "n1", "n2");
            awaitMembers(n2, "n1", "n2");
            List<List<String>> seen = recordMembers(n1);

            way.stayAway();
            server.close();
            server = TestZooKeeper.start(100, port);
            await().atMost(TestNode.SOON)
                    .until(() -> n1.clients.status().state() == Coordination.State.CONNECTED
                            && n1.write(Op.check(paths.member("n1"), -1)) == Code.OK);
            assertThat(n1.write(Op.check(paths.member("n2"), -1))).isEqualTo(Code.NONODE);
            way.comeBack();

            await().atMost(TestNode.SOON).until(() -> n1.write(Op.check(paths.member("n2"), -1)) == Code.OK);
            await().during(session).atMost(session.plus(TestNode.SOON)).until(() -> n1.memberIds()
                    .equals(List.of("n1", "n2")));
            assertThat(seen).allMatch(ids -> ids.equals(List.of("n1", "n2")));
        }
    }

    @Test
    void startsWithoutZooKeeperAndJoinsWhenItAppears() throws Exception {
        server.stop();
        TestNode n1 = start("n1", 1);
        assertThat(n1.clients.status().state()).isEqualTo(Coordination.State.CONNECTING);
        await().during(Duration.ofSeconds(2))
                .atMost(TestNode.SOON)
                .until(() -> n1.clients.status().state() == Coordination.State.CONNECTING);
        server.restart();
        awaitJoined(n1);
        assertThat(n1.clients.status().sessionTimeout()).isEqualTo(TestNode.SESSION);
    }

    @Test
    void recordsAreClosedToStrangersWhenAuthIsSet() {
        TestNode owner =
                new TestNode(TestNode.node("n1", 1, true), server.getConnectString(), "ha:secret", null).start();
        nodes.add(owner);
        awaitJoined(owner);
        TestNode stranger = start("n2", 2);
        await().atMost(TestNode.SOON)
                .untilAsserted(
                        () -> assertThat(stranger.clients.status().problem()).contains("ha.zookeeper.auth"));
        assertThat(stranger.state.view().isJoined()).isFalse();
    }

    private List<List<String>> recordMembers(TestNode node) {
        List<List<String>> seen = new CopyOnWriteArrayList<>();
        node.state.addListener((before, after) ->
                seen.add(after.members().stream().map(Node::id).toList()));
        return seen;
    }

    private TestNode start(String id, int port) {
        TestNode node = new TestNode(id, port, server.getConnectString(), null).start();
        nodes.add(node);
        return node;
    }

    private static void awaitJoined(TestNode node) {
        await().atMost(TestNode.SOON).until(() -> node.state.view().isJoined());
    }

    private static void awaitMembers(TestNode node, String... ids) {
        await().atMost(TestNode.SOON)
                .untilAsserted(() -> assertThat(node.memberIds()).containsExactly(ids));
    }
}
