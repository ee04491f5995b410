package org.hatask.autoconfigure;

import org.hatask.dispatch.CandidateSupplier;
import org.hatask.dispatch.Strategies;
import org.hatask.dispatch.TaskLoadBalancer;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.SearchStrategy;
import org.springframework.cloud.loadbalancer.core.ReactorServiceInstanceLoadBalancer;
import org.springframework.cloud.loadbalancer.core.ServiceInstanceListSupplier;
import org.springframework.context.annotation.Bean;

/**
 * The child context of Spring Cloud LoadBalancer for our service id. Not a {@code @Configuration} and never scanned, so
 * that the application's own services are not balanced over our nodes. A user's configuration for our service id is
 * registered before this one.
 */
class HaLoadBalancerConfiguration {

    @Bean
    @ConditionalOnMissingBean(value = ServiceInstanceListSupplier.class, search = SearchStrategy.CURRENT)
    ServiceInstanceListSupplier candidateSupplier() {
        return new CandidateSupplier();
    }

    /** Replaced by a user's own bean in a configuration given with {@code @LoadBalancerClient("ha-task")}. */
    @Bean
    @ConditionalOnMissingBean(value = ReactorServiceInstanceLoadBalancer.class, search = SearchStrategy.CURRENT)
    ReactorServiceInstanceLoadBalancer taskLoadBalancer(Strategies strategies) {
        return new TaskLoadBalancer(strategies);
    }
}
