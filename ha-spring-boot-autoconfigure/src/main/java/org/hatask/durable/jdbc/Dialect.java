package org.hatask.durable.jdbc;

import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Locale;
import org.hatask.jdbc.Database;

/** What databases call differently. */
enum Dialect {
    /** The clock is that of the statement: one that runs on within it could not be compared with an index. */
    POSTGRESQL("CAST(FLOOR(EXTRACT(EPOCH FROM STATEMENT_TIMESTAMP()) * 1000) AS BIGINT)"),
    /** MariaDB too. The clock is read in UTC, as local time is ambiguous in one hour of the year. */
    MYSQL("(TIMESTAMPDIFF(MICROSECOND, TIMESTAMP '1970-01-01 00:00:00', UTC_TIMESTAMP(3)) DIV 1000)"),
    H2("CAST(FLOOR(EXTRACT(EPOCH FROM CURRENT_TIMESTAMP) * 1000) AS BIGINT)");

    private final String now;

    Dialect(String now) {
        this.now = now;
    }

    /** @throws TaskTablesException when the database cannot do what the store needs */
    static Dialect of(Connection connection, JdbcStoreSettings settings) throws SQLException {
        DatabaseMetaData database = connection.getMetaData();
        String product = database.getDatabaseProductName();
        boolean maria =
                database.getDatabaseProductVersion().toLowerCase(Locale.ROOT).contains("mariadb")
                        || product.equalsIgnoreCase("mariadb");
        int version = 100 * database.getDatabaseMajorVersion() + database.getDatabaseMinorVersion();
        Database found = Database.of(connection);
        int oldest =
                switch (found) {
                    case POSTGRESQL -> 1200;
                    case MYSQL -> maria ? 1006 : 800;
                    case H2 -> 202;
                    case OTHER -> Integer.MAX_VALUE;
                };
        if (version < oldest) {
            throw new TaskTablesException(
                    "Durable tasks cannot be kept in the database of the data source " + settings.dataSourceName()
                            + ", which is " + product + " " + database.getDatabaseProductVersion() + ".",
                    "Use PostgreSQL from 12, MariaDB from 10.6, MySQL from 8.0 or H2 from 2.2 on, or another ha.task-store.type.",
                    null);
        }
        return valueOf(found.name());
    }

    Database database() {
        return Database.valueOf(name());
    }

    /** The time, in milliseconds since 1970. */
    String now() {
        return now;
    }

    /**
     * Keeps the optimizer to an index. Without it, it would read the whole of a small table, or of one that was empty when its
     * statistics were taken, and so lock the rows of others or wait for them.
     */
    String keptTo(String index) {
        return this == MYSQL ? " FORCE INDEX (" + index + ")" : "";
    }

    /**
     * The same end in PostgreSQL, which has no such hint: to it, a case hides how rare it believes the condition to be. If that were
     * rarer than what is asked for, as it is to its mind in a new table, it would read and sort all that is due to find the first.
     */
    String seldomFalse(String condition) {
        return this == POSTGRESQL ? "CASE WHEN " + condition + " THEN TRUE ELSE FALSE END" : condition;
    }

    /** Whether a statement that locks rows reads and sorts all that it may lock, whatever index there is, and however few it wants. */
    boolean sortsWhatItLocks() {
        return this == H2;
    }

    /** Whether one statement can change rows and return them. */
    boolean returnsWhatItChanged() {
        return this == POSTGRESQL;
    }

    /** Whether a statement can take the values of many tasks as an array for each column. */
    boolean takesArrays() {
        return this == POSTGRESQL;
    }

    /** Whether a driver may, in a batch, not say which of its statements hit a row. */
    boolean countsAreUncertain() {
        return this == MYSQL;
    }

    /** An idempotency key as its column has it. */
    Object key(String text) {
        return this == MYSQL ? text.getBytes(StandardCharsets.UTF_8) : text;
    }

    /** The text of an idempotency key's column. */
    String key(ResultSet row, int column) throws SQLException {
        return this == MYSQL ? new String(row.getBytes(column), StandardCharsets.UTF_8) : row.getString(column);
    }
}
