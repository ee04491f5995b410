package org.hatask.fence;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import org.hatask.jdbc.Database;

/** Makes rows of a fence, and says how its table is made. */
final class FenceRows {

    private FenceRows() {}

    /** Makes the row of that name, with epoch 0, unless it is there. Waits for another that is about to make it. */
    static void create(Database database, Connection connection, String table, String name) throws SQLException {
        String insert = "INSERT INTO " + table + " (name, epoch, passes) VALUES (?, 0, 0)"
                + database.unlessItIsThere("name", "name");
        database.insertUnlessThere(connection, () -> {
            try (PreparedStatement statement = connection.prepareStatement(insert)) {
                statement.setString(1, name);
                statement.executeUpdate();
            }
        });
    }

    /** The shipped script for this database. */
    static String ddl(Database database, String table) {
        return database.ddlFor(FenceRows.class).replace(JdbcFence.DEFAULT_TABLE, table);
    }
}
