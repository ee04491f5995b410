package org.hatask.autoconfigure;

import java.time.Clock;
import java.util.function.Supplier;
import org.hatask.actuate.DurableDesk;
import org.hatask.actuate.HaEndpoint;
import org.hatask.actuate.HaHealthIndicator;
import org.hatask.actuate.HaReporter;
import org.hatask.actuate.RecentEvents;
import org.hatask.cluster.ClusterState;
import org.hatask.cluster.Coordination;
import org.hatask.cluster.MasterElection;
import org.hatask.cluster.Operations;
import org.hatask.dispatch.Dispatcher;
import org.hatask.durable.TaskManager;
import org.hatask.execute.TaskExecutor;
import org.hatask.failure.NodeHealth;
import org.hatask.link.LinkTransport;
import org.hatask.standby.ColdStandby;
import org.hatask.standby.StandbyStatus;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.actuate.autoconfigure.endpoint.condition.ConditionalOnAvailableEndpoint;
import org.springframework.boot.actuate.autoconfigure.health.ConditionalOnEnabledHealthIndicator;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.context.annotation.Bean;

/** What operators see, where Spring Boot's actuator is there. */
@AutoConfiguration(after = {HaAutoConfiguration.class, HaStandbyAutoConfiguration.class})
@ConditionalOnClass(
        name = {
            "org.springframework.boot.actuate.endpoint.annotation.Endpoint",
            "org.springframework.boot.actuate.autoconfigure.endpoint.condition.ConditionalOnAvailableEndpoint"
        })
@ConditionalOnBean(Dispatcher.class)
public class HaEndpointAutoConfiguration {

    @Bean
    @ConditionalOnAvailableEndpoint
    HaEndpoint haEndpoint(HaReporter reporter, Operations operations, TaskManager durable) {
        return new HaEndpoint(reporter, operations, new DurableDesk(durable));
    }

    @Bean
    RecentEvents haRecentEvents(ClusterState cluster, LinkTransport transport) {
        RecentEvents events = new RecentEvents(
                node -> transport.links().stream()
                        .anyMatch(link -> link.leaving() && link.incarnation().equals(node.incarnation())),
                Clock.systemUTC());
        cluster.addListener(events);
        return events;
    }

    @Bean
    HaReporter haReporter(
            ClusterName name,
            HaProperties properties,
            ClusterState cluster,
            MasterElection election,
            Coordination coordination,
            TaskRegistrar registrar,
            Dispatcher dispatcher,
            TaskExecutor executor,
            LinkTransport transport,
            NodeHealth health,
            RecentEvents events,
            ObjectProvider<ColdStandby> standby) {
        return new HaReporter(
                name.value(),
                Architectures.of(properties),
                cluster,
                election,
                coordination,
                registrar::registry,
                dispatcher,
                executor,
                transport,
                health,
                events,
                status(standby),
                Clock.systemUTC());
    }

    private static Supplier<@Nullable StandbyStatus> status(ObjectProvider<ColdStandby> standby) {
        return () -> {
            ColdStandby cold = standby.getIfAvailable();
            return cold == null ? null : cold.status();
        };
    }

    @Bean
    @ConditionalOnEnabledHealthIndicator("ha")
    HaHealthIndicator haHealthIndicator(
            ClusterState cluster,
            MasterElection election,
            Coordination coordination,
            ObjectProvider<ColdStandby> standby) {
        return new HaHealthIndicator(cluster, election.mastership(), coordination, status(standby));
    }
}
