package org.hatask;

import org.jspecify.annotations.Nullable;

/** The store of durable tasks cannot do what it was asked for. The message says why and what to change. */
public class TaskStoreException extends HaException {

    public TaskStoreException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
