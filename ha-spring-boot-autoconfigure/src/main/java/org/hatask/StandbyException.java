package org.hatask;

import org.jspecify.annotations.Nullable;

/**
 * A bean marked with {@link PrimaryOnly} was called where it does not live now: this node is on standby, or is just being
 * promoted or demoted. Nothing was executed. Tasks ({@link HaTask}) of such a bean do not throw it: they go to the primary.
 */
public class StandbyException extends HaException {

    public StandbyException(String message) {
        super(message);
    }

    public StandbyException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
