package org.hatask.durable;

import java.time.Instant;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One try of a durable task.
 *
 * @param number from 1, over the whole life of the task
 * @param nodeId id of the node
 * @param epoch epoch of the master for a task for the master; 0 for others
 * @param startedAt just before the method was called
 * @param endedAt null while it runs
 * @param end what became of it; null while it runs
 * @param error in words; null where nothing went wrong
 */
public record TaskAttempt(
        int number,
        String nodeId,
        long epoch,
        Instant startedAt,
        @Nullable Instant endedAt,
        @Nullable End end,
        @Nullable String error) {

    /** What became of an attempt. */
    public enum End {
        /** The method returned. */
        SUCCEEDED,
        /** The method threw. */
        FAILED,
        /** It took longer than the task's timeout. */
        TIMED_OUT,
        /** Its node died or stopped, and nobody knows how far it came. */
        LOST,
        /** It was interrupted by a cancellation. */
        CANCELLED
    }

    public TaskAttempt {
        Objects.requireNonNull(nodeId);
        startedAt = Times.kept(startedAt);
        endedAt = endedAt == null ? null : Times.kept(endedAt);
    }

    static TaskAttempt begun(int number, String nodeId, long epoch, Instant now) {
        return new TaskAttempt(number, nodeId, epoch, now, null, null, null);
    }

    TaskAttempt ended(Instant now, End how, @Nullable String words) {
        return new TaskAttempt(number, nodeId, epoch, startedAt, now, how, words);
    }
}
