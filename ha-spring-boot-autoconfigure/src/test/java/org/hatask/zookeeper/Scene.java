package org.hatask.zookeeper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.ZooDefs;
import org.apache.zookeeper.ZooKeeper;
import org.apache.zookeeper.data.Stat;
import org.hatask.cluster.Master;
import org.hatask.cluster.MasterChange;
import org.hatask.cluster.Node;
import org.hatask.cluster.OperatorAction;
import org.hatask.cluster.OperatorAction.Kind;

/**
 * A cluster below a chroot of its own, each node with its own way to the server, under the eyes of an observer. What a
 * cluster looks like is asked of ZooKeeper itself, since the nodes believe in what they knew for a while.
 */
final class Scene implements AutoCloseable {

    /** Long enough for a client to find back, which takes up to a second. */
    private static final Duration SESSION = Duration.ofMillis(2500);

    private static final Duration BOUND = Duration.ofSeconds(120);
    private static final Duration PAUSE = Duration.ofMillis(25);
    private static final long SAMPLE_NANOS = 500_000;

    /** The observer is not to be the one that loses its connection. */
    private static final int EYE_SESSION_MILLIS = 60_000;

    private final String serverAddress;
    private final int port;
    private final String chroot;
    private final TestNode.Strategy strategy;
    private final boolean operated;
    private final Paths paths = new Paths("test");
    private final Map<String, TestNode> nodes = new LinkedHashMap<>();
    private final Map<String, LossyZooKeeper> ways = new LinkedHashMap<>();
    private final List<Thread> stops = new ArrayList<>();
    private final ZooKeeper eye;
    private final Thread observer = new Thread(this::observe, "observer");
    private final AtomicReference<String> wrong = new AtomicReference<>();
    private final Map<Long, String> owners = new ConcurrentHashMap<>();
    private volatile List<TestNode> observed = List.of();
    private CompletableFuture<OperatorAction> order = new CompletableFuture<>();
    private volatile boolean overlapAllowed;
    private volatile boolean closed;

