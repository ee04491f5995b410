package org.hatask.lifecycle;

import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.hatask.HaCluster;
import org.hatask.HaNode;
import org.hatask.Role;
import org.hatask.cluster.ClusterState;
import org.hatask.cluster.ClusterView;
import org.hatask.cluster.Mastership;
import org.hatask.cluster.Node;

/** The bean that users inject: the newest view, in their words. */
public final class LocalCluster implements HaCluster {

    private final String name;
    private final ClusterState cluster;
    private final Mastership mastership;

    public LocalCluster(String name, ClusterState cluster, Mastership mastership) {
        this.name = name;
        this.cluster = cluster;
        this.mastership = mastership;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public HaNode self() {
        Node self = cluster.view().self();
        return new HaNode(self.id(), self.incarnation(), self.uri(), role());
    }

    @Override
    public boolean isMaster() {
        return mastership.isHeld();
    }

    @Override
    public Optional<HaNode> master() {
        ClusterView view = cluster.view();
        return view.masterNode().map(node -> toHaNode(view, node));
    }

    @Override
    public OptionalLong epoch() {
        long epoch = cluster.view().lastEpoch();
        return epoch == 0 ? OptionalLong.empty() : OptionalLong.of(epoch);
    }

    @Override
    public List<HaNode> members() {
        ClusterView view = cluster.view();
        return view.members().stream().map(node -> toHaNode(view, node)).toList();
    }

    static HaNode toHaNode(ClusterView view, Node node) {
        return new HaNode(node.id(), node.incarnation(), node.uri(), view.isMaster(node) ? Role.MASTER : Role.WORKER);
    }
}
