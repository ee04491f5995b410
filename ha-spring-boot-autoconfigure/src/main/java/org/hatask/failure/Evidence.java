package org.hatask.failure;

import org.hatask.execute.Outcome;

/** What an outcome tells of the node, as opposed to what it tells the caller. */
enum Evidence {
    GOOD,
    BAD,
    NONE;

    /**
     * @param tookNanos time from the beginning of the attempt to its outcome
     * @param slowAfterNanos what takes longer is slow
     * @param allottedNanos time that the attempt had
     * @param timeoutNanos time that an attempt of the task usually has
     */
    static Evidence of(Outcome outcome, long tookNanos, long slowAfterNanos, long allottedNanos, long timeoutNanos) {
        if (outcome instanceof Outcome.Succeeded || outcome instanceof Outcome.Failed) {
            // An exception is an answer like any other: it tells of the task, only its time tells of the node.
            return tookNanos > slowAfterNanos ? BAD : GOOD;
        }
        if (outcome instanceof Outcome.Unknown unknown) {
            // A caller that had hardly any time left learns nothing from its running out.
            boolean cutShort = unknown.timedOut() && tookNanos <= slowAfterNanos && allottedNanos < timeoutNanos / 2;
            return cutShort ? NONE : BAD;
        }
        return NONE;
    }
}
