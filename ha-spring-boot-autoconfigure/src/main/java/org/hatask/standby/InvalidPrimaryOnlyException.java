package org.hatask.standby;

import org.hatask.HaException;

/** A bean marked with {@link org.hatask.PrimaryOnly} cannot be one that lives only on the primary. Ends the start. */
public class InvalidPrimaryOnlyException extends HaException {

    private final String problem;
    private final String cure;

    /**
     * @param problem what is wrong, with the bean's name
     * @param cure what to change
     */
    public InvalidPrimaryOnlyException(String problem, String cure) {
        super(problem + " " + cure);
        this.problem = problem;
        this.cure = cure;
    }

    public String problem() {
        return problem;
    }

    public String cure() {
        return cure;
    }
}
