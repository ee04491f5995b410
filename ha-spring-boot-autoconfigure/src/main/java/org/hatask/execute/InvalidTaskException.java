package org.hatask.execute;

import org.hatask.HaException;

/** A method annotated with {@link org.hatask.HaTask} cannot be a task. Ends the start of the application. */
public class InvalidTaskException extends HaException {

    private final String problem;
    private final String cure;

    /**
     * @param problem what is wrong, with bean and method
     * @param cure what to change
     */
    public InvalidTaskException(String problem, String cure) {
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
