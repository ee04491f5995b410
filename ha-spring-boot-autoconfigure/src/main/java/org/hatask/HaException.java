package org.hatask;

import org.jspecify.annotations.Nullable;

/** Base of the errors that come from HA Task and not from the task's method. */
public class HaException extends RuntimeException {

    public HaException(String message) {
        super(message);
    }

    public HaException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
