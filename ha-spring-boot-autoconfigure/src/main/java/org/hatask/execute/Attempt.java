package org.hatask.execute;

/**
 * One try of an execution on one node.
 *
 * @param task the task
 * @param taskId id of the execution, the same for all its attempts
 * @param number from 1
 * @param epoch the epoch under which a task for the master runs; 0 for the others
 * @param deadlineNanos when it must be over, on this process's {@link System#nanoTime()}
 * @param callerNode id of the node whose call it is
 */
public record Attempt(
        TaskDefinition task, String taskId, int number, long epoch, long deadlineNanos, String callerNode) {

    /** The attempt in messages. */
    @Override
    public String toString() {
        return task.name() + " " + taskId + "#" + number;
    }
}
