package org.hatask.durable;

import org.hatask.TaskStoreException;
import org.jspecify.annotations.Nullable;

/** The store did not answer; whether it did what it was asked for is not known. The same may be tried again later. */
public class StoreUnavailableException extends TaskStoreException {

    public StoreUnavailableException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
