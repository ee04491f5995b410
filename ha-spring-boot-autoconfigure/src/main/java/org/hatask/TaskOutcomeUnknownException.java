package org.hatask;

import org.jspecify.annotations.Nullable;

/**
 * The task was sent to a node and no answer came: the node died, the link broke, or time ran out. It may have been executed,
 * in part or whole. Thrown when the task has no {@link Retry} that would allow to run it again, or when that is used up.
 */
public class TaskOutcomeUnknownException extends HaException {

    private final String taskId;
    private final String nodeId;

    public TaskOutcomeUnknownException(String message, String taskId, String nodeId, @Nullable Throwable cause) {
        super(message, cause);
        this.taskId = taskId;
        this.nodeId = nodeId;
    }

    /** Id of the execution, as {@link TaskContext#taskId()} gave it to the method. */
    public String taskId() {
        return taskId;
    }

    /** The node to which the last attempt was sent. */
    public String nodeId() {
        return nodeId;
    }
}
