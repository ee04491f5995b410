package org.hatask.zookeeper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.zookeeper.KeeperException.Code;
import org.apache.zookeeper.Op;
import org.apache.zookeeper.ZooDefs;
import org.apache.zookeeper.data.ACL;
import org.hatask.cluster.OperatorAction;
import org.junit.jupiter.api.Test;

class LowestNodeIdElectionTest extends MasterElectionConformanceTest {

    private static final Duration PATIENT_SESSION = Duration.ofSeconds(4);
    private static final Duration LONG_ENOUGH = Duration.ofSeconds(30);

    @Override
    TestNode.Strategy strategy() {
        return ZooKeeperElection::lowestNodeId;
    }

    @Override
    void awaitStanding(TestNode node) {
        await().atMost(TestNode.SOON)
                .until(() -> node.membershipHandle().exists(candidate(node), false) != null
                        && ((ZooKeeperElection) node.election()).isWarm());
    }

    private String candidate(TestNode node) {
        return paths.election() + "/" + node.node.id() + "~" + node.node.incarnation();
    }

    @Override
    @Test
    void onlyTheFirstOfManyStayWarmAndOthersWitnessTheEndOfTheMasterLater() {
        super.onlyTheFirstOfManyStayWarmAndOthersWitnessTheEndOfTheMasterLater();
    }

    @Test
    void theSmallestIdTakesOverInOrderWhenItComesAndIdsCompareByTheirNumbers() {
        TestNode n10 = startAsMaster("n10");

        TestNode n9 = start("n9");

        awaitHeld(n9);
        assertThat(n9.epoch()).isEqualTo(2);
        assertThat(n10.events).containsExactly("gained 1", "lost 1: n9 has a smaller id");
        TestNode n2 = start("n2");
        awaitHeld(n2);
        assertThat(n2.epoch()).isEqualTo(3);

        n2.close();

        awaitHeld(n9);
        assertThat(n9.epoch()).isEqualTo(4);
        assertThat(n10.events).hasSize(2);
    }

    @Test
    void aMasterWhoseCandidacyIsDeletedIsDeposedAtOnceAndComesBack() throws Exception {
        TestNode n1 = startAsMaster("n1");
        TestNode n2 = start("n2");
        awaitStanding(n2);

        assertThat(n2.write(Op.delete(candidate(n1), -1))).isEqualTo(Code.OK);

        await().atMost(TestNode.SOON).until(() -> n1.events.size() >= 2);
        assertThat(n1.events.get(1)).startsWith("lost 1: was deposed");
        // By its id it is master in the end, in whatever epoch.
        await().atMost(TestNode.SOON).until(() -> n1.epoch() >= 2 && n1.isToldMaster() && !n2.isMaster());
        assertThat(n1.events).last().isEqualTo("gained " + n1.epoch());
    }

    /** Behind a firewall that rejects it would be deposed again at once, and so on, several times a second. */
    @Test
    void whoIsDeposedAliveLeavesTheMastershipToAnotherForAWhile() {
        TestNode n1 = startPatiently("n1");
        awaitHeld(n1);
        TestNode n2 = startPatiently("n2");
        long begin = deposeMaster(n2);

        await().atMost(LONG_ENOUGH).until(() -> n1.epoch() == 3);

        assertThat(n2.events).startsWith("gained 2");
        assertThat(Duration.ofNanos(n1.gainedNanos - begin)).isGreaterThanOrEqualTo(PATIENT_SESSION.multipliedBy(2));
    }

    @Test
    void whoIsDeposedAliveStandsAtOnceWhenThereIsNobodyElse() {
        TestNode n1 = startPatiently("n1");
        awaitHeld(n1);
        TestNode n2 = startPatiently("n2");
        long begin = deposeMaster(n2);
        awaitHeld(n2);

        n2.close();

        await().atMost(LONG_ENOUGH).until(n1::isMaster);
        System.out.println("deposed, then alone and master after " + (n1.gainedNanos - begin) / 1_000_000 + " ms");
        assertThat(n1.epoch()).isEqualTo(3);
    }

