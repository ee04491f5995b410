package org.hatask.fence;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Savepoint;
import org.hatask.jdbc.Database;

/**
 * How a row is made in somebody's running transaction unless it is there. That is the one statement for which databases have
 * no common word: an ordinary insert that fails on a duplicate key aborts the whole transaction in PostgreSQL, and leaves
 * a shared lock in MySQL, where two that want to go on from there lock each other out.
 */
enum Dialect {
    H2(Database.H2, ""),
    POSTGRESQL(Database.POSTGRESQL, " ON CONFLICT (name) DO NOTHING"),
    /** MariaDB too. A duplicate gets the exclusive lock that the guarded statement needs next. */
    MYSQL(Database.MYSQL, " ON DUPLICATE KEY UPDATE name = name"),
    /** By the standard alone. */
    OTHER(Database.OTHER, "");

    private final Database database;
    private final String unlessItIsThere;

    Dialect(Database database, String unlessItIsThere) {
        this.database = database;
        this.unlessItIsThere = unlessItIsThere;
    }

    static Dialect of(Connection connection) throws SQLException {
        return valueOf(Database.of(connection).name());
    }

    /** Makes the row of that name, with epoch 0, unless it is there. Waits for another that is about to make it. */
    void createRow(Connection connection, String table, String name) throws SQLException {
        String insert = "INSERT INTO " + table + " (name, epoch, passes) VALUES (?, 0, 0)" + unlessItIsThere;
        if (!unlessItIsThere.isEmpty()) {
            execute(connection, insert, name);
            return;
        }
        Savepoint before = connection.setSavepoint();
        try {
            execute(connection, insert, name);
        } catch (SQLException e) {
            if (!isDuplicate(e)) {
                throw e;
            }
            connection.rollback(before);
        }
    }

    /** The shipped script for this database. */
    String ddl(String table) {
        return database.ddlFor(Dialect.class).replace(JdbcFence.DEFAULT_TABLE, table);
    }

    private static void execute(Connection connection, String sql, String name) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, name);
            statement.executeUpdate();
        }
    }

    private static boolean isDuplicate(SQLException e) {
        return e.getSQLState() != null && e.getSQLState().startsWith("23");
    }
}
