package org.hatask.zookeeper;

import java.time.Clock;
import java.util.List;
import java.util.Set;
import java.util.function.LongSupplier;
import java.util.stream.Stream;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException.Code;
import org.apache.zookeeper.Op;
import org.apache.zookeeper.Watcher;
import org.hatask.cluster.ClusterState;
import org.hatask.cluster.Node;
import org.hatask.cluster.Orders;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Entitled is the candidate with the smallest node id, or whom an operator has appointed. A candidate is an ephemeral node of
 * the election's own session, made when the node could act as master at once: so a returning node with a small id is waited
 * for only when it is worth it, and the master before it hands over in order.
 *
 * <p>State is owned by the election's thread.
 */
final class LowestNodeIdCandidacy extends ElectedCandidacy {

    private static final Logger log = LoggerFactory.getLogger(LowestNodeIdCandidacy.class);
    private static final String PROBLEM = "election";
    private static final int YIELDS_FOR_SESSIONS = 2;

    /** Between id and incarnation; a node id has none. */
    private static final char SEPARATOR = '~';

    private final LongSupplier nanoTime;

    /**
     * Whom the others cannot reach is deposed as often as its id makes it master, several times a second: who has been leaves it
     * to another candidate for a while.
     */
    private final Yielding yielding;

    private final String id;
    private final String name;
    private final String path;

    /** One for all reads: ZooKeeper's client keeps every watcher that it was given, over all interruptions of a session. */
    private final Watcher candidatesChanged;

    private boolean standing;
    private boolean creating;
    private boolean created;

    /** Whether our node may be there, for all that we know: an answer can get lost. */
    private boolean mayExist;

    private int pendingRemovals;
    private @Nullable Session session;
    private @Nullable Set<String> names;

    /** Whether what is known may be old and no watch tells: a read got lost, or could wait. */
    private boolean unread;

    LowestNodeIdCandidacy(
            ZooKeeperClients clients, MastershipHolder holder, ClusterState state, LongSupplier nanoTime, Clock clock) {
        super(clients, holder, state, clock);
        this.nanoTime = nanoTime;
        this.yielding = new Yielding(clients.settings().sessionTimeout().multipliedBy(YIELDS_FOR_SESSIONS));
        this.id = state.view().self().id();
        this.name = name(state.view().self());
        this.path = clients.paths().election() + "/" + name;
        this.candidatesChanged = event -> {
            // Watches outlive an interruption, and fire after it when they have to.
            if (event.getType() != Watcher.Event.EventType.None) {
                holder.execute(this::candidatesChanged);
            }
        };
    }

    @Override
    void enter() {
        Session current = clients.election().session();
        if (session == null || current == null || !session.isSameAs(current)) {
            mayExist = false; // What was made in another session goes with it.
        }
        standing = true;
        session = current;
        names = null;
        created = false;
        check();
        readCandidates();
    }

    /** Were all of many to read all names at each change, what ZooKeeper sends would grow with the square of the nodes. */
    private void candidatesChanged() {
        if (isOfInterest()) {
            readCandidates();
        } else {
            unread = true;
        }
    }

    private boolean isOfInterest() {
        return !created || isInFront() || state.view().master() == null;
    }

    private void readCandidates() {
        Session current = session;
        if (current == null || !standing) {
            return;
        }
        unread = false;
        current.children(clients.paths().election(), candidatesChanged)
                .thenAcceptAsync(
                        children -> {
                            if (!standing || session != current) {
                                return;
                            }
                            if (children == null) {
                                unread = true;
                                return;
                            }
                            created = children.contains(name);
                            mayExist |= created;
                            names = Set.copyOf(children);
                            reconsider();
                        },
                        holder::execute);
    }

    @Override
    void decide(boolean appointed) {
        String smallest = smallest();
        if (!created || smallest == null || !(appointed || smallest.equals(id))) {
            holder.notEntitled();
            if (created && smallest != null) {
                holder.handOver(smallest + " has a smaller id");
            }
            return;
        }
        holder.entitled(Entitlement.ofNode(path));
    }

    private @Nullable String smallest() {
        return candidates().map(Node::id).min(NodeIdOrder.INSTANCE).orElse(null);
    }

    /** Those that are members: a name alone is nobody, and to wait for it would be for ever. */
    private Stream<Node> candidates() {
        Set<String> known = names;
        return known == null
                ? Stream.empty()
                : state.view().membersAndSelf().filter(node -> known.contains(name(node)));
    }

    @Override
    boolean isInFront() {
        long before = candidates()
                .filter(Node::mayLead)
                .map(Node::id)
                .filter(other -> NodeIdOrder.INSTANCE.compare(other, id) < 0)
                .count();
        return before < MastershipHolder.WARM;
    }

    private static String name(Node node) {
        return node.id() + SEPARATOR + node.incarnation();
    }

    @Override
    public boolean isStanding() {
        return standing;
    }

    @Override
    public List<Op> guards() {
        return created ? List.of(Op.check(path, -1)) : List.of();
    }

    @Override
    public void withdraw() {
        standing = false;
        created = false;
        names = null;
        unread = false;
        if (mayExist) {
            remove();
        }
        holder.notEntitled();
    }

    /** A node that stayed would be waited for by all with a larger id. */
    private void remove() {
        Session current = session;
        if (current == null) {
            return;
        }
        pendingRemovals++;
        current.multi(List.of(Op.delete(path, -1)))
                .thenAcceptAsync(
                        reply -> {
                            pendingRemovals--;
                            boolean gone = reply.isOk() || reply.code() == Code.NONODE || reply.isSessionLoss();
                            if (gone && !standing && pendingRemovals == 0) {
                                mayExist = false;
                            }
                        },
                        holder::execute);
    }

    @Override
    public void deposed() {
        yielding.deposed(nanoTime.getAsLong());
    }

    private boolean leavesItToOthers() {
        Orders.Appointment appointment = state.view().orders().appointment();
        boolean wanted =
                appointment != null && appointment.appoints(state.view().self());
        // Asked before it stands, so the smallest is another. An operator who wants this one knows why.
        return !wanted && !yielding.isOver(nanoTime.getAsLong()) && (names == null || smallest() != null);
    }

    /** Stands as soon as it could lead at once. */
    @Override
    public void check() {
        Session current = session;
        if (!standing) {
            if (mayExist && pendingRemovals == 0) {
                remove(); // The first attempt got lost.
            }
            return;
        }
        if (unread && isOfInterest()) {
            readCandidates();
        }
        if (created || creating || current == null || !holder.isWarm() || leavesItToOthers()) {
            return;
        }
        creating = true;
        mayExist = true;
        current.multi(List.of(Op.create(path, new byte[0], clients.acl(), CreateMode.EPHEMERAL)))
                .thenAcceptAsync(
                        reply -> {
                            creating = false;
                            if (reply.isOk()) {
                                clients.problem(PROBLEM, null);
                            } else if (!reply.isConnectionLoss()
                                    && !reply.isSessionLoss()
                                    && reply.code() != Code.NODEEXISTS) {
                                String text = "this node takes no part in the election: " + path
                                        + " could not be created (" + reply.code()
                                        + "); check ha.zookeeper.auth and the rights on its parent";
                                clients.problem(PROBLEM, text);
                                log.warn("[{}] {}", clients.settings().cluster(), text);
                            }
                        },
                        holder::execute);
    }
}
