package org.hatask.zookeeper;

import java.io.IOException;
import java.time.Clock;
import java.util.List;
import java.util.function.LongSupplier;
import org.apache.curator.framework.recipes.leader.LeaderLatch;
import org.apache.curator.framework.recipes.leader.LeaderLatchListener;
import org.apache.zookeeper.Op;
import org.hatask.cluster.ClusterState;
import org.hatask.cluster.Node;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Entitled is who leads Curator's {@link LeaderLatch}, the candidate that has waited longest, or whom an operator has
 * appointed. State is owned by the election's thread; the latch's listener runs under the latch's monitor on ZooKeeper's
 * event thread and only hands over.
 *
 * <p>A latch does not notice when its own node is deleted by another, nor when its creation was refused. So it is replaced by
 * a new one whenever the holder finds its node gone, with every new session, and when it has no node for too long.
 */
final class LatchCandidacy extends ElectedCandidacy {

    private static final Logger log = LoggerFactory.getLogger(LatchCandidacy.class);
    private static final String PROBLEM = "election";

    private final String candidateId;
    private final LongSupplier nanoTime;
    private final StrayCandidates strays;
    private final PlaceInQueue place;
    private @Nullable LeaderLatch latch;
    private long standingSince;

    LatchCandidacy(
            ZooKeeperClients clients, MastershipHolder holder, ClusterState state, LongSupplier nanoTime, Clock clock) {
        super(clients, holder, state, clock);
        this.candidateId = candidateId(state.view().self());
        this.nanoTime = nanoTime;
        this.strays = new StrayCandidates(clients, state, nanoTime, clock, holder::execute);
        this.place = new PlaceInQueue(clients, state, nanoTime, holder::execute);
    }

    /** What stands in the latch's node of that member. */
    static String candidateId(Node node) {
        return node.id() + "/" + node.incarnation();
    }

    @Override
    void enter() {
        LeaderLatch fresh = new LeaderLatch(
                clients.election().client(), clients.paths().election(), candidateId, LeaderLatch.CloseMode.SILENT);
        fresh.addListener(new LeaderLatchListener() {
            @Override
            public void isLeader() {
                holder.execute(() -> changed(fresh));
            }

            @Override
            public void notLeader() {
                holder.execute(() -> changed(fresh));
            }
        });
        latch = fresh;
        standingSince = nanoTime.getAsLong();
        try {
            fresh.start();
        } catch (Exception e) {
            clients.problem(PROBLEM, "this node does not stand for election: " + e);
            log.warn(
                    "[{}] this node does not stand for election; trying again",
                    clients.settings().cluster(),
                    e);
        }
    }

    private void changed(LeaderLatch which) {
        if (which == latch) {
            reconsider();
        }
    }

    @Override
    void decide(boolean appointed) {
        LeaderLatch current = latch;
        String path = current == null ? null : current.getOurPath();
        if (current != null && path != null && (appointed || current.hasLeadership())) {
            holder.entitled(Entitlement.ofNode(path));
        } else {
            holder.notEntitled();
        }
    }

    @Override
    boolean isInFront() {
        return place.isInFront();
    }

    @Override
    public boolean isStanding() {
        return latch != null;
    }

    @Override
    public List<Op> guards() {
        LeaderLatch current = latch;
        String path = current == null ? null : current.getOurPath();
        return path == null ? List.of() : List.of(Op.check(path, -1));
    }

    @Override
    public void withdraw() {
        LeaderLatch old = latch;
        latch = null;
        holder.notEntitled();
        if (old != null && old.getState() == LeaderLatch.State.STARTED) {
            try {
                old.close();
            } catch (IOException | RuntimeException e) {
                // Its node goes with the session at the latest.
                log.debug("closing the latch failed", e);
            }
        }
    }

    @Override
    public void check() {
        LeaderLatch current = latch;
        if (current == null) {
            clients.problem(PROBLEM, null);
            return;
        }
        strays.check();
        place.check(current.getOurPath());
        if (current.getOurPath() != null) {
            clients.problem(PROBLEM, null);
        } else if (nanoTime.getAsLong() - standingSince
                > clients.settings().sessionTimeout().toNanos()) {
            String text = "this node takes no part in the election: its node below "
                    + clients.paths().election()
                    + " could not be created; check ha.zookeeper.auth and the rights on that node";
            clients.problem(PROBLEM, text);
            log.warn("[{}] {}", clients.settings().cluster(), text);
            stand();
        }
    }
}
