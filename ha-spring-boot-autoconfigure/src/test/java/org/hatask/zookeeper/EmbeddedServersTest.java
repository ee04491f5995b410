package org.hatask.zookeeper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.zookeeper.KeeperException.Code;
import org.apache.zookeeper.Op;
import org.apache.zookeeper.ZooDefs;
import org.hatask.TestZooKeeper;
import org.hatask.cluster.Coordination;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(180)
class EmbeddedServersTest {

    private static final Duration LONG = Duration.ofSeconds(30);

    private final List<AutoCloseable> opened = new ArrayList<>();

    @TempDir
    Path directory;

    @AfterEach
    void closeAll() throws Exception {
        Collections.reverse(opened);
        for (AutoCloseable each : opened) {
            each.close();
        }
    }

    @Test
    void theDevelopmentServerIsHostedByOneAndTakenOverByAnotherWithItsDataAndSessions() throws Exception {
        int port = TestZooKeeper.freePorts(1).get(0);
        DevelopmentServer first = open(new DevelopmentServer(port, directory, TestNode.TICK));
        DevelopmentServer second = open(new DevelopmentServer(port, directory, TestNode.TICK));
        first.start();
        await().atMost(LONG).until(first::isHosting);
        second.start();
        // ZooKeeper's client waits up to a second between its attempts.
        TestNode n1 = open(new TestNode(
                        TestNode.node("n1", 1, true),
                        second.connectString(),
                        null,
                        Duration.ofSeconds(20),
                        ZooKeeperElection::leaderLatch))
                .start();
        await().atMost(LONG).until(n1::isMaster);
        assertThat(second.isHosting()).isFalse();
        long session = n1.electionHandle().getSessionId();

        first.close();
        await().atMost(LONG).until(second::isHosting);
        await().atMost(LONG).until(n1::isMaster);
        await().atMost(LONG).until(() -> n1.state.view().isJoined());
        assertThat(n1.electionHandle().getSessionId()).isEqualTo(session);
        assertThat(n1.epoch()).isEqualTo(1);
    }

    @Test
    void aPortTakenByAnotherProgramMakesThisNodeAClient() throws Exception {
        DevelopmentServer server;
        try (ServerSocket other = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            server = open(new DevelopmentServer(other.getLocalPort(), directory, TestNode.TICK));
            server.start();
            await().during(Duration.ofSeconds(1)).atMost(LONG).until(() -> !server.isHosting());
        }
        await().atMost(LONG).until(server::isHosting);
    }

    @Test
    void aServerThatWasStoppedLeavesNothingButItsData() throws Exception {
        try (DevelopmentServer server =
                new DevelopmentServer(TestZooKeeper.freePorts(1).get(0), directory, TestNode.TICK)) {
            server.start();
            await().atMost(LONG).until(server::isHosting);
            assertThat(configurationsBelow("")).isNotEmpty();
        }

        assertThat(configurationsBelow("")).isEmpty();
    }

    @Test
    void portZeroIsRefused() {
        assertThatThrownBy(() -> new DevelopmentServer(0, directory, TestNode.TICK))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("between 1 and 65535");
    }

    @Test
    void threePeersGoOnWithoutOneAndKeepTheirDataOverARestart() throws Exception {
        EnsembleSettings ensemble = ensemble();
        EnsemblePeer p1 = startPeer(ensemble, "n1");
        EnsemblePeer p2 = startPeer(ensemble, "n2");
        EnsemblePeer p3 = startPeer(ensemble, "n3");
        TestNode n1 = open(new TestNode("n1", 1, ensemble.connectString(), ZooKeeperElection::leaderLatch))
                .start();
        TestNode n2 = open(new TestNode("n2", 2, ensemble.connectString(), ZooKeeperElection::leaderLatch))
                .start();
        await().atMost(LONG).until(() -> n1.isMaster() || n2.isMaster());
        long epoch = Math.max(n1.epoch(), n2.epoch());
        byte[] data = {1};
        Op create = Op.create("/kept", data, ZooDefs.Ids.OPEN_ACL_UNSAFE, 0);
        await().atMost(LONG).until(() -> n1.write(create) == Code.OK);

        long begin = System.nanoTime();
        p1.close();
        long closed = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin);
        assertThat(closed).isLessThan(LONG.toMillis());
        assertThat(configurationsBelow("n1")).isEmpty();
        await().atMost(LONG).until(() -> n1.write(Op.check("/kept", -1)) == Code.OK);
        await().atMost(LONG).until(() -> n1.isMaster() || n2.isMaster());
        System.out.println("peer stopped in " + closed + " ms; master again after "
                + TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin) + " ms");
        assertThat(Math.max(n1.epoch(), n2.epoch())).isGreaterThanOrEqualTo(epoch);

        p2.close();
        p3.close();
        await().atMost(LONG).until(() -> n1.clients.status().state() != Coordination.State.CONNECTED);
        startPeer(ensemble, "n1");
        startPeer(ensemble, "n2");
        await().atMost(LONG).until(() -> n1.write(Op.check("/kept", -1)) == Code.OK);
        await().atMost(LONG).until(() -> n1.isMaster() || n2.isMaster());
        assertThat(Math.max(n1.epoch(), n2.epoch())).isGreaterThanOrEqualTo(epoch);
    }

    @Test
    void aNodeThatIsNotListedHostsNothing() {
        EnsemblePeer peer = open(new EnsemblePeer(
                EnsembleSettings.parse(List.of("n1@127.0.0.1")), "n9", directory.resolve("n9"), TestNode.TICK));
        peer.start();
        assertThat(directory.resolve("n9")).doesNotExist();
    }

    @Test
    void dataOfAnotherPeerIsRefusedWithTheCure() throws Exception {
        Path myid = directory.resolve("data").resolve("myid");
        Files.createDirectories(myid.getParent());
        Files.writeString(myid, "7\n");
        EnsemblePeer peer =
                open(new EnsemblePeer(EnsembleSettings.parse(List.of("n1@127.0.0.1")), "n1", directory, TestNode.TICK));
        assertThatThrownBy(peer::start)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("is that of peer 7")
                .hasMessageContaining("order of the list");
    }

    private EnsembleSettings ensemble() throws IOException {
        List<Integer> ports = TestZooKeeper.freePorts(9);
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            texts.add("n" + (i + 1) + "@127.0.0.1:" + ports.get(3 * i) + ":" + ports.get(3 * i + 1) + ":"
                    + ports.get(3 * i + 2));
        }
        return EnsembleSettings.parse(texts);
    }

    private EnsemblePeer startPeer(EnsembleSettings ensemble, String nodeId) {
        EnsemblePeer peer = open(new EnsemblePeer(ensemble, nodeId, directory.resolve(nodeId), TestNode.TICK));
        peer.start();
        return peer;
    }

    private <T extends AutoCloseable> T open(T each) {
        opened.add(each);
        return each;
    }

    /** What ZooKeeper writes beside its data and never deletes. */
    private List<Path> configurationsBelow(String place) throws IOException {
        try (Stream<Path> files = Files.list(directory.resolve(place))) {
            return files.filter(file -> file.getFileName().toString().startsWith("zookeeper.configuration"))
                    .toList();
        }
    }
}