    /**
     * @param port of the server on this machine
     * @param chroot which nobody else uses
     */
    Scene(int port, String chroot, TestNode.Strategy strategy, boolean operated) throws Exception {
        this.serverAddress = "127.0.0.1:" + port;
        this.port = port;
        this.chroot = chroot;
        this.strategy = strategy;
        this.operated = operated;
        this.eye = new ZooKeeper(serverAddress + chroot, EYE_SESSION_MILLIS, event -> {});
        await().atMost(BOUND).until(() -> eye.getState().isConnected());
        try (ZooKeeper root = new ZooKeeper(serverAddress, 10_000, event -> {})) {
            root.create(chroot, new byte[0], ZooDefs.Ids.OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
        }
        observer.setDaemon(true);
        observer.start();
    }

    Paths paths() {
        return paths;
    }

    /** What a stranger does with ZooKeeper. */
    ZooKeeper stranger() {
        return eye;
    }

    TestNode node(String id) {
        return nodes.get(id);
    }

    /** The way of this node, which need not have been started yet. */
    LossyZooKeeper way(String id) {
        return ways.computeIfAbsent(id, any -> new LossyZooKeeper(port, chroot));
    }

    void start(String id) {
        // Twice the same: a client that has tried all its servers waits for a second.
        String address = "127.0.0.1:" + way(id).port();
        TestNode node = new TestNode(
                TestNode.node(id, 8000 + nodes.size(), true),
                address + "," + address + chroot,
                null,
                SESSION,
                strategy,
                operated);
        nodes.put(id, node);
        observed = List.copyOf(nodes.values());
        node.start();
    }

    /** Starts them one after the other, so that the first is master. */
    void startWhole(String... ids) {
        List<String> started = new ArrayList<>();
        for (String id : ids) {
            start(id);
            started.add(id);
            whole(started.toArray(String[]::new));
        }
    }

    /** Stops a node in order, in a thread of its own, since it waits for ZooKeeper. */
    void stop(String id) {
        TestNode leaving = nodes.remove(id);
        Thread stop = new Thread(leaving::close, "stop of " + id);
        stops.add(stop);
        stop.start();
    }

    /** Gives an order at one node, without waiting for its end. */
    void order(String via, Kind kind, String id) {
        order = node(via).ordering(kind, id, null);
    }

    /** Whether the node still has this session; false, too, for a node that was stopped. */
    boolean has(String id, long session) {
        TestNode node = nodes.get(id);
        return node != null
                && Stream.of(node.clients.membership(), node.clients.election())
                        .map(Connection::session)
                        .anyMatch(current -> current != null && current.id() == session);
    }

    /** What the last order was answered. */
    OperatorAction answer() throws Exception {
        return order.get(BOUND.toSeconds(), TimeUnit.SECONDS);
    }

    /** As by a deposition of a living master, whose price it is. */
    void allowOverlap() {
        overlapAllowed = true;
    }

    /** What a stranger does who knows the session. */
    void end(LossyZooKeeper.LostSession session) throws Exception {
        ZooKeeper twin = new ZooKeeper(serverAddress, 10_000, event -> {}, session.id(), session.password());
        try {
            await().atMost(BOUND).until(() -> twin.getState().isConnected());
        } finally {
            twin.close();
        }
    }

    /** Waits until there is one master and all of these nodes, and no others, are members. */
    Master whole(String... ids) {
        return whole(Set.of(ids), Set.of(ids));
    }

    /**
     * @param candidates those who stand for election, where there is one
     * @return the master as it was then; a node with a smaller id may just be about to take over
     */
    Master whole(Set<String> members, Set<String> candidates) {
        AtomicReference<String> lacks = new AtomicReference<>("nothing was looked at");
        AtomicReference<Master> found = new AtomicReference<>();
        try {
            await().pollInterval(PAUSE).atMost(BOUND).until(() -> {
                lacks.set(lacks(members, candidates, found));
                return lacks.get().isEmpty();
            });
        } catch (org.awaitility.core.ConditionTimeoutException e) {
            throw new AssertionError("not whole: " + lacks.get() + "; " + events(), e);
        }
        return found.get();
    }

    /** Takes the record of the master away: somebody has to take the mastership anew. */
    void changeMaster(Set<String> members, Set<String> candidates) throws Exception {
        long epoch = whole(members, candidates).epoch();
        try {
            eye.delete(paths.master(), -1);
        } catch (KeeperException.NoNodeException e) {
            // It is on its way to a node with a smaller id, which takes it anew as well.
        }
        await().atMost(BOUND).until(() -> eye.exists(paths.epoch(), false).getVersion() > epoch);
        assertThat(whole(members, candidates).epoch()).isGreaterThan(epoch);
    }

    /** Empty when nothing lacks. */
    private String lacks(Set<String> members, Set<String> candidates, AtomicReference<Master> found) throws Exception {
        try {
            String lack = lackingMembers(members);
            if (lack.isEmpty()) {
                lack = lackingMaster(members, found);
            }
            return lack.isEmpty() && !operated ? lackingCandidates(candidates) : lack;
        } catch (KeeperException.NoNodeException e) {
            return "there is no " + e.getPath();
        } catch (KeeperException.ConnectionLossException e) {
            return "the observer itself has lost its connection";
        }
    }

    private String lackingMembers(Set<String> members) throws Exception {
        Set<String> stored = new TreeSet<>(eye.getChildren(paths.members(), false));
        if (!stored.equals(members)) {
            return "members in ZooKeeper are " + stored;
        }
        for (String id : members) {
            Stat stat = new Stat();
            Node record =
                    Records.readNode(eye.getData(paths.member(id), false, stat)).orElseThrow();
            Session session = node(id).clients.membership().session();
            if (session == null || session.id() != stat.getEphemeralOwner()) {
                return "the record of " + id + " is of a former session";
            }
            Node self = node(id).state.view().self();
            if (!record.equals(self.undrained())) {
                return "the record of " + id + " is " + record + " and not " + self;
            }
            for (String other : members) {
                Set<String> seen = new TreeSet<>(node(other).memberIds());
                if (!seen.equals(members)) {
                    return other + " sees the members " + seen;
                }
                Node view = node(other).state.view().member(id).orElseThrow();
                if (!view.undrained().equals(record)) {
                    return other + " sees " + view + " and not " + record;
                }
            }
        }
        return "";
    }

    private String lackingMaster(Set<String> members, AtomicReference<Master> found) throws Exception {
        List<TestNode> masters =
                nodes.values().stream().filter(TestNode::isMaster).toList();
        if (masters.size() != 1) {
            return "masters are " + masters.stream().map(each -> each.node.id()).toList();
        }
        TestNode master = masters.get(0);
        Stat stat = new Stat();
        Master record =
                Records.readMaster(eye.getData(paths.master(), false, stat)).orElseThrow();
        found.set(record);
        long epoch = eye.exists(paths.epoch(), false).getVersion();
        Session session = master.clients.election().session();
        if (!record.is(master.node) || session == null || session.id() != stat.getEphemeralOwner()) {
            return "the record of the master is " + record;
        }
        if (record.epoch() != epoch || master.epoch() != epoch) {
            return "the epoch is " + epoch + ", that of the record " + record.epoch();
        }
        List<MasterChange> history = Records.readHistory(eye.getData(paths.history(), false, null));
        for (int i = 1; i < history.size(); i++) {
            if (history.get(i).epoch() <= history.get(i - 1).epoch()) {
                wrong.compareAndSet(null, "history " + history);
            }
        }
        if (history.isEmpty() || history.get(history.size() - 1).epoch() != epoch) {
            return "the history is " + history;
        }
        for (String id : members) {
            if (!record.equals(node(id).state.view().master())) {
                return id + " sees the master " + node(id).state.view().master();
            }
        }
        return "";
    }

    private String lackingCandidates(Set<String> candidates) throws Exception {
        Map<Long, String> sessions = candidates.stream()
                .filter(id -> node(id).clients.election().session() != null)
                .collect(Collectors.toMap(
                        id -> node(id).clients.election().session().id(), id -> id));
        List<String> found = new ArrayList<>();
        for (String child : eye.getChildren(paths.election(), false)) {
            Stat stat = eye.exists(paths.election() + "/" + child, false);
            found.add(stat == null ? "gone" : sessions.getOrDefault(stat.getEphemeralOwner(), "a stranger's " + child));
        }
        return found.stream()
                        .sorted()
                        .toList()
                        .equals(candidates.stream().sorted().toList())
                ? ""
                : "candidates are " + found;
    }

    /** Fails when two held the mastership at the same instant, or in the same epoch, or an epoch came back. */
    void nothingWasWrong() {
        assertThat(wrong.get()).as(events()).isNull();
        Map<Long, String> told = new LinkedHashMap<>();
        for (TestNode node : observed) {
            long last = 0;
            for (String event : node.events) {
                long epoch = Long.parseLong(event.split("[ :]", 3)[1]);
                assertThat(epoch).as(events()).isGreaterThanOrEqualTo(last);
                last = epoch;
                assertThat(told.computeIfAbsent(epoch, any -> node.node.id()))
                        .as(events())
                        .isEqualTo(node.node.id());
            }
        }
    }

    String events() {
        return observed.stream().map(node -> node.node.id() + " " + node.events).collect(Collectors.joining(", "));
    }

    private void observe() {
        while (!closed) {
            List<TestNode> all = observed;
            for (int i = 0; i < all.size(); i++) {
                TestNode one = all.get(i);
                long epoch = one.epoch();
                if (epoch == 0) {
                    continue;
                }
                String owner = owners.putIfAbsent(epoch, one.node.id());
                if (owner != null && !owner.equals(one.node.id())) {
                    wrong.compareAndSet(null, "epoch " + epoch + " had two masters");
                }
                for (int k = 0; k < all.size(); k++) {
                    long other = k == i ? 0 : all.get(k).epoch();
                    // In this order, there was an instant at which both held it.
                    if (other != 0 && one.epoch() == epoch && !overlapAllowed) {
                        wrong.compareAndSet(
                                null,
                                one.node.id() + " in epoch " + epoch + " and "
                                        + all.get(k).node.id() + " in " + other);
                    }
                }
            }
            LockSupport.parkNanos(SAMPLE_NANOS);
        }
    }

    @Override
    public void close() throws Exception {
        closed = true;
        // They need their way to end their sessions; what is lost here ends with its session.
        for (Thread stop : stops) {
            stop.join();
        }
        nodes.values().forEach(TestNode::close);
        ways.values().forEach(LossyZooKeeper::close);
        eye.close();
        observer.join();
    }
}
