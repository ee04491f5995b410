package org.hatask.autoconfigure;

import org.hatask.standby.InvalidPrimaryOnlyException;
import org.springframework.aot.AotDetector;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.context.properties.bind.BindException;
import org.springframework.boot.env.EnvironmentPostProcessor;
import org.springframework.context.aot.AbstractAotProcessor;
import org.springframework.core.Ordered;
import org.springframework.core.env.ConfigurableEnvironment;

/**
 * Ends the processing ahead of time of an application on cold standby, and the start of one that was processed without it: which
 * beans live only on the primary is decided when an application starts, and would have been decided already.
 */
final class AheadOfTimeEnvironmentPostProcessor implements EnvironmentPostProcessor, Ordered {

    @Override
    public void postProcessEnvironment(ConfigurableEnvironment environment, SpringApplication application) {
        boolean aheadOfTime =
                AotDetector.useGeneratedArtifacts() || Boolean.getBoolean(AbstractAotProcessor.AOT_PROCESSING);
        if (aheadOfTime && environment.getProperty("ha.enabled", Boolean.class, true) && isCold(environment)) {
            throw new InvalidPrimaryOnlyException(
                    "ha.standby is cold, but the application is processed ahead of time, when nobody knows which node is the"
                            + " primary.",
                    "Start it without spring.aot.enabled, or set ha.standby to warm.");
        }
    }

    /** That a value is invalid is said elsewhere. */
    private static boolean isCold(ConfigurableEnvironment environment) {
        try {
            return HaStandbyAutoConfiguration.OnColdStandby.isWanted(environment);
        } catch (BindException e) {
            return false;
        }
    }

    @Override
    public int getOrder() {
        return Ordered.LOWEST_PRECEDENCE;
    }
}
