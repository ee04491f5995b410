package org.hatask.zookeeper;

import java.time.Clock;
import java.util.List;
import java.util.function.LongSupplier;
import org.hatask.cluster.ClusterState;
import org.hatask.cluster.MasterChange;
import org.hatask.cluster.MasterElection;
import org.hatask.cluster.Mastership;
import org.hatask.cluster.MastershipListener;
import org.hatask.cluster.Node;

/**
 * Master is who has waited longest: the node that leads Curator's latch takes the mastership. Nodes that are not eligible or
 * take no tasks only watch.
 *
 * <p>When the master is killed, the next one stands after its session timeout; when it is paused longer than that, it finds
 * itself deposed before it runs anything; when it is cut off, it stops at the end of its lease, before another begins.
 */
public final class LatchElection implements MasterElection {

    private final ClusterState state;
    private final MastershipHolder holder;
    private final LatchCandidacy candidacy;

    /**
     * @param listener told on the thread {@code ha-election}
     */
    public LatchElection(ZooKeeperClients clients, ClusterState state, MastershipListener listener) {
        this(clients, state, listener, System::nanoTime, Clock.systemUTC());
    }

    LatchElection(
            ZooKeeperClients clients,
            ClusterState state,
            MastershipListener listener,
            LongSupplier nanoTime,
            Clock clock) {
        this.state = state;
        this.holder = new MastershipHolder(clients, state, listener, nanoTime, clock);
        Node self = state.view().self();
        this.candidacy = new LatchCandidacy(clients, holder, self.id() + "/" + self.incarnation(), nanoTime);
    }

    @Override
    public void start() {
        Node self = state.view().self();
        boolean stands = self.masterEligible() && self.acceptsTasks();
        holder.start(stands ? candidacy : null);
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
    public void resign(String cause) {
        holder.resign(cause);
    }

    @Override
    public List<MasterChange> history() {
        return holder.history();
    }

    @Override
    public void close() {
        holder.close();
    }
}
