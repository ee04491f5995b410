package org.hatask.durable;

import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Objects;

/**
 * What a worker wants to begin.
 *
 * @param holder the worker and its node
 * @param tasks by name those that it may execute now
 * @param leaveToOthers for how long tasks that are due and whose last attempt was made on this node are left to others, where there are
 *     any
 * @param atMost how many tasks, at least 1
 * @param inAdvance whether some of them may have to wait for a place, for a moment
 */
public record ClaimRequest(
        Lease holder, Map<String, Claimable> tasks, Duration leaveToOthers, int atMost, boolean inAdvance) {

    public ClaimRequest {
        tasks = Map.copyOf(tasks);
    }

    /**
     * A task of this name.
     *
     * @param signature of its method; a task with another one is left
     * @param epoch under which it is begun; 0 for none
     * @param others whether other nodes may execute it, too
     */
    public record Claimable(String signature, long epoch, boolean others) {}

    /** Whether the worker wants the task, which is due. */
    public boolean wants(TaskRecord task, Instant now) {
        Claimable wanted = tasks.get(task.task());
        boolean mine = holder.nodeId().equals(task.lastNode());
        return wanted != null
                && task.signature().equals(wanted.signature())
                && !(mine && wanted.others() && task.dueAt().plus(leaveToOthers).isAfter(now));
    }

    /**
     * The task in the hands of the worker: in its next attempt, unless it may have to wait for that and is not tried again. If the
     * node died meanwhile, nobody would know that such a task was not begun.
     *
     * @param task one that it {@link #wants}
     */
    public TaskRecord give(TaskRecord task, Instant now) {
        TaskRecord leased = task.leasedTo(holder);
        return inAdvance && task.maxAttempts() == 1
                ? leased
                : leased.started(
                        now, Objects.requireNonNull(tasks.get(task.task())).epoch());
    }

    /** The first attempt of a task. */
    public TaskAttempt firstAttempt(Claimable wanted, Instant now) {
        return TaskAttempt.begun(1, holder.nodeId(), wanted.epoch(), now);
    }
}
