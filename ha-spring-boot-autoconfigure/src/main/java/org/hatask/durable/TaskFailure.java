package org.hatask.durable;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Why a task failed or was laid aside.
 *
 * @param kind which kind of failure
 * @param message in words, for people
 * @param error what the method threw, as {@link org.hatask.execute.ArgumentCodec#writeError} writes it; null for other kinds
 */
public record TaskFailure(
        Kind kind, String message, @Nullable String error) {

    /** Longest message that is kept. */
    static final int MAX_MESSAGE = 500;

    /** Kinds of failures. */
    public enum Kind {
        /** The method threw. */
        THREW,
        /** The last attempt took too long. */
        TIMED_OUT,
        /** An attempt was started and nobody knows what became of it. */
        OUTCOME_UNKNOWN,
        /** Its time to live was over before it began. */
        EXPIRED,
        /** It was on several nodes when they died. */
        POISON,
        /** No attempt could be made, or its result not be kept. */
        UNRUNNABLE
    }

    public TaskFailure {
        Objects.requireNonNull(kind);
        message = message.length() > MAX_MESSAGE ? message.substring(0, MAX_MESSAGE - 1) + "…" : message;
    }
}
