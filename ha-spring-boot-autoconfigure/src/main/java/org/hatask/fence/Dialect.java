package org.hatask.fence;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.util.Locale;
import org.springframework.core.io.ClassPathResource;

/**
 * How a row is made in somebody's running transaction unless it is there. That is the one statement for which databases have
 * no common word: an ordinary insert that fails on a duplicate key aborts the whole transaction in PostgreSQL, and leaves
 * a shared lock in MySQL, where two that want to go on from there lock each other out.
 */
enum Dialect {
    H2("schema-h2.sql", ""),
    POSTGRESQL("schema-postgresql.sql", " ON CONFLICT (name) DO NOTHING"),
    /** MariaDB too. A duplicate gets the exclusive lock that the guarded statement needs next. */
    MYSQL("schema-mysql.sql", " ON DUPLICATE KEY UPDATE name = name"),
    /** By the standard alone. */
    OTHER("schema-h2.sql", "");

    private final String script;
    private final String unlessItIsThere;

    Dialect(String script, String unlessItIsThere) {
        this.script = script;
        this.unlessItIsThere = unlessItIsThere;
    }

    static Dialect of(Connection connection) throws SQLException {
        String product = connection.getMetaData().getDatabaseProductName().toLowerCase(Locale.ROOT);
        if (product.contains("mysql") || product.contains("mariadb")) {
            return MYSQL;
        }
        return product.contains("postgresql") ? POSTGRESQL : product.equals("h2") ? H2 : OTHER;
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
        try {
            return new ClassPathResource(script, Dialect.class)
                    .getContentAsString(StandardCharsets.UTF_8)
                    .replace(JdbcFence.DEFAULT_TABLE, table)
                    .strip();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
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
