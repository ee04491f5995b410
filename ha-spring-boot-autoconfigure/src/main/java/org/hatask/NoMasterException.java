package org.hatask;

import org.jspecify.annotations.Nullable;

/** A task for the master found none within {@code ha.election.wait}. Nothing was executed. */
public class NoMasterException extends HaException {

    public NoMasterException(String message) {
        super(message);
    }

    public NoMasterException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
