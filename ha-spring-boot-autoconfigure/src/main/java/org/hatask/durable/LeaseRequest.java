package org.hatask.durable;

import java.time.Duration;
import java.time.Instant;
import java.util.Map;

/**
 * What a worker wants to be given.
 *
 * @param holder the worker and its node
 * @param signatures signature by name of the tasks that it may execute now; a task with another signature is left
 * @param leaveToOthers for how long tasks that are due and whose last attempt was made on this node are left to others; zero when
 *     there are no others
 * @param atMost how many tasks, at least 1
 */
public record LeaseRequest(Lease holder, Map<String, String> signatures, Duration leaveToOthers, int atMost) {

    public LeaseRequest {
        signatures = Map.copyOf(signatures);
    }

    /** Whether the worker may be given the task, which is due. */
    public boolean wants(TaskRecord task, Instant now) {
        boolean mine = holder.nodeId().equals(task.lastNode());
        return task.signature().equals(signatures.get(task.task()))
                && !(mine && task.dueAt().plus(leaveToOthers).isAfter(now));
    }
}
