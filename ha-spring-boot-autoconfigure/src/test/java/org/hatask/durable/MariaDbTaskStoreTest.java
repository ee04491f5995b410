package org.hatask.durable;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.zaxxer.hikari.HikariDataSource;
import java.util.List;
import java.util.stream.IntStream;
import javax.sql.DataSource;
import org.hatask.durable.jdbc.JdbcTaskStore;
import org.hatask.jdbc.Database;
import org.hatask.jdbc.DatabaseServer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.jdbc.datasource.DriverManagerDataSource;

/** Stands for MySQL too, whose dialect and locks these are. */
@EnabledIf(
        value = "org.hatask.jdbc.DatabaseServer#hasMariaDb",
        disabledReason = "there is no mariadbd here; on Debian: apt-get install --no-install-recommends mariadb-server")
class MariaDbTaskStoreTest extends DatabaseServerTaskStoreTest {

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
    Database database() {
        return Database.MYSQL;
    }

    @Override
    DatabaseServer server() {
        return server;
    }

    @Override
    String commit() {
        return "\u0003COMMIT"; // Not "READ COMMITTED".
    }

    @Override
    DataSource dataSource() {
        return server.dataSource("sessionVariables=time_zone='-09:30'");
    }

    /** As at a failover: then what ends meanwhile is written afterwards. */
    @Test
    void aServerThatIsReadOnlyForNowDoesNotAnswer() {
        jdbc.execute("CREATE USER IF NOT EXISTS app");
        jdbc.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON *.* TO app");
        try (HikariDataSource ofApp = newPool(new DriverManagerDataSource(server.url(), "app", ""))) {
            JdbcTaskStore store = new JdbcTaskStore(ofApp, settings());
            TaskRecord task = submit(task("mail").build(store));
            jdbc.execute("SET GLOBAL read_only = 1");
            try {
                assertThatExceptionOfType(StoreUnavailableException.class)
                        .isThrownBy(() -> store.replace(List.of(task.cancel(store.now()))))
                        .withMessageContaining("read-only");
            } finally {
                jdbc.execute("SET GLOBAL read_only = 0");
            }
            assertThat(store.replace(List.of(task.cancel(store.now())))).containsExactly(true);
        }
    }

    /** In bulks, the driver does not tell which changes hit a row; or it counts only rows that differ afterwards. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "useBulkStmts=true",
                "useBulkStmts=true&useServerPrepStmts=true",
                "useAffectedRows=true",
                "disablePipeline=true"
            })
    void everyChangeCountsForItselfWhateverTheDriverTells(String parameters) {
        try (HikariDataSource other = newPool(server.dataSource(parameters))) {
            JdbcTaskStore store = new JdbcTaskStore(other, settings());
            List<TaskRecord> kept = store.submit(IntStream.range(0, 4)
                    .mapToObj(i -> task("mail").key("k" + i).build(store))
                    .toList());
            change(kept.get(2).cancel(store.now()));
            assertThat(store.replace(
                            kept.stream().map(task -> task.cancel(store.now())).toList()))
                    .containsExactly(true, true, false, true);
            assertThat(store.submit(List.of(
                            task("mail").key("k0").build(store),
                            task("mail").key("k9").build(store))))
                    .extracting(TaskRecord::version)
                    .containsExactly(2L, 1L);
            register("w.1");
            assertThat(store.claim(request("w.1", ALL, 10))).hasSize(1);
            store.pause("mail");
            store.pause("mail");
            assertThat(store.renew("w.1", LEASE)).isTrue();
        }
    }
}
