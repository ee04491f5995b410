package org.hatask;

import org.jspecify.annotations.Nullable;

/** The task was not started: {@link OffRole#REJECT} on a node without the role, or every node refused it until the deadline. */
public class TaskRejectedException extends HaException {

    public TaskRejectedException(String message) {
        super(message);
    }

    public TaskRejectedException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
