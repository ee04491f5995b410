package org.hatask;

import java.lang.annotation.Documented;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * When an execution whose attempt failed, or whose outcome is unknown, is tried again. Writing {@code maxAttempts} greater
 * than one means <em>at least once</em>: the method should be idempotent, and {@link TaskContext#taskId()}, the same for
 * all attempts, helps to make it so.
 *
 * <p>Attempts that cannot have started (no connection, refused by the node) always move on to another node and are not
 * counted here.
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target({})
public @interface Retry {

    /**
     * How often the method may be started at the most, the first time included; at least 1. For a durable task it is what it was
     * at the submission, while the pauses are those of the node that makes the attempt.
     */
    int maxAttempts() default 1;

    /** Pause before the second attempt, a duration such as {@code 100ms}; may hold <code>${…}</code>. */
    String delay() default "100ms";

    /** Factor by which the pause grows from attempt to attempt; at least 1. */
    double multiplier() default 2;

    /** Longest pause between two attempts, a duration; may hold <code>${…}</code>. */
    String maxDelay() default "5s";

    /** Share of the pause by which it is shortened or lengthened at random; 0 to less than 1. */
    double jitter() default 0.2;

    /** Exceptions, with their subclasses, that are worth another attempt; empty means every exception. */
    Class<? extends Throwable>[] retryFor() default {};

    /** Exceptions, with their subclasses, that are not; wins over {@link #retryFor()}. */
    Class<? extends Throwable>[] noRetryFor() default {};
}
