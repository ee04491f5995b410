package org.hatask.autoconfigure;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.config.MeterFilter;
import java.time.Clock;
import org.hatask.cluster.ClusterState;
import org.hatask.cluster.Coordination;
import org.hatask.cluster.MasterElection;
import org.hatask.dispatch.Dispatcher;
import org.hatask.dispatch.RetryBudget;
import org.hatask.durable.TaskManager;
import org.hatask.execute.TaskExecutor;
import org.hatask.execute.TaskObserver;
import org.hatask.failure.NodeHealth;
import org.hatask.failure.StuckTaskWatchdog;
import org.hatask.link.LinkTransport;
import org.hatask.metrics.ClusterMeters;
import org.hatask.metrics.DurableMeters;
import org.hatask.metrics.ExecutorMeters;
import org.hatask.metrics.PeerMeters;
import org.hatask.metrics.TaskTimers;
import org.hatask.tracing.TaskObservations;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.context.annotation.Bean;
import org.springframework.util.function.SingletonSupplier;

/** What can be measured, where the application has a registry for meters. */
@AutoConfiguration(
        after = HaAutoConfiguration.class,
        afterName = {
            "org.springframework.boot.actuate.autoconfigure.metrics.MetricsAutoConfiguration",
            "org.springframework.boot.actuate.autoconfigure.metrics.CompositeMeterRegistryAutoConfiguration"
        })
@ConditionalOnClass(MeterRegistry.class)
@ConditionalOnBean({Dispatcher.class, MeterRegistry.class})
public class HaMetricsAutoConfiguration {

    /** The engine, which this is a part of, may be needed by what customises the registry: so that is looked up late. */
    @Bean
    @ConditionalOnMissingBean(TaskObserver.class)
    TaskTimers haTaskTimers(ObjectProvider<MeterRegistry> registry) {
        return new TaskTimers(SingletonSupplier.of(registry::getObject));
    }

    /** What our observations would be measured by is measured already, and cheaper. */
    @Bean
    static MeterFilter haNoMetersOfObservations() {
        return MeterFilter.deny(id -> TaskObservations.isMeterOfObservation(id.getName()));
    }

    @Bean
    ClusterMeters haClusterMeters(ClusterState cluster, MasterElection election, Coordination coordination) {
        ClusterMeters meters = new ClusterMeters(cluster, election, coordination, Clock.systemUTC());
        cluster.addListener(meters);
        return meters;
    }

    @Bean
    PeerMeters haPeerMeters(ClusterState cluster, NodeHealth health, LinkTransport transport) {
        PeerMeters meters = new PeerMeters(cluster::view, health, transport::links);
        cluster.addListener(meters);
        transport.addReportListener(meters);
        return meters;
    }

    @Bean
    ExecutorMeters haExecutorMeters(
            TaskExecutor executor, StuckTaskWatchdog watchdog, NodeHealth health, RetryBudget budget) {
        return new ExecutorMeters(executor, watchdog, health, budget);
    }

    @Bean
    DurableMeters haDurableMeters(
            HaProperties properties, TaskManager manager, ObjectProvider<MeterRegistry> registry) {
        return new DurableMeters(
                manager,
                SingletonSupplier.of(registry::getObject),
                properties.metrics().durableRefresh());
    }
}
