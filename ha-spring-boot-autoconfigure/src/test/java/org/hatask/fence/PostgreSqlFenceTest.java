package org.hatask.fence;

import java.sql.Connection;
import javax.sql.DataSource;
import org.hatask.jdbc.Database;
import org.hatask.jdbc.DatabaseServer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.condition.EnabledIf;

@EnabledIf(
        value = "org.hatask.jdbc.DatabaseServer#hasPostgreSql",
        disabledReason = "there is no postgres here; on Debian: apt-get install --no-install-recommends postgresql")
class PostgreSqlFenceTest extends FenceConformanceTest {

    private static DatabaseServer server;

    @BeforeAll
    static void start() throws Exception {
        server = DatabaseServer.postgreSql();
    }

    @AfterAll
    static void stop() throws Exception {
        if (server != null) {
            server.close();
        }
    }

    @Override
    DataSource dataSource() {
        return server.dataSource("");
    }

    @Override
    Database database() {
        return Database.POSTGRESQL;
    }

    @Override
    boolean refusesTheOneThatWaited(int isolation) {
        return isolation != Connection.TRANSACTION_READ_COMMITTED;
    }

    @Override
    String afterAReadBefore(int isolation) {
        return isolation == Connection.TRANSACTION_READ_COMMITTED ? "fresh" : "refused";
    }
}
