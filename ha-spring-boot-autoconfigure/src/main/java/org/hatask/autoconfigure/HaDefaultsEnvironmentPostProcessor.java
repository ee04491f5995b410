package org.hatask.autoconfigure;

import java.util.HashMap;
import java.util.Map;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.env.EnvironmentPostProcessor;
import org.springframework.core.Ordered;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.MapPropertySource;

/**
 * Defaults for properties that are not ours, each of which gives way to whatever the application says: {@code /actuator/ha}
 * is exposed beside {@code /actuator/health}, and libraries that the starter brings along are quiet where the engine says
 * the same in its own words. Runs last, when all the application's own properties are known.
 */
final class HaDefaultsEnvironmentPostProcessor implements EnvironmentPostProcessor, Ordered {

    private static final String INCLUDE = "management.endpoints.web.exposure.include";

    /** ZooKeeper and Curator report every lost connection with a stack trace; we say it once, and when it is back. */
    private static final Map<String, String> LOG_LEVELS = Map.of(
            "logging.level.org.apache.zookeeper", "ERROR",
            "logging.level.org.apache.zookeeper.server.quorum.LearnerHandler", "OFF",
            "logging.level.org.apache.zookeeper.server.quorum.QuorumCnxManager", "OFF",
            "logging.level.org.apache.curator", "ERROR",
            "logging.level.org.apache.curator.framework.recipes.leader.LeaderLatch", "OFF",
            // Warns of a cache that our balancing does not use.
            "logging.level[org.springframework.cloud.loadbalancer.config.LoadBalancerCacheAutoConfiguration$LoadBalancerCaffeineWarnLogger]",
                    "ERROR");

    @Override
    public void postProcessEnvironment(ConfigurableEnvironment environment, SpringApplication application) {
        if (!environment.getProperty("ha.enabled", Boolean.class, true)) {
            return;
        }
        Map<String, Object> defaults = new HashMap<>(LOG_LEVELS);
        boolean chosen = Binder.get(environment)
                .bind(INCLUDE, Bindable.listOf(String.class))
                .isBound();
        if (!chosen) {
            defaults.put(INCLUDE, "health,ha");
        }
        environment.getPropertySources().addLast(new MapPropertySource("ha-defaults", defaults));
    }

    @Override
    public int getOrder() {
        return Ordered.LOWEST_PRECEDENCE;
    }
}
