package org.hatask.sample.cluster;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.List;

/** Where the trades are. */
record Database(String url, String user, String password) {

    Connection connect() throws SQLException {
        return DriverManager.getConnection(url, user, password);
    }

    /** @throws ClusterFailure when nobody answers, or somebody who does not let us in */
    void requireReachable() {
        try {
            connect().close();
        } catch (SQLException e) {
            throw new ClusterFailure("The database " + url + " cannot be used as " + user + ": " + e.getMessage()
                    + " Correct DESK_DB_URL, DESK_DB_USER and DESK_DB_PASSWORD, or leave DESK_DB_URL out for a"
                    + " database that is started here.");
        }
    }

    /** What a node must be told to use it. */
    List<String> nodeArguments() {
        return List.of(
                "--spring.datasource.url=" + url,
                "--spring.datasource.username=" + user,
                "--spring.datasource.password=" + password);
    }
}
