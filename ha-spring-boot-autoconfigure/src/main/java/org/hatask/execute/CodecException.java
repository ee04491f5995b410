package org.hatask.execute;

import org.hatask.HaException;

/** Arguments or a result cannot be written as JSON or read from it. */
public class CodecException extends HaException {

    public CodecException(String message, Throwable cause) {
        super(message, cause);
    }
}
