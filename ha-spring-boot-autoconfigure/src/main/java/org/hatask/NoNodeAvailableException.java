package org.hatask;

import org.jspecify.annotations.Nullable;

/** No node could take the task in time. Nothing was executed. */
public class NoNodeAvailableException extends HaException {

    public NoNodeAvailableException(String message) {
        super(message);
    }

    public NoNodeAvailableException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
