package org.hatask.sample.cluster;

import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;

/** The database as a process of its own, so that no node takes it along when it dies. */
final class H2Process extends ChildProcess {

    private final Database database;

    H2Process(Path directory, int port) {
        super(
                "h2",
                directory.resolve("h2.log"),
                List.of("-Xmx256m", "-Dh2.bindAddress=127.0.0.1"),
                "org.h2.tools.Server",
                List.of(
                        "-tcp",
                        "-tcpPort",
                        Integer.toString(port),
                        "-ifNotExists",
                        "-baseDir",
                        directory.resolve("h2").toString()));
        // A writer may have to wait for another one's row lock longer than H2's one second.
        this.database = new Database(
                "jdbc:h2:tcp://127.0.0.1:" + port + "/./desk;DB_CLOSE_DELAY=-1;LOCK_TIMEOUT=10000", "sa", "");
    }

    Database database() {
        return database;
    }

    void startAndAwait() {
        start();
        await("took connections", Duration.ofSeconds(30), this::takesConnections);
    }

    private boolean takesConnections() {
        try {
            database.connect().close();
            return true;
        } catch (SQLException e) {
            return false;
        }
    }
}
