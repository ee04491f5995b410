package org.hatask.link;

import java.util.concurrent.CompletableFuture;
import org.hatask.execute.Attempt;
import org.hatask.execute.Outcome;

/** An attempt on its way. */
final class Call {

    private final Attempt attempt;
    private final byte[] arguments;
    private final CompletableFuture<Outcome> outcome = new CompletableFuture<>();

    /** Whether the socket may have taken it. Written and read under the lock of the {@link Outbox}, or after its close. */
    private boolean handedOver;

    Call(Attempt attempt, byte[] arguments) {
        this.attempt = attempt;
        this.arguments = arguments;
    }

    Attempt attempt() {
        return attempt;
    }

    CompletableFuture<Outcome> outcome() {
        return outcome;
    }

    Frame.Call frame(long correlationId) {
        long remainingNanos = attempt.deadlineNanos() - System.nanoTime();
        return new Frame.Call(
                correlationId,
                attempt.task().name(),
                attempt.task().signature(),
                attempt.taskId(),
                attempt.number(),
                attempt.epoch(),
                // Rounded up, so that the last millisecond still counts.
                Math.floorDiv(remainingNanos + 999_999, 1_000_000L),
                arguments);
    }

    void handOver() {
        handedOver = true;
    }

    boolean isHandedOver() {
        return handedOver;
    }

    void notSent(String reason) {
        outcome.complete(new Outcome.NotSent(reason));
    }
}
