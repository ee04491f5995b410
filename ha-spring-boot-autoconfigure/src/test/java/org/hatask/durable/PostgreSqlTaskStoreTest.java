package org.hatask.durable;

import javax.sql.DataSource;
import org.hatask.jdbc.Database;
import org.hatask.jdbc.DatabaseServer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.condition.EnabledIf;

@EnabledIf(
        value = "org.hatask.jdbc.DatabaseServer#hasPostgreSql",
        disabledReason = "there is no postgres here; on Debian: apt-get install --no-install-recommends postgresql")
class PostgreSqlTaskStoreTest extends JdbcTaskStoreConformanceTest {

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
    Database database() {
        return Database.POSTGRESQL;
    }

    @Override
    DataSource dataSource() {
        return server.dataSource("");
    }
}
