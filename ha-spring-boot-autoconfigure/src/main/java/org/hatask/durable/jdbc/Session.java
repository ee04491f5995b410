package org.hatask.durable.jdbc;

import java.sql.BatchUpdateException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/** Statements over one connection, none of which takes longer than the configured time. For one thread. */
final class Session {

    private final Connection connection;
    private final Sql sql;
    private final int timeoutSeconds;

    Session(Connection connection, Sql sql, int timeoutSeconds) {
        this.connection = connection;
        this.sql = sql;
        this.timeoutSeconds = timeoutSeconds;
    }

    Connection connection() {
        return connection;
    }

    Sql sql() {
        return sql;
    }

    /** As {@link #update}; there is but one way to insert a row, so no plan that could grow old. */
    int insert(String statement, Binder binder) throws SQLException {
        return execute(statement, binder);
    }

    int update(String statement, Binder binder) throws SQLException {
        return execute(sql.planned(statement), binder);
    }

    private int execute(String statement, Binder binder) throws SQLException {
        try (PreparedStatement prepared = prepare(statement)) {
            binder.bind(new Parameters(prepared));
            return prepared.executeUpdate();
        }
    }

    <R> List<R> query(String statement, Binder binder, Row<R> row) throws SQLException {
        try (PreparedStatement prepared = prepare(sql.planned(statement))) {
            binder.bind(new Parameters(prepared));
            List<R> rows = new ArrayList<>();
            try (ResultSet results = prepared.executeQuery()) {
                while (results.next()) {
                    rows.add(row.read(results));
                }
            }
            return rows;
        }
    }

    /** @return for every value how many rows were hit, or a negative number where the driver does not tell */
    <V> int[] batch(String statement, Collection<V> values, ValueBinder<V> binder) throws SQLException {
        try (PreparedStatement prepared = connection.prepareStatement(statement)) {
            if (sql.dialect != Dialect.MYSQL) {
                // MariaDB's driver would write the time before the statement, where a bulk may not have it.
                prepared.setQueryTimeout(timeoutSeconds);
            }
            for (V value : values) {
                binder.bind(new Parameters(prepared), value);
                prepared.addBatch();
            }
            return prepared.executeBatch();
        } catch (BatchUpdateException e) {
            // It only says that something went wrong; what did comes after it.
            throw e.getNextException() != null ? e.getNextException() : e;
        }
    }

    private PreparedStatement prepare(String statement) throws SQLException {
        PreparedStatement prepared = connection.prepareStatement(statement);
        try {
            prepared.setQueryTimeout(timeoutSeconds);
            return prepared;
        } catch (SQLException e) {
            prepared.close();
            throw e;
        }
    }

    /** Sets parameters. */
    interface Binder {

        Binder NOTHING = parameters -> {};

        void bind(Parameters parameters) throws SQLException;
    }

    /** Sets parameters for one of many. */
    interface ValueBinder<V> {
        void bind(Parameters parameters, V value) throws SQLException;
    }

    /** Makes something of a row. */
    interface Row<R> {
        R read(ResultSet results) throws SQLException;
    }
}
