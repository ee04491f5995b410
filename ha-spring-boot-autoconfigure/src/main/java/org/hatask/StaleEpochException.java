package org.hatask;

import org.jspecify.annotations.Nullable;

/** The mastership under which the caller acts is over, or can no longer be proved. What it was about to do must not be done. */
public class StaleEpochException extends HaException {

    public StaleEpochException(String message) {
        super(message);
    }

    public StaleEpochException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
