package org.hatask.fence;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.Connection;
import javax.sql.DataSource;
import org.hatask.jdbc.Database;
import org.hatask.jdbc.DatabaseServer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.datasource.DataSourceTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

/** Stands for MySQL too, whose dialect and locks these are. */
@EnabledIf(
        value = "org.hatask.jdbc.DatabaseServer#hasMariaDb",
        disabledReason = "there is no mariadbd here; on Debian: apt-get install --no-install-recommends mariadb-server")
class MariaDbFenceTest extends FenceConformanceTest {

    private static DatabaseServer server;

    @BeforeAll
    static void start() throws Exception {
        server = DatabaseServer.mariaDb();
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
        return Database.MYSQL;
    }

    @Override
    boolean refusesTheOneThatWaited(int isolation) {
        return false;
    }

    /** The trap at repeatable read: a snapshot that is older than the queue. */
    @Override
    String afterAReadBefore(int isolation) {
        return isolation == Connection.TRANSACTION_REPEATABLE_READ ? "old" : "fresh";
    }

    @Test
    void theSameEpochPassesAgainWhereTheDriverCountsOnlyChangedRows() {
        DataSource counting = server.dataSource("useAffectedRows=true");
        JdbcFence node = new JdbcFence(counting, "ha_fence", "desk", true);
        TransactionTemplate inTransaction = new TransactionTemplate(new DataSourceTransactionManager(counting));
        for (int i = 0; i < 3; i++) {
            inTransaction.executeWithoutResult(status -> node.pass("desk", 3));
        }
        JdbcTemplate countingJdbc = new JdbcTemplate(counting);
        assertThat(countingJdbc.update("UPDATE ha_fence SET epoch = epoch")).isZero();
        assertThat(countingJdbc.queryForObject("SELECT passes FROM ha_fence", Long.class))
                .isEqualTo(3);
    }
}
