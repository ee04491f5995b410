package org.hatask.actuate;

import java.util.function.Supplier;
import org.hatask.cluster.ClusterState;
import org.hatask.cluster.ClusterView;
import org.hatask.cluster.Coordination;
import org.hatask.cluster.Master;
import org.hatask.cluster.Mastership;
import org.hatask.standby.StandbyStatus;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.actuate.health.AbstractHealthIndicator;
import org.springframework.boot.actuate.health.Health;

/**
 * Health {@code ha}. Out of service until this node has joined. Afterwards it stays up when ZooKeeper goes away, since tasks
 * for any node go on over the last known membership; the details tell.
 */
public final class HaHealthIndicator extends AbstractHealthIndicator {

    private final ClusterState cluster;
    private final Mastership mastership;
    private final Coordination coordination;
    private final Supplier<@Nullable StandbyStatus> standby;

    public HaHealthIndicator(
            ClusterState cluster,
            Mastership mastership,
            Coordination coordination,
            Supplier<@Nullable StandbyStatus> standby) {
        super("HA health check failed");
        this.cluster = cluster;
        this.mastership = mastership;
        this.coordination = coordination;
        this.standby = standby;
    }

    @Override
    protected void doHealthCheck(Health.Builder builder) {
        ClusterView view = cluster.view();
        Coordination.Status status = coordination.status();
        if (view.isJoined()) {
            builder.up();
        } else {
            builder.outOfService()
                    .withDetail(
                            "reason",
                            "this node has not joined the cluster; ZooKeeper at " + status.connectString() + " is "
                                    + status.state());
        }
        Master master = view.master();
        builder.withDetail("node", view.self().id())
                .withDetail("role", mastership.isHeld() ? "MASTER" : "WORKER")
                .withDetail("master", master == null ? "none" : master.nodeId())
                .withDetail("epoch", view.lastEpoch())
                .withDetail("members", view.members().size())
                .withDetail("coordination", status.state());
        if (status.problem() != null) {
            builder.withDetail("problem", status.problem());
        }
        StandbyStatus beans = standby.get();
        if (beans != null) {
            builder.withDetail("standby", beans);
        }
    }
}
