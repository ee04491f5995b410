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
 * @param trace to which it belongs
 */
public record Attempt(
        TaskDefinition task,
        String taskId,
        int number,
        long epoch,
        long deadlineNanos,
        String callerNode,
        Trace trace) {

    /** One that belongs to no trace. */
    public Attempt(TaskDefinition task, String taskId, int number, long epoch, long deadlineNanos, String callerNode) {
        this(task, taskId, number, epoch, deadlineNanos, callerNode, Trace.NONE);
    }

    /** The same, as part of a trace. */
    public Attempt in(Trace other) {
        return other == trace ? this : new Attempt(task, taskId, number, epoch, deadlineNanos, callerNode, other);
    }

    /** The attempt in messages. */
    @Override
    public String toString() {
        return task.name() + " " + taskId + "#" + number;
    }
}
