package org.hatask.zookeeper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Properties;
import java.util.concurrent.locks.LockSupport;
import org.apache.zookeeper.KeeperException.Code;
import org.apache.zookeeper.Op;
import org.apache.zookeeper.ZooKeeper;
import org.hatask.TestZooKeeper;
import org.hatask.link.FreezableProxy;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Three real servers, of which the second leads; two nodes, each at a server of its own. The master's server is cut off from
 * the other two and goes on answering what can be read, as a server does for {@code syncLimit} ticks.
 */
@Timeout(120)
class CutOffServerTest {

    private static final Duration LONG = Duration.ofSeconds(30);
    private static final int SERVERS = 3;
    private static final int LEADER = 1;

    /** How long a server that is cut off does not notice: several sessions, for the look at it below. */
    private static final Duration SYNC_LIMIT = TestNode.SESSION.multipliedBy(6);

    private final List<AutoCloseable> opened = new ArrayList<>();
    private final List<Integer> clientPorts = new ArrayList<>();

    /** Of each server, its way to the leader; null for the leader itself. */
    private final List<FreezableProxy> waysToLeader = new ArrayList<>();

    /** Between the leader and the others, for what servers say when they elect a leader. */
    private final List<FreezableProxy> electionWays = new ArrayList<>();

    @TempDir
    Path directory;

    @BeforeEach
    void startServers() throws Exception {
        List<Integer> ports = TestZooKeeper.freePorts(SERVERS * 3 + 1);
        for (int i = 0; i < SERVERS; i++) {
            clientPorts.add(ports.get(3 * i));
            waysToLeader.add(i == LEADER ? null : open(new FreezableProxy(ports.get(3 * LEADER + 1))));
        }
        // The first two elect the one with the larger number; the third finds it in office.
        for (int i = 0; i < SERVERS; i++) {
            open(EmbeddedZooKeeper.start(directory.resolve("s" + i), configuration(i, ports)));
            if (i >= LEADER) {
                awaitServing(i);
            }
        }
    }

    private Properties configuration(int self, List<Integer> ports) throws Exception {
        Path data = directory.resolve("s" + self).resolve("data");
        Files.createDirectories(data);
        Files.writeString(data.resolve("myid"), Integer.toString(self + 1));
        Properties properties = EmbeddedZooKeeper.configuration(data, TestNode.TICK);
        properties.setProperty("standaloneEnabled", "false");
        properties.setProperty("syncLimit", Long.toString(SYNC_LIMIT.dividedBy(TestNode.TICK)));
        for (int i = 0; i < SERVERS; i++) {
            // Everybody speaks with the leader through a way of his own.
            boolean throughProxy = i == LEADER && self != LEADER;
            int quorumPort = throughProxy ? waysToLeader.get(self).port() : ports.get(3 * i + 1);
            properties.setProperty(
                    "server." + (i + 1),
                    "127.0.0.1:" + quorumPort + ":" + electionPort(self, i, ports) + ";127.0.0.1:" + ports.get(3 * i));
        }
        return properties;
    }

    /**
     * The one with the larger number connects. Did the other one, then it would be called back at the address that it names
     * itself, past the proxy: so it is told a port where nobody listens.
     */
    private int electionPort(int self, int other, List<Integer> ports) {
        int real = ports.get(3 * other + 2);
        if (self == other || self != LEADER && other != LEADER) {
            return real;
        }
        if (self < other) {
            return ports.get(ports.size() - 1);
        }
        FreezableProxy way = open(new FreezableProxy(real));
        electionWays.add(way);
        return way.port();
    }

    private void awaitServing(int server) throws Exception {
        try (ZooKeeper client = new ZooKeeper(address(server), 5_000, event -> {})) {
            await().atMost(LONG).until(() -> client.getState().isConnected());
        }
    }

    private String address(int server) {
        return "127.0.0.1:" + clientPorts.get(server);
    }

    @AfterEach
    void closeAll() throws Exception {
        Collections.reverse(opened);
        for (AutoCloseable each : opened) {
            each.close();
        }
    }

    @Test
    void theMasterByLatchStopsBeforeTheNextOneStarts() throws Exception {
        cutOffTheMastersServer(ZooKeeperElection::leaderLatch, 3, false);
    }

    @Test
    void theMasterByIdStopsBeforeTheNextOneStarts() throws Exception {
        cutOffTheMastersServer(ZooKeeperElection::lowestNodeId, 2, true);
    }