    @Test
    void whomAnOperatorPromotesDoesNotLeaveItToOthers() {
        // It would do so for longer than an order is waited for.
        Duration session = TestNode.SOON.multipliedBy(2).dividedBy(3);
        TestNode n1 = startPatiently("n1", session);
        awaitHeld(n1);
        TestNode n2 = startPatiently("n2", session);
        deposeMaster(n2);
        await().atMost(LONG_ENOUGH).until(n2::isMaster);

        OperatorAction promotion = n2.order(OperatorAction.Kind.PROMOTE, "n1");

        assertThat(promotion.result()).as(promotion.message()).isEqualTo(OperatorAction.Result.DONE);
        assertThat(n1.isMaster()).isTrue();
    }

    /** With a session that no busy machine loses. */
    private TestNode startPatiently(String id) {
        return startPatiently(id, PATIENT_SESSION);
    }

    private TestNode startPatiently(String id, Duration session) {
        TestNode node =
                new TestNode(TestNode.node(id, 8000, true), server.getConnectString(), null, session, strategy());
        return add(node).start();
    }

    private long deposeMaster(TestNode n2) {
        awaitStanding(n2);
        await().atMost(LONG_ENOUGH).until(() -> n2.memberIds().size() == 2);
        long begin = System.nanoTime();
        n2.election().masterIsGone(n2.state.view().master());
        return begin;
    }

    @Test
    void whatElseLiesBelowTheElectionIsNoCandidate() {
        TestNode n1 = startAsMaster("n1");
        byte[] nothing = new byte[0];
        for (String name : List.of("_c_1234-latch-0000000000", "junk", "~0")) {
            assertThat(n1.write(Op.create(
                            paths.election() + "/" + name,
                            nothing,
                            n1.clients.acl(),
                            org.apache.zookeeper.CreateMode.PERSISTENT)))
                    .isEqualTo(Code.OK);
        }

        TestNode n2 = start("n2");
        awaitStanding(n2);

        assertThat(n1.isMaster()).isTrue();
        assertThat(n1.epoch()).isEqualTo(1);
    }

    @Test
    void candidatesThatCouldNotBeReadOnceAreReadAgain() throws Exception {
        TestNode n1 = startAsMaster("n1");
        ACL allButReading = new ACL(ZooDefs.Perms.ALL & ~ZooDefs.Perms.READ, ZooDefs.Ids.ANYONE_ID_UNSAFE);
        // A list that may be asked whether it contains null, as ZooKeeper does.
        n1.membershipHandle().setACL(paths.election(), Collections.singletonList(allButReading), -1);
        TestNode n2 = start("n2");
        await().atMost(TestNode.SOON).until(() -> n1.membershipHandle().exists(candidate(n2), false) != null);

        n1.membershipHandle().setACL(paths.election(), ZooDefs.Ids.OPEN_ACL_UNSAFE, -1);
        n1.close();

        awaitHeld(n2);
    }

    /** One for the membership, one for the election. */
    private static final int CONNECTIONS_OF_A_NODE = 2;

    /** ZooKeeper's client keeps every watcher that it was given and tells each of every interruption. */
    @Test
    void interruptionsDoNotAddUp() throws Exception {
        try (Scene scene = new Scene(server.getPort(), "/interrupted", strategy(), false)) {
            scene.startWhole("n1", "n2");
            AtomicInteger reads = scene.way("n2").countReadsBelow(paths.election());
            for (int interruption = 1; interruption <= 6; interruption++) {
                reads.set(0);
                int connections = scene.way("n2").connections();
                scene.way("n2").cut();
                // Not the state, which may be well again before anybody looks.
                await().atMost(TestNode.SOON)
                        .until(() -> scene.way("n2").connections() >= connections + CONNECTIONS_OF_A_NODE);
                scene.whole("n1", "n2");
            }
            System.out.println("reads of the candidates after the last interruption: " + reads.get());
            assertThat(reads.get()).isLessThan(10);
        }
    }
}
