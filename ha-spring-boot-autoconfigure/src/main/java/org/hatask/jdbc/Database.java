package org.hatask.jdbc;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
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
