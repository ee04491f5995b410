package org.hatask;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Makes a method of a Spring bean a task of the cluster: a call on any node is executed on a node that has the
 * {@link #role()}, and elsewhere when that node fails. On a type it stands for every public method of the type; on an
 * interface for the methods of its implementations.
 *
 * <p>Arguments and results travel as JSON between nodes, and not at all when the own node executes. A method may return any
 * JSON value, {@code void}, or a {@link java.util.concurrent.CompletableFuture} or Reactor's {@code Mono} of one.
 *
 * <p>Together with {@code @Scheduled} the schedule fires on every node and only the master's firing counts.
 *
 * <p>Every attribute can be overridden in configuration: {@code ha.tasks."[name]".timeout=5s}.
 */
@Documented
@Inherited
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.METHOD, ElementType.TYPE})
public @interface HaTask {

    /**
     * Name of the task in the cluster, unique within an application and the same on every node. Empty means
     * {@code <beanName>.<methodName>}. On a type, a name is the prefix: {@code <name>.<methodName>}. May hold
     * <code>${…}</code>.
     */
    String name() default "";

    /** Which nodes may execute it. */
    Role role() default Role.ANY;

    /** When an attempt is followed by another. The default is never: what was started is not started twice. */
    Retry retry() default @Retry;

    /**
     * Longest time of one attempt, a duration such as {@code 30s}; may hold <code>${…}</code>. Empty means
     * {@code ha.dispatch.timeout}. An attempt that takes longer is interrupted.
     */
    String timeout() default "";

    /**
     * An attempt that takes longer counts as slow, which tells against its node: a duration such as {@code 2s}; may hold
     * <code>${…}</code>. Empty means {@code ha.failure-detection.slow-after}.
     */
    String slowAfter() default "";

    /** What a call does on a node that has not the role. */
    OffRole offRole() default OffRole.FORWARD;

    /** What becomes of a call when its caller dies. {@link Delivery#DURABLE} takes {@code void} or a future as result. */
    Delivery delivery() default Delivery.DIRECT;

    /** How one of several nodes is chosen. Not for {@link Delivery#DURABLE}: such tasks are taken by nodes that have a place free. */
    Balance balance() default Balance.DEFAULT;
}
