package org.hatask.zookeeper;

import java.time.Clock;
import java.util.List;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException.Code;
import org.apache.zookeeper.Op;
import org.hatask.cluster.ClusterState;
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

    /** Between id and incarnation; a node id has none. */
    private static final char SEPARATOR = '~';

    private final String id;
    private final String name;
    private final String path;
    private boolean standing;
    private boolean creating;
    private boolean created;

    /** Whether the candidates could not be read last: then nothing watches them either. */
    private boolean unread;

    private @Nullable Session session;
    private @Nullable List<String> ids;

    LowestNodeIdCandidacy(ZooKeeperClients clients, MastershipHolder holder, ClusterState state, Clock clock) {
        super(clients, holder, state, clock);
        this.id = state.view().self().id();
        this.name = id + SEPARATOR + state.view().self().incarnation();
        this.path = clients.paths().election() + "/" + name;
    }

    @Override
    void enter() {
        standing = true;
        session = clients.election().session();
        ids = null;
        created = false;
        check();
        readCandidates();
    }

    private void readCandidates() {
        Session current = session;
        if (current == null) {
            return;
        }
        unread = false;
        current.children(
                        clients.paths().election(),
                        event -> holder.execute(() -> {
                            if (standing && session == current) {
                                readCandidates();
                            }
                        }))
                .thenAcceptAsync(
                        names -> {
                            if (!standing || session != current) {
                                return;
                            }
                            unread = names == null;
                            if (names != null) {
                                created = names.contains(name);
                                ids = names.stream()
                                        .filter(child -> child.indexOf(SEPARATOR) > 0)
                                        .map(child -> child.substring(0, child.lastIndexOf(SEPARATOR)))
                                        .toList();
                                reconsider();
                            }
                        },
                        holder::execute);
    }

    @Override
    void decide(boolean appointed) {
        if (unread) {
            readCandidates();
        }
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
        List<String> known = ids;
        return known == null ? null : known.stream().min(NodeIdOrder.INSTANCE).orElse(null);
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
        Session current = session;
        if (standing && current != null && (created || creating)) {
            current.multi(List.of(Op.delete(path, -1)));
        }
        standing = false;
        created = false;
        ids = null;
        holder.notEntitled();
    }

    /** Stands as soon as it could lead at once. */
    @Override
    public void check() {
        Session current = session;
        if (!standing || created || creating || current == null || !holder.isWarm()) {
            return;
        }
        creating = true;
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
