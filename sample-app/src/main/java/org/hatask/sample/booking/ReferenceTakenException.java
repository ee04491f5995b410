package org.hatask.sample.booking;

/** The reference stands for another order already. Trying again is of no use. */
public class ReferenceTakenException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    public ReferenceTakenException(String message) {
        super(message);
    }
}
