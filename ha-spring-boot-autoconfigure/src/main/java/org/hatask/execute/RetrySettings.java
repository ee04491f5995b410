package org.hatask.execute;

import java.time.Duration;
import java.util.List;

/**
 * {@link org.hatask.Retry} with placeholders resolved and configuration applied.
 *
 * @param maxAttempts how often the method may be started, at least 1
 * @param delay pause before the second attempt
 * @param multiplier growth of the pause, at least 1
 * @param maxDelay longest pause
 * @param jitter share of the pause that is random, 0 to less than 1
 * @param retryFor exceptions worth another attempt; empty means all
 * @param noRetryFor exceptions that are not; wins
 */
public record RetrySettings(
        int maxAttempts,
        Duration delay,
        double multiplier,
        Duration maxDelay,
        double jitter,
        List<Class<? extends Throwable>> retryFor,
        List<Class<? extends Throwable>> noRetryFor) {

    public RetrySettings {
        retryFor = List.copyOf(retryFor);
        noRetryFor = List.copyOf(noRetryFor);
    }
}
