package org.hatask.zookeeper;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException.Code;
import org.apache.zookeeper.Op;
import org.apache.zookeeper.OpResult.GetDataResult;
import org.apache.zookeeper.Watcher;
import org.apache.zookeeper.common.PathUtils;
import org.hatask.cluster.ClusterState;
import org.hatask.cluster.ClusterView;
import org.hatask.cluster.Master;
import org.hatask.cluster.Node;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Deposes a master whose process is gone, without waiting for its session: who sees it leaves a witness below {@code /gone},
 * and when there are enough, all that the dead one left goes in one transaction, guarded by its epoch, so that the next one
 * can take over. With three or more members it takes two witnesses, so that no single broken line deposes anybody.
 *
 * <p>Should the deposed one live after all, behind a firewall that rejects, then it notices by the watch on its candidacy and by
 * the record of the master, stops what runs for the master and stands anew; its epoch is stale everywhere. Until then two
 * nodes may act as master, for as long as ZooKeeper needs to tell it, or its lease lasts where it is cut off from ZooKeeper as
 * well: this is the price, and what {@code ha.election.crash-takeover=false} saves.
 *
 * <p>The thread {@code ha-takeover} owns the state.
 */
final class Deposition implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(Deposition.class);
    private static final int ENOUGH = 2;

    /** So many witness at once; the others only if it takes longer, each time twice as many. */
    private static final int FIRST_WITNESSES = 4;

    private static final Duration TURN = Duration.ofMillis(100);

    /** Between epoch and node id in the name of a witness. */
    private static final char SEPARATOR = '~';

    private final ZooKeeperClients clients;
    private final Paths paths;
    private final String cluster;
    private final ClusterState state;
    private final Worker worker = new Worker("ha-takeover");

    private @Nullable Master suspect;
    private @Nullable Session witnessedIn;

    /** Our witnesses that may be there, for all that we know. */
    private final Set<String> written = new HashSet<>();

    Deposition(ZooKeeperClients clients, ClusterState state) {
        this.clients = clients;
        this.paths = clients.paths();
        this.cluster = clients.settings().cluster();
        this.state = state;
        state.addObserver(() -> worker.execute(this::forget));
        clients.membership().addListener(new Connection.Listener() {
            @Override
            public void connected(Session session) {
                worker.execute(Deposition.this::resume);
            }
        });
    }

    /** Also after an interruption: what was written before it may have got lost with its answer. */
    private void resume() {
        Master missed = suspect;
        if (missed == null) {
            tidy();
        } else if (missed.equals(state.view().master())) {
            witness(missed);
        }
    }

    /** This node saw that nobody listens any more where the master did. */
    void gone(Master master) {
        worker.execute(() -> {
            if (!master.equals(state.view().master()) || master.equals(suspect)) {
                return;
            }
            suspect = master;
            log.info("[{}] the process of master {} of epoch {} is gone", cluster, master.nodeId(), master.epoch());
            ClusterView view = state.view();
            long before = view.members().stream()
                    .map(Node::id)
                    .filter(id -> id.compareTo(view.self().id()) < 0 && !id.equals(master.nodeId()))
                    .count();
            Duration turn = turn(before);
            if (turn.isZero()) {
                witness(master);
            } else {
                worker.schedule(turn, this::resume);
            }
        });
    }

    /**
     * When it is a node's turn to witness. All see the end of the master at the same moment, and each reads what the others have
     * written: were all of many to write at once, that would grow with the square of their number.
     *
     * @param before how many have theirs earlier
     */
    static Duration turn(long before) {
        int round = Long.SIZE - 1 - Long.numberOfLeadingZeros(before / FIRST_WITNESSES + 1);
        return TURN.multipliedBy(round);
    }

    /** This node has reached the master after all. */
    void back(Master master) {
        worker.execute(() -> {
            if (master.equals(suspect)) {
                withdraw();
            }
        });
    }

    /** The witness stays until there is another master, who writes it into the history. */
    private void forget() {
        Master known = state.view().master();
        if (suspect != null && known != null && !known.equals(suspect)) {
            withdraw();
        }
    }

    private void withdraw() {
        suspect = null;
        tidy();
    }

    private void tidy() {
        Session session = clients.membership().session();
        if (session == null) {
            return; // The next connection leads here again.
        }
        for (String path : List.copyOf(written)) {
            session.multi(List.of(Op.delete(path, -1)))
                    .thenAcceptAsync(
                            reply -> {
                                boolean gone = reply.isOk() || reply.code() == Code.NONODE;
                                if (gone && suspect == null) {
                                    written.remove(path);
                                }
                            },
                            worker);
        }
    }

    private void witness(Master master) {
        Session session = clients.membership().session();
        if (session == null) {
            return; // Without ZooKeeper nobody is deposed, and nobody could take over.
        }
        witnessedIn = session;
        String path = paths.gone() + "/" + master.epoch() + SEPARATOR
                + state.view().self().id();
        written.add(path);
        session.multi(List.of(Op.create(path, new byte[0], clients.acl(), CreateMode.EPHEMERAL)));
        // On the same connection, so it is answered after the above.
        count(session, master);
    }

    private void count(Session session, Master master) {
        CompletableFuture<@Nullable List<String>> witnesses = session.children(paths.gone(), event -> {
            // The watch outlives an interruption, of which it is told as well.
            if (event.getType() != Watcher.Event.EventType.None) {
                worker.execute(() -> {
                    if (master.equals(suspect) && session == witnessedIn) {
                        count(session, master);
                    }
                });
            }
        });
        // Asked in the same breath, so that who finds enough witnesses need not ask first.
        CompletableFuture<Reply> left = session.multi(List.of(
                Op.getData(paths.master()), Op.getData(paths.lease()), Op.getData(paths.member(master.nodeId()))));
        witnesses.thenAcceptBothAsync(
                left,
                (names, read) -> {
                    if (names != null && master.equals(suspect) && isEnough(names, master)) {
                        depose(session, master, read);
                    }
                },
                worker);
    }

    private boolean isEnough(List<String> names, Master master) {
        ClusterView view = state.view();
        Set<String> witnesses = witnesses(names, master.epoch());
        witnesses.remove(master.nodeId());
        witnesses.retainAll(view.members().stream().map(Node::id).toList());
        int others = (int) view.members().stream()
                .filter(node -> !node.id().equals(master.nodeId()))
                .count();
        return !witnesses.isEmpty() && witnesses.size() >= Math.min(ENOUGH, others);
    }

    /** Who has witnessed the end of the master of this epoch. */
    static Set<String> witnesses(List<String> names, long epoch) {
        String prefix = Long.toString(epoch) + SEPARATOR;
        Set<String> witnesses = new TreeSet<>();
        names.stream()
                .filter(name -> name.startsWith(prefix))
                .map(name -> name.substring(prefix.length()))
                .filter(Records::isName)
                .forEach(witnesses::add);
        return witnesses;
    }

    private void depose(Session session, Master master, Reply left) {
        GetDataResult record = left.data(0);
        GetDataResult lease = left.data(1);
        if (record == null || lease == null || !isOf(record, master)) {
            return; // Another one was quicker.
        }
        Optional<Records.Lease> held =
                Records.readLease(lease.getData()).filter(found -> found.epoch() == master.epoch());
        String candidate = held.map(Records.Lease::candidate).orElse(null);
        depose(session, master, record, left.data(2), candidate);
    }

    private static boolean isPath(String text) {
        try {
            PathUtils.validatePath(text);
            return true;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    private static boolean isOf(GetDataResult record, Master master) {
        return Records.readMaster(record.getData())
                .filter(found ->
                        found.epoch() == master.epoch() && found.incarnation().equals(master.incarnation()))
                .isPresent();
    }

    private void depose(
            Session session,
            Master master,
            GetDataResult record,
            @Nullable GetDataResult member,
            @Nullable String candidate) {
        List<Op> operations = new ArrayList<>();
        operations.add(Op.check(paths.epoch(), (int) master.epoch()));
        operations.add(Op.delete(paths.master(), record.getStat().getVersion()));
        boolean ownCandidate = candidate != null && candidate.startsWith(paths.election() + "/") && isPath(candidate);
        if (candidate != null && ownCandidate) {
            operations.add(Op.delete(candidate, -1));
        }
        boolean ownMember = member != null
                && Records.readNode(member.getData())
                        .filter(node -> node.incarnation().equals(master.incarnation()))
                        .isPresent();
        if (member != null && ownMember) {
            operations.add(
                    Op.delete(paths.member(master.nodeId()), member.getStat().getVersion()));
        }
        session.multi(operations)
                .thenAcceptAsync(
                        reply -> {
                            if (reply.isOk()) {
                                log.info(
                                        "[{}] deposed {}, master of epoch {}: its process is gone",
                                        cluster,
                                        master.nodeId(),
                                        master.epoch());
                            } else if (reply.code() == Code.NONODE && reply.failedIndex() > 1) {
                                // Its candidacy or its member record went by itself.
                                depose(session, master, record, null, null);
                            } else {
                                log.debug("[{}] {} was deposed by another: {}", cluster, master.nodeId(), reply.code());
                            }
                        },
                        worker);
    }

    @Override
    public void close() {
        worker.close();
    }
}
