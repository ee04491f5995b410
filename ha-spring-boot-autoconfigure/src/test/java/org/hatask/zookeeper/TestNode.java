package org.hatask.zookeeper;

import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.apache.zookeeper.KeeperException.Code;
import org.apache.zookeeper.Op;
import org.apache.zookeeper.ZooKeeper;
import org.hatask.cluster.ClusterState;
import org.hatask.cluster.Master;
import org.hatask.cluster.MasterElection;
import org.hatask.cluster.MastershipListener;
import org.hatask.cluster.Node;
import org.hatask.cluster.NodeState;
import org.hatask.cluster.Operations;
import org.hatask.cluster.OperatorAction;
import org.hatask.cluster.OperatorAction.Kind;
import org.slf4j.LoggerFactory;

/** A node of its own inside this process: its connections, its membership and, if wanted, its election. */
final class TestNode implements AutoCloseable {

    static final Duration TICK = Duration.ofMillis(100);
    static final Duration SESSION = Duration.ofMillis(1200);
    static final Duration SOON = Duration.ofSeconds(30);

    static {
        ((Logger) LoggerFactory.getLogger("ROOT")).setLevel(Level.INFO);
        ((Logger) LoggerFactory.getLogger("org.apache")).setLevel(Level.WARN);
        ((Logger) LoggerFactory.getLogger("org.hatask")).setLevel(Level.DEBUG);
    }

    /** Makes an election for a node. */
    interface Strategy {
        MasterElection create(ZooKeeperClients clients, ClusterState state, MastershipListener listener);
    }

    final Node node;
    final ZooKeeperClients clients;
    final ClusterState state;
    final ZooKeeperMembership membership;
    final List<String> events = new CopyOnWriteArrayList<>();
    volatile long gainedNanos;
    private final ExecutorService notifier = Executors.newSingleThreadExecutor();
    private final MasterElection election;
    private final ZooKeeperOperations operations;

    /** Why it cannot take its mastership up, or null. */
    volatile String failing;

    /** What a hand-over waits for. */
    volatile CompletableFuture<?> quiet = CompletableFuture.completedFuture(null);

    private boolean closed;

    TestNode(String id, int port, String connectString, Strategy strategy) {
        this(node(id, port, true), connectString, null, strategy);
    }

    TestNode(Node node, String connectString, String auth, Strategy strategy) {
        this(node, connectString, auth, SESSION, strategy);
    }

    TestNode(Node node, String connectString, String auth, Duration session, Strategy strategy) {
        this(node, connectString, auth, session, strategy, false);
    }

    /**
     * @param operated whether the operator alone decides
     */
    TestNode(Node node, String connectString, String auth, Duration session, Strategy strategy, boolean operated) {
        this.node = node;
        this.state = new ClusterState(node, notifier);
        this.clients = new ZooKeeperClients(
                new ZooKeeperSettings("test", connectString, session, TICK, Duration.ofSeconds(1), auth));
        this.membership = new ZooKeeperMembership(clients, state);
        this.operations = new ZooKeeperOperations(clients, state, operated, SOON);
        this.election = strategy == null
                ? null
                : strategy.create(clients, state, new MastershipListener() {
                    @Override
                    public void gained(long epoch) {
                        gainedNanos = System.nanoTime();
                        events.add("gained " + epoch);
                        if (failing == null) {
                            operations.masterTookUp(epoch);
                        } else {
                            operations.masterFailed(failing);
                            election().giveBack(epoch, "it could not take up its duties: " + failing);
                        }
                    }

                    @Override
                    public void lost(long epoch, String cause) {
                        events.add("lost " + epoch + ": " + cause);
                        operations.masterLaidDown();
                    }

                    @Override
                    public CompletableFuture<?> handingOver(long epoch, String cause) {
                        return quiet;
                    }
                });
    }

    static Node node(String id, int port, boolean eligible) {
        return new Node(
                id,
                UUID.randomUUID().toString().substring(0, 8),
                URI.create("http://127.0.0.1:" + port),
                NodeState.UP,
                eligible,
                true,
                1,
                null,
                Instant.now());
    }

    TestNode start() {
        clients.start();
        membership.start();
        if (election != null) {
            election.start();
        }
        return this;
    }

    MasterElection election() {
        return election;
    }

    /** Gives an order here and waits for its end. */
    OperatorAction order(Kind kind, String nodeId) {
        return order(kind, nodeId, null);
    }

    OperatorAction order(Kind kind, String nodeId, Long epoch) {
        return ordering(kind, nodeId, epoch).join();
    }

    CompletableFuture<OperatorAction> ordering(Kind kind, String nodeId, Long epoch) {
        return operations.order(new Operations.Command(kind, nodeId, epoch, "alice", "test"));
    }

    NodeState stateOf(String id) {
        return state.view().member(id).map(Node::state).orElse(null);
    }

    long epoch() {
        return election.mastership().heldEpoch();
    }

    boolean isMaster() {
        return election.mastership().isHeld();
    }

    /** Whether it is master and its listener was told so, which comes a moment later. */
    boolean isToldMaster() {
        long epoch = epoch();
        return epoch != 0 && !events.isEmpty() && events.get(events.size() - 1).equals("gained " + epoch);
    }

    List<String> memberIds() {
        return state.view().members().stream().map(Node::id).toList();
    }

    String masterId() {
        Master master = state.view().master();
        return master == null ? "nobody" : master.nodeId();
    }

    ZooKeeper electionHandle() throws Exception {
        return clients.election().client().getZookeeperClient().getZooKeeper();
    }

    ZooKeeper membershipHandle() throws Exception {
        return clients.membership().client().getZookeeperClient().getZooKeeper();
    }

    /** What a stranger does who knows the session: the server ends it at once. */
    static void kill(ZooKeeper victim, String connectString) throws Exception {
        ZooKeeper twin =
                new ZooKeeper(connectString, 10_000, event -> {}, victim.getSessionId(), victim.getSessionPasswd());
        try {
            await().atMost(SOON).until(() -> twin.getState().isConnected());
        } finally {
            twin.close();
        }
    }

    /** Does it through this node's connection for reading. */
    Code write(Op... operations) {
        Session session = clients.membership().session();
        return session == null
                ? Code.CONNECTIONLOSS
                : session.multi(List.of(operations)).join().code();
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        if (election != null) {
            election.close();
        }
        membership.close();
        operations.close();
        clients.close();
        notifier.shutdown();
    }
}
