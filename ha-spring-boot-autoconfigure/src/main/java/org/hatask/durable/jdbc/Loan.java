package org.hatask.durable.jdbc;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLFeatureNotSupportedException;
import java.util.ArrayDeque;
import java.util.Deque;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A connection from the pool, which gets it back as it was. For one thread. */
final class Loan implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(Loan.class);

    private final Connection connection;
    /** What is to be undone, the last first. */
    private final Deque<Undo> changes = new ArrayDeque<>();

    Loan(Connection connection) {
        this.connection = connection;
    }

    Connection connection() {
        return connection;
    }

    void beginTransactions() throws SQLException {
        connection.setAutoCommit(false);
        changes.push(() -> connection.setAutoCommit(true));
    }

    void isolate(int level, int usual) throws SQLException {
        connection.setTransactionIsolation(level);
        changes.push(() -> connection.setTransactionIsolation(usual));
    }

    /**
     * A database that does not even refuse must not keep a thread for ever.
     *
     * @return false when the driver has no such limit
     */
    boolean limit(int millis) throws SQLException {
        try {
            int usual = connection.getNetworkTimeout();
            connection.setNetworkTimeout(Runnable::run, millis);
            changes.push(() -> connection.setNetworkTimeout(Runnable::run, usual));
            return true;
        } catch (SQLFeatureNotSupportedException | AbstractMethodError e) {
            log.debug("The driver has no limit for answers from the network", e);
            return false;
        }
    }

    void rollBack() {
        try {
            connection.rollback();
        } catch (SQLException e) {
            log.debug("A connection on which something had failed could not be rolled back", e);
        }
    }

    @Override
    public void close() {
        try (connection) {
            while (!changes.isEmpty()) {
                changes.pop().run();
            }
        } catch (SQLException e) {
            log.debug("A connection on which something had failed could not be given back as it was", e);
        }
    }

    private interface Undo {
        void run() throws SQLException;
    }
}
