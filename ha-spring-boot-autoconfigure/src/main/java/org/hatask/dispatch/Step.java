package org.hatask.dispatch;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.hatask.cluster.Node;
import org.hatask.execute.Attempt;
import org.jspecify.annotations.Nullable;

/** What an {@link Execution} wants done next. */
sealed interface Step {

    /**
     * Make this attempt on this node and tell the execution what became of it.
     *
     * @param node where
     * @param attempt what
     */
    record Try(Node node, Attempt attempt) implements Step {}

    /**
     * Ask the node what became of this attempt and tell the execution.
     *
     * @param node where it was sent
     * @param attempt what
     * @param callId by which the node knows it
     */
    record Ask(Node node, Attempt attempt, long callId) implements Step {}

    /**
     * Wait, then ask again.
     *
     * @param wake ends the wait early when it completes
     * @param atMost longest wait
     */
    record Wait(CompletableFuture<?> wake, Duration atMost) implements Step {}

    /**
     * Finished.
     *
     * @param value the result
     */
    record Return(@Nullable Object value) implements Step {}

    /**
     * Finished.
     *
     * @param error what the caller gets to see
     */
    record Throw(Throwable error) implements Step {}
}
