package org.hatask.cluster;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A command of an operator and what became of it.
 *
 * @param id unique
 * @param kind what was to be done
 * @param node the node it speaks of
 * @param by who gave it
 * @param why his reason, or null
 * @param via the node that received it
 * @param at when it was received, by that node's clock; for display only
 * @param result what became of it
 * @param message why it was refused or failed, or what was done; null while it is under way
 * @param endedAt when the result was known, or null
 */
public record OperatorAction(
        String id,
        Kind kind,
        String node,
        String by,
        @Nullable String why,
        String via,
        Instant at,
        Result result,
        @Nullable String message,
        @Nullable Instant endedAt) {

    /** What operators can do. */
    public enum Kind {
        /** Make the node master. */
        PROMOTE,
        /** Let somebody else be master. */
        DEMOTE,
        /** Take the node out of dispatch and mastership, also across its restart. */
        DRAIN,
        /** Take it in again. */
        RESUME
    }

    /** What became of a command. */
    public enum Result {
        /** Ordered, and not brought about yet. */
        UNDER_WAY,
        DONE,
        /** Nothing was changed. */
        REFUSED,
        /** It was tried, and taken back. */
        FAILED
    }

    public OperatorAction ended(Result newResult, String newMessage, Instant now) {
        return new OperatorAction(id, kind, node, by, why, via, at, newResult, newMessage, now);
    }
}