    /** The other two notice when it has been silent for long enough, and elect another leader between themselves. */
    @Test
    void theMasterAtTheLeadingServerStopsBeforeTheNextOneStarts() throws Exception {
        TestNode master = open(new TestNode("n1", 1, address(LEADER), ZooKeeperElection::leaderLatch))
                .start();
        await().atMost(LONG).until(master::isMaster);
        TestNode next = open(new TestNode("n2", 2, address(2), ZooKeeperElection::leaderLatch))
                .start();
        awaitSettled(master, next, false);

        List.of(wayToLeader(0), wayToLeader(2)).forEach(FreezableProxy::freeze);
        electionWays.forEach(FreezableProxy::freeze);

        stopsBeforeTheNextOneStarts(master, next, "the leader");
    }

    /**
     * @param firstReturns whether the first takes over from the second as soon as it is back
     */
    private void cutOffTheMastersServer(TestNode.Strategy strategy, int rounds, boolean firstReturns) throws Exception {
        TestNode first = open(new TestNode("n1", 1, address(0), strategy)).start();
        await().atMost(LONG).until(first::isMaster);
        TestNode second = open(new TestNode("n2", 2, address(2), strategy)).start();
        for (int round = 1; round <= rounds; round++) {
            awaitSettled(first, second, firstReturns);
            TestNode master = first.isMaster() ? first : second;
            TestNode next = master == first ? second : first;
            FreezableProxy way = wayToLeader(master == first ? 0 : 2);

            way.freeze();
            stopsBeforeTheNextOneStarts(master, next, "a follower, round " + round);
            // To this moment its server knows of nothing.
            assertThat(epochAtItsServer(master)).isLessThan(next.epoch());

            way.thaw();
            way.cut();
        }
        awaitSettled(first, second, firstReturns);
    }

    private FreezableProxy wayToLeader(int server) {
        return Objects.requireNonNull(waysToLeader.get(server));
    }

    private static void stopsBeforeTheNextOneStarts(TestNode master, TestNode next, String server) throws Exception {
        long epoch = master.epoch();
        long cut = System.nanoTime();
        long held = 0;
        long stopped = 0;
        long taken = 0;
        long answered = 0;
        while (taken == 0 && System.nanoTime() - cut < LONG.toNanos()) {
            // In this order: what is held here was held when the next one is asked, or the line below tells.
            long before = System.nanoTime();
            if (master.epoch() != 0) {
                held = before;
                stopped = 0;
            } else if (stopped == 0) {
                stopped = System.nanoTime();
                answered = epochAtItsServer(master);
            }
            if (next.epoch() != 0) {
                assertThat(master.epoch()).as("held by both").isZero();
                // Else this thread was held up since it asked the master: that has stopped, as the next round sees.
                taken = stopped == 0 ? 0 : System.nanoTime();
            }
            LockSupport.parkNanos(50_000);
        }

        assertThat(taken).as("the next one took over").isNotZero();
        assertThat(stopped).as("the master stopped first").isNotZero().isLessThan(taken);
        assertThat(next.epoch()).isGreaterThan(epoch);
        assertThat(answered).as("of what its server said then").isEqualTo(epoch);
        System.out.printf(
                "FIGURE master's server cut off, %s: held for %d ms more, the next one %d ms after it had stopped; its server"
                        + " still answered with epoch %d%n",
                server, (held - cut) / 1_000_000, (taken - stopped) / 1_000_000, epoch);
    }

    /** The server knows of nothing: not that the session has ended, not that there is another master. */
    private static long epochAtItsServer(TestNode node) throws Exception {
        byte[] read = node.membershipHandle().getData(new Paths("test").master(), false, null);
        return Records.readMaster(read).orElseThrow().epoch();
    }

    /** Both members, one master, and the other could take over at once. */
    private static void awaitSettled(TestNode first, TestNode second, boolean firstReturns) {
        await().atMost(LONG)
                .until(() -> first.isMaster() != second.isMaster()
                        && (first.isMaster() || !firstReturns)
                        && isReady(first)
                        && isReady(second)
                        && first.write(Op.check(new Paths("test").member("n2"), -1)) == Code.OK
                        && second.write(Op.check(new Paths("test").member("n1"), -1)) == Code.OK
                        && second.membershipHandle()
                                        .getChildren(new Paths("test").election(), false)
                                        .size()
                                == 2);
    }

    private static boolean isReady(TestNode node) {
        return node.memberIds().size() == 2 && ((ZooKeeperElection) node.election()).isWarm();
    }

    private <T extends AutoCloseable> T open(T each) {
        opened.add(each);
        return each;
    }
}
