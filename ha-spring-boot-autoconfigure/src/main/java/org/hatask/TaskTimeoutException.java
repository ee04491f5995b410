package org.hatask;

import org.jspecify.annotations.Nullable;

/** The attempt took longer than its timeout and was told to stop. Whether and how far it ran is unknown. */
public class TaskTimeoutException extends TaskOutcomeUnknownException {

    public TaskTimeoutException(String message, String taskId, String nodeId, @Nullable Throwable cause) {
        super(message, taskId, nodeId, cause);
    }
}
