package org.hatask.link;

import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.hatask.execute.Attempt;
import org.hatask.execute.Outcome;
import org.jspecify.annotations.Nullable;

/** An attempt on its way, or the question what became of one. */
final class Call {

    private final long id;
    private final Attempt attempt;
    private final byte @Nullable [] arguments;
    private final CompletableFuture<Outcome> outcome = new CompletableFuture<>();

    /** Whether the socket may have taken it. Written and read under the lock of the {@link Outbox}, or after its close. */
    private boolean handedOver;

    private Call(long id, Attempt attempt, byte @Nullable [] arguments) {
        this.id = id;
        this.attempt = attempt;
        this.arguments = arguments;
    }

    /**
     * @param id used by this process for nothing else
     */
    static Call of(long id, Attempt attempt, byte[] arguments) {
        return new Call(id, attempt, arguments);
    }

    /** Asks about the call that was sent with this id. */
    static Call question(long id, Attempt attempt) {
        return new Call(id, attempt, null);
    }

    long id() {
        return id;
    }

    boolean isQuestion() {
        return arguments == null;
    }

    Attempt attempt() {
        return attempt;
    }

    CompletableFuture<Outcome> outcome() {
        return outcome;
    }

    /** @param traced whether the peer understands the headers of a trace */
    Frame frame(boolean traced) {
        if (arguments == null) {
            return new Frame.Ask(id);
        }
        long remainingNanos = attempt.deadlineNanos() - System.nanoTime();
        return new Frame.Call(
                id,
                attempt.task().name(),
                attempt.task().signature(),
                attempt.taskId(),
                attempt.number(),
                attempt.epoch(),
                // Rounded up, so that the last millisecond still counts.
                Math.floorDiv(remainingNanos + 999_999, 1_000_000L),
                traced ? attempt.trace().headers() : Map.of(),
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

    /**
     * There is no connection.
     *
     * @param gone whether there is no process any more, so that there is nobody to ask either
     */
    void notSent(String reason, boolean gone) {
        outcome.complete(gone && isQuestion() ? new Outcome.Unknown(reason, false) : new Outcome.NotSent(reason));
    }
}
