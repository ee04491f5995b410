package org.hatask.fence;

import org.hatask.HaException;
import org.jspecify.annotations.Nullable;

/** The table of a {@link JdbcFence} is missing, or not what it must be. Nothing was written. */
public class FenceTableException extends HaException {

    private final String problem;
    private final String cure;

    /**
     * @param problem which table, and what the database says of it
     * @param cure what to do, with the statement that creates the table
     */
    public FenceTableException(String problem, String cure, @Nullable Throwable cause) {
        super(problem + " " + cure, cause);
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
