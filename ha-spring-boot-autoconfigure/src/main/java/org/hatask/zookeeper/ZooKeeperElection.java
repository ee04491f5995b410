package org.hatask.zookeeper;

import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.function.LongSupplier;
import org.hatask.cluster.ClusterState;
import org.hatask.cluster.Master;
import org.hatask.cluster.MasterChange;
import org.hatask.cluster.MasterElection;
import org.hatask.cluster.Mastership;
import org.hatask.cluster.MastershipListener;
import org.jspecify.annotations.Nullable;

/**
 * An election over ZooKeeper: one {@link MastershipHolder} with one way of choosing. Nodes that are not eligible, take no
 * tasks or were taken out by an operator only watch.
 *
 * <p>When the master is killed, the next one stands after its session timeout; when it is paused longer than that, it finds
 * itself deposed before it runs anything; when it is cut off, it stops at the end of its lease, before another begins.
 */
public final class ZooKeeperElection implements MasterElection {

    private final MastershipHolder holder;
    private final Candidacy candidacy;
    private final Deposition deposition;

    /** Makes the way of choosing for a holder. */
    interface Strategy {
        Candidacy candidacy(
                ZooKeeperClients clients,
                MastershipHolder holder,
                ClusterState state,
                LongSupplier nanoTime,
                Clock clock);
    }

    private ZooKeeperElection(
            ZooKeeperClients clients, ClusterState state, MastershipListener listener, Strategy strategy) {
        Clock clock = Clock.systemUTC();
        LongSupplier nanoTime = System::nanoTime;
        this.holder = new MastershipHolder(clients, state, listener, nanoTime, clock);
        this.candidacy = strategy.candidacy(clients, holder, state, nanoTime, clock);
        this.deposition = new Deposition(clients, state);
    }

    /**
     * Master is who has waited longest, by Curator's LeaderLatch.
     *
     * @param listener told on the thread {@code ha-election}
     */
    public static ZooKeeperElection leaderLatch(
            ZooKeeperClients clients, ClusterState state, MastershipListener listener) {
        return new ZooKeeperElection(clients, state, listener, LatchCandidacy::new);
    }

    /**
     * Master is the node with the smallest id, which takes over in order when it returns.
     *
     * @param listener told on the thread {@code ha-election}
     */
    public static ZooKeeperElection lowestNodeId(
            ZooKeeperClients clients, ClusterState state, MastershipListener listener) {
        return new ZooKeeperElection(clients, state, listener, LowestNodeIdCandidacy::new);
    }

    /**
     * Master is whom the operator has appointed, and nobody while that one is away.
     *
     * @param listener told on the thread {@code ha-election}
     */
    public static ZooKeeperElection assigned(
            ZooKeeperClients clients, ClusterState state, MastershipListener listener) {
        return new ZooKeeperElection(
                clients,
                state,
                listener,
                (c, holder, cluster, nanoTime, clock) -> new AssignedCandidacy(c, holder, cluster, clock));
    }

    @Override
    public void start() {
        holder.start(candidacy);
    }

    @Override
    public Mastership mastership() {
        return holder;
    }

    /** Whether it would hold the mastership as soon as it won it. */
    boolean isWarm() {
        return holder.isWarm();
    }

    @Override
    public void resign(String cause, Duration atMost) {
        holder.resign(cause, atMost);
    }

    @Override
    public void giveBack(long epoch, String cause) {
        holder.giveBack(epoch, cause);
    }

    @Override
    public void standAside(@Nullable String why) {
        holder.execute(() -> candidacy.standAside(why));
    }

    @Override
    public void masterIsGone(Master master) {
        deposition.gone(master);
    }

    @Override
    public void masterIsBack(Master master) {
        deposition.back(master);
    }

    @Override
    public List<MasterChange> history() {
        return holder.history();
    }

    @Override
    public void close() {
        deposition.close();
        holder.close();
    }
}
