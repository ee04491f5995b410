package org.hatask.dispatch;

import io.github.resilience4j.core.IntervalFunction;
import java.time.Duration;
import java.util.List;
import org.hatask.RemoteTaskException;
import org.hatask.execute.Outcome;
import org.hatask.execute.RetrySettings;

/** Whether an attempt is worth another one, and after which pause. Immutable. */
public final class RetryPolicy {

    private final RetrySettings settings;
    private final IntervalFunction pauses;

    public RetryPolicy(RetrySettings settings) {
        this.settings = settings;
        this.pauses = pauses(settings);
    }

    private static IntervalFunction pauses(RetrySettings settings) {
        // Resilience4j's functions want at least a millisecond.
        Duration delay = max(settings.delay(), Duration.ofMillis(1));
        Duration maxDelay = max(settings.maxDelay(), delay);
        return settings.jitter() == 0
                ? IntervalFunction.ofExponentialBackoff(delay, settings.multiplier(), maxDelay)
                : IntervalFunction.ofExponentialRandomBackoff(
                        delay, settings.multiplier(), settings.jitter(), maxDelay);
    }

    private static Duration max(Duration a, Duration b) {
        return a.compareTo(b) >= 0 ? a : b;
    }

    /** Whether the method may be started once more after this many attempts. */
    boolean allowsAnother(int attempts) {
        return attempts < settings.maxAttempts();
    }

    /** Whether the failure is of a kind that another attempt may mend. */
    public boolean covers(Outcome.Failed failed) {
        return !matches(settings.noRetryFor(), failed)
                && (settings.retryFor().isEmpty() || matches(settings.retryFor(), failed));
    }

    /**
     * Whether an unknown outcome, which reaches the caller as {@code error}, may be followed by another attempt. It may
     * unless that is excluded by name: {@code retryFor} speaks of what the method throws.
     */
    public boolean covers(Throwable error) {
        return settings.noRetryFor().stream().noneMatch(type -> type.isInstance(error));
    }

    /** The pause after this many failed attempts. */
    public Duration pauseAfter(int attempts) {
        return settings.delay().isZero() ? Duration.ZERO : Duration.ofMillis(pauses.apply(attempts));
    }

    private static boolean matches(List<Class<? extends Throwable>> types, Outcome.Failed failed) {
        return types.stream()
                .anyMatch(type -> type.isInstance(failed.error()) && !(failed.error() instanceof RemoteTaskException)
                        || failed.typeNames().contains(type.getName()));
    }
}
