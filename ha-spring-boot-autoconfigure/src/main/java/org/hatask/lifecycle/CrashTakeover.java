package org.hatask.lifecycle;

import org.hatask.cluster.ClusterState;
import org.hatask.cluster.ClusterView;
import org.hatask.cluster.Master;
import org.hatask.cluster.MasterElection;
import org.hatask.cluster.Node;
import org.hatask.link.LinkTransport;

/**
 * Never lets the master out of sight. Every node keeps a link to it, which closes when its process dies; where a fresh
 * connection is refused then, the process is gone, and the election is told so without waiting for the end of the session. A
 * master that is paused, overloaded or cut off refuses nothing, and is not deposed before its session ends.
 *
 * <p>Told of changes on the threads that bring them; its monitor keeps their order.
 */
public final class CrashTakeover implements LinkTransport.Attendant {

    private final ClusterState cluster;
    private final MasterElection election;
    private final LinkTransport transport;

    public CrashTakeover(ClusterState cluster, MasterElection election, LinkTransport transport) {
        this.cluster = cluster;
        this.election = election;
        this.transport = transport;
        cluster.addObserver(this::look);
    }

    /** A master whose member record has gone before its own is still the one that was attended. */
    private synchronized void look() {
        ClusterView view = cluster.view();
        Master master = view.master();
        Node node = view.masterNode().orElse(null);
        if (master == null || master.is(view.self())) {
            transport.attend(null, this);
        } else if (node != null) {
            transport.attend(node, this);
        }
    }

    @Override
    public void gone(Node target) {
        Master master = cluster.view().master();
        if (master != null && master.is(target)) {
            election.masterIsGone(master);
        }
    }

    @Override
    public void reached(Node target) {
        Master master = cluster.view().master();
        if (master != null && master.is(target)) {
            election.masterIsBack(master);
        }
    }
}
