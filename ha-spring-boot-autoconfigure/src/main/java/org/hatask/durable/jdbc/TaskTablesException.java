package org.hatask.durable.jdbc;

import org.hatask.durable.StoreUnavailableException;
import org.jspecify.annotations.Nullable;

/** The tables of durable tasks are missing, or not what they must be, or the database cannot hold them. Nothing was done, and it may be tried again when they are mended. */
public class TaskTablesException extends StoreUnavailableException {

    private final String problem;
    private final String cure;

    /**
     * @param problem which tables of which data source, and what the database says of them
     * @param cure what to do
     */
    public TaskTablesException(String problem, String cure, @Nullable Throwable cause) {
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
