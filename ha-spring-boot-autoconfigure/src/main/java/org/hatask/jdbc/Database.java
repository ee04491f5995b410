package org.hatask.jdbc;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.util.Locale;
import org.springframework.core.io.ClassPathResource;

/** Which database a connection leads to, as far as anything here depends on it. */
public enum Database {
    H2("schema-h2.sql"),
    POSTGRESQL("schema-postgresql.sql"),
    /** MariaDB too. */
    MYSQL("schema-mysql.sql"),
    /** Any other; the script is that which comes closest to the standard. */
    OTHER("schema-h2.sql");

    private final String script;

    Database(String script) {
        this.script = script;
    }

    public static Database of(Connection connection) throws SQLException {
        String product = connection.getMetaData().getDatabaseProductName().toLowerCase(Locale.ROOT);
        if (product.contains("mysql") || product.contains("mariadb")) {
            return MYSQL;
        }
        return product.contains("postgresql") ? POSTGRESQL : product.equals("h2") ? H2 : OTHER;
    }

    /**
     * What follows the insert of a row that may be there. Databases have no common word for it: an ordinary insert that fails on
     * a duplicate key aborts the whole transaction in PostgreSQL, and leaves a shared lock in MySQL, where two that want to go on
     * from there lock each other out. There the duplicate gets the exclusive lock instead, and, unlike with IGNORE, no other
     * error is swallowed.
     *
     * @param keyColumns the columns of the key, divided by commas
     * @param anyColumn one of the table
     * @return empty where only a failure tells that the row is there
     */
    public String unlessItIsThere(String keyColumns, String anyColumn) {
        return switch (this) {
            case POSTGRESQL -> " ON CONFLICT (" + keyColumns + ") DO NOTHING";
            case MYSQL -> " ON DUPLICATE KEY UPDATE " + anyColumn + " = " + anyColumn;
            case H2, OTHER -> "";
        };
    }

    /** Whether an insert with {@link #unlessItIsThere} leaves a row alone that is there. */
    public boolean ignoresDuplicates() {
        return this == POSTGRESQL || this == MYSQL;
    }

    /** An insert with {@link #unlessItIsThere}. */
    public interface Insert {
        void run() throws SQLException;
    }

    /** Inserts one row unless it is there, in somebody's running transaction, which goes on in either case. */
    public void insertUnlessThere(Connection connection, Insert insert) throws SQLException {
        if (ignoresDuplicates()) {
            insert.run();
            return;
        }
        Savepoint before = connection.setSavepoint();
        try {
            insert.run();
        } catch (SQLException e) {
            if (e.getSQLState() == null || !e.getSQLState().startsWith("23")) {
                throw e;
            }
            connection.rollback(before);
        }
    }

    /** Where the script that makes the tables for this class stands on the class path. */
    public String scriptFor(Class<?> user) {
        return user.getPackageName().replace('.', '/') + "/" + script;
    }

    /** The script that makes the tables for this class. */
    public String ddlFor(Class<?> user) {
        try {
            return new ClassPathResource(scriptFor(user), user.getClassLoader())
                    .getContentAsString(StandardCharsets.UTF_8)
                    .strip();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
