package org.hatask.autoconfigure;

import io.micrometer.observation.ObservationRegistry;
import org.hatask.cluster.ClusterState;
import org.hatask.dispatch.Dispatcher;
import org.hatask.tracing.TaskObservations;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.context.annotation.Bean;
import org.springframework.util.function.SingletonSupplier;

/** What can be traced, where the application has a registry for observations. */
@AutoConfiguration(
        after = {HaAutoConfiguration.class, HaMetricsAutoConfiguration.class},
        afterName = "org.springframework.boot.actuate.autoconfigure.observation.ObservationAutoConfiguration")
@ConditionalOnClass(ObservationRegistry.class)
@ConditionalOnBean({Dispatcher.class, ObservationRegistry.class})
public class HaTracingAutoConfiguration {

    /** The engine, which this is a part of, may be needed by what customises the registry: so that is looked up late. */
    @Bean
    TaskObservations haTaskObservations(ConfigurableListableBeanFactory beans) {
        return new TaskObservations(
                SingletonSupplier.of(() -> ObservationListeners.registry(beans)),
                () -> beans.getBean(ClusterState.class).view().self().id());
    }
}
