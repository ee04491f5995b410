package org.hatask.zookeeper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.KeeperException.Code;
import org.apache.zookeeper.Op;
import org.apache.zookeeper.ZooDefs;
import org.hatask.cluster.Coordination;
import org.junit.jupiter.api.Test;

class LatchElectionTest extends MasterElectionConformanceTest {

    @Override
    TestNode.Strategy strategy() {
        return ZooKeeperElection::leaderLatch;
    }

    @Override
    void awaitStanding(TestNode node) {
        await().atMost(TestNode.SOON).until(() -> latchNodeOf(node) != null && isWarm(node));
    }

    private static boolean isWarm(TestNode node) {
        return ((ZooKeeperElection) node.election()).isWarm();
    }

    @Override
    @Test
    void onlyTheFirstOfManyStayWarmAndOthersWitnessTheEndOfTheMasterLater() {
        super.onlyTheFirstOfManyStayWarmAndOthersWitnessTheEndOfTheMasterLater();
    }

    @Test
    void aMasterWhoseLatchNodeIsDeletedIsDeposedAtOnceAndStandsAnew() throws Exception {
        TestNode n1 = startAsMaster("n1");
        TestNode n2 = start("n2");
        awaitStanding(n2);
        assertThat(n2.write(Op.delete(latchNodeOf(n1), -1))).isEqualTo(Code.OK);
        awaitHeld(n2);
        assertThat(n2.epoch()).isEqualTo(2);
        await().atMost(TestNode.SOON).until(() -> n1.events.size() == 2);
        assertThat(n1.events.get(1)).startsWith("lost 1: was deposed");
        awaitStanding(n1);
        n2.election().resign("test", TestNode.SOON);
        awaitHeld(n1);
        assertThat(n1.epoch()).isEqualTo(3);
    }

    @Test
    void aWaitingCandidateWhoseLatchNodeIsDeletedStandsAnew() throws Exception {
        TestNode n1 = startAsMaster("n1");
        TestNode n2 = start("n2");
        awaitStanding(n2);
        String before = latchNodeOf(n2);
        assertThat(n1.write(Op.delete(before, -1))).isEqualTo(Code.OK);
        await().atMost(TestNode.SOON).until(() -> {
            String now = latchNodeOf(n2);
            return now != null && !now.equals(before);
        });
        assertThat(n1.isMaster()).isTrue();
    }

    @Test
    void aCandidateWithoutRightsSaysThatItTakesNoPart() throws Exception {
        TestNode n1 = startAsMaster("n1");
        n1.membershipHandle().setACL(paths.election(), ZooDefs.Ids.READ_ACL_UNSAFE, -1);
        TestNode n2 = start("n2");
        await().atMost(TestNode.SOON)
                .untilAsserted(() -> assertThat(n2.clients.status().problem())
                        .contains("takes no part in the election")
                        .contains("ha.zookeeper.auth"));
        assertThat(n1.isMaster()).isTrue();
    }

    /** As by a server that has lost its quorum: the connection stands, and only the clock tells. */
    @Test
    void aMasterWhoseWritesAreNotAnsweredStopsWithItsLeaseWhileItsConnectionStands() {
        try (LossyZooKeeper way = new LossyZooKeeper(server.getPort(), "")) {
            TestNode n1 = add(new TestNode("n1", 1, "127.0.0.1:" + way.port(), strategy()))
                    .start();
            awaitHeld(n1);
            List<Coordination.State> states = new CopyOnWriteArrayList<>();

            long begin = System.nanoTime();
            way.answerOnlyPings();
            await().pollInterval(Duration.ofMillis(5)).atMost(TestNode.SOON).until(() -> {
                boolean held = n1.isMaster();
                states.add(n1.clients.status().state());
                return !held;
            });

            long millis = (System.nanoTime() - begin) / 1_000_000;
            System.out.println("held for " + millis + " ms more over a connection that answers pings only");
            assertThat(states).containsOnly(Coordination.State.CONNECTED);
            await().atMost(TestNode.SOON).until(() -> n1.events.size() >= 2);
            assertThat(n1.events.get(1)).startsWith("lost 1: its lease ended");
            way.cut();
            awaitHeld(n1);
            n1.close();
        }
    }

    /** Null while it has none or cannot be asked. */
    private String latchNodeOf(TestNode node) throws Exception {
        String candidate = node.node.id() + "/" + node.node.incarnation();
        try {
            for (String child : node.membershipHandle().getChildren(paths.election(), false)) {
                String path = paths.election() + "/" + child;
                byte[] data = node.membershipHandle().getData(path, false, null);
                if (new String(data, StandardCharsets.UTF_8).equals(candidate)) {
                    return path;
                }
            }
        } catch (KeeperException.NoNodeException | KeeperException.ConnectionLossException e) {
            return null;
        }
        return null;
    }
}
