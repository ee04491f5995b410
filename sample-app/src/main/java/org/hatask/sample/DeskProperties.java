package org.hatask.sample;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * @param latticeSteps time steps of a valuation; the work grows with its square
 * @param settleEvery how often the master settles
 * @param settleAfter age from which a trade is settled
 */
@ConfigurationProperties("desk")
public record DeskProperties(
        @DefaultValue("800") int latticeSteps,
        @DefaultValue("2s") Duration settleEvery,
        @DefaultValue("5s") Duration settleAfter) {}
