package org.hatask.autoconfigure;

import java.util.function.BooleanSupplier;
import org.hatask.cluster.ClusterListener;
import org.hatask.cluster.ClusterState;
import org.hatask.cluster.ClusterView;
import org.hatask.cluster.NodeState;
import org.springframework.beans.factory.SmartInitializingSingleton;
import org.springframework.boot.availability.AvailabilityChangeEvent;
import org.springframework.boot.availability.ReadinessState;
import org.springframework.context.ApplicationListener;
import org.springframework.context.ConfigurableApplicationContext;

/**
 * Keeps traffic away until this node has joined, while an operator has drained it, and where the topology says so while it is
 * not the primary. Spring Boot declares the application ready when it has started; this takes it back where there is a reason,
 * and says ready when there is none any more. Its monitor orders the two.
 */
final class RoleReadiness implements ClusterListener, SmartInitializingSingleton {

    private final ConfigurableApplicationContext context;
    private final ClusterState cluster;
    private final BooleanSupplier roleTakesTraffic;
    private boolean joined;
    private boolean started;
    private boolean stopping;
    private boolean ready = true;

    /**
     * @param roleTakesTraffic whether this node's role, as it is now, is one that takes traffic
     */
    RoleReadiness(ConfigurableApplicationContext context, ClusterState cluster, BooleanSupplier roleTakesTraffic) {
        this.context = context;
        this.cluster = cluster;
        this.roleTakesTraffic = roleTakesTraffic;
    }

    /** Listens behind all listeners that are beans: who keeps the state must have heard of it before it is taken back. */
    @Override
    public void afterSingletonsInstantiated() {
        context.addApplicationListener(new ApplicationListener<AvailabilityChangeEvent<ReadinessState>>() {
            @Override
            public void onApplicationEvent(AvailabilityChangeEvent<ReadinessState> event) {
                if (event.getSource() != RoleReadiness.this && event.getState() == ReadinessState.ACCEPTING_TRAFFIC) {
                    applicationStarted();
                }
            }
        });
    }

    private synchronized void applicationStarted() {
        started = true;
        ready = true;
        changed();
    }

    @Override
    public void viewChanged(ClusterView before, ClusterView after) {
        changed();
    }

    /** Something has changed, or may have. A node that stops has its readiness from Spring Boot. */
    synchronized void changed() {
        ClusterView view = cluster.view();
        joined |= view.isJoined();
        stopping |= view.self().state() == NodeState.DRAINING;
        boolean now = joined && view.self().state() != NodeState.DRAINED && roleTakesTraffic.getAsBoolean();
        if (started && !stopping && now != ready) {
            ready = now;
            AvailabilityChangeEvent.publish(
                    context, this, now ? ReadinessState.ACCEPTING_TRAFFIC : ReadinessState.REFUSING_TRAFFIC);
        }
    }
}
