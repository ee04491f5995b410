package org.hatask.autoconfigure;

import org.hatask.cluster.ClusterListener;
import org.hatask.cluster.ClusterView;
import org.springframework.beans.factory.SmartInitializingSingleton;
import org.springframework.boot.availability.AvailabilityChangeEvent;
import org.springframework.boot.availability.ReadinessState;
import org.springframework.context.ApplicationListener;
import org.springframework.context.ConfigurableApplicationContext;

/**
 * Keeps traffic away until this node has joined. Spring Boot declares the application ready when it has started; this takes
 * it back while the node is no member yet, and says ready when it is. Its monitor orders the two.
 */
final class JoinReadiness implements ClusterListener, SmartInitializingSingleton {

    private final ConfigurableApplicationContext context;
    private boolean joined;
    private boolean started;

    JoinReadiness(ConfigurableApplicationContext context) {
        this.context = context;
    }

    /** Listens behind all listeners that are beans: who keeps the state must have heard of it before it is taken back. */
    @Override
    public void afterSingletonsInstantiated() {
        context.addApplicationListener(new ApplicationListener<AvailabilityChangeEvent<ReadinessState>>() {
            @Override
            public void onApplicationEvent(AvailabilityChangeEvent<ReadinessState> event) {
                if (event.getSource() != JoinReadiness.this && event.getState() == ReadinessState.ACCEPTING_TRAFFIC) {
                    applicationStarted();
                }
            }
        });
    }

    private synchronized void applicationStarted() {
        started = true;
        if (!joined) {
            AvailabilityChangeEvent.publish(context, this, ReadinessState.REFUSING_TRAFFIC);
        }
    }

    @Override
    public synchronized void viewChanged(ClusterView before, ClusterView after) {
        if (!joined && after.isJoined()) {
            joined = true;
            if (started) {
                AvailabilityChangeEvent.publish(context, this, ReadinessState.ACCEPTING_TRAFFIC);
            }
        }
    }
}
