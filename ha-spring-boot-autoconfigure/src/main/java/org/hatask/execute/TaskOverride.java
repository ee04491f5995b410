package org.hatask.execute;

import java.time.Duration;
import java.util.List;
import org.hatask.Balance;
import org.hatask.Delivery;
import org.hatask.OffRole;
import org.hatask.Role;
import org.jspecify.annotations.Nullable;

/**
 * What configuration says about one task; null where it says nothing and the annotation holds.
 *
 * @param role which nodes may execute it
 * @param timeout longest time of one attempt
 * @param slowAfter an attempt that takes longer counts as slow
 * @param maxTaskDuration an attempt that runs longer is overdue, and its node suspect
 * @param offRole what a call on a node without the role does
 * @param retry when it is tried again
 * @param balance how one of several nodes is chosen
 * @param delivery what becomes of a call when its caller dies
 */
public record TaskOverride(
        @Nullable Role role,
        @Nullable Duration timeout,
        @Nullable Duration slowAfter,
        @Nullable Duration maxTaskDuration,
        @Nullable OffRole offRole,
        @Nullable RetryOverride retry,
        @Nullable Balance balance,
        @Nullable Delivery delivery) {

    /** Says nothing. */
    static final TaskOverride NONE = new TaskOverride(null, null, null, null, null, null, null, null);

    /**
     * @param maxAttempts how often the method may be started
     * @param delay pause before the second attempt
     * @param multiplier growth of the pause
     * @param maxDelay longest pause
     * @param jitter random share of the pause
     * @param retryFor exceptions worth another attempt
     * @param noRetryFor exceptions that are not
     */
    public record RetryOverride(
            @Nullable Integer maxAttempts,
            @Nullable Duration delay,
            @Nullable Double multiplier,
            @Nullable Duration maxDelay,
            @Nullable Double jitter,
            @Nullable List<Class<? extends Throwable>> retryFor,
            @Nullable List<Class<? extends Throwable>> noRetryFor) {}
}
