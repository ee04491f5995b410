package org.hatask.durable;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariDataSource;
import java.sql.Connection;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import javax.sql.DataSource;
import org.hatask.TaskState;
import org.hatask.durable.jdbc.JdbcStoreSettings;
import org.hatask.durable.jdbc.JdbcTaskStore;
import org.hatask.jdbc.Database;
import org.hatask.jdbc.DatabaseServer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;

@EnabledIf(
        value = "org.hatask.jdbc.DatabaseServer#hasPostgreSql",
        disabledReason = "there is no postgres here; on Debian: apt-get install --no-install-recommends postgresql")
class PostgreSqlTaskStoreTest extends DatabaseServerTaskStoreTest {

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
    DatabaseServer server() {
        return server;
    }

    @Override
    String commit() {
        return "\0COMMIT\0";
    }

    @Override
    String lastRequestOfAChange(TaskRecord task) {
        return task.id(); // One statement, which commits by itself.
    }

    @Override
    DataSource dataSource() {
        return server.dataSource("options=-c%20TimeZone=Asia/Tokyo");
    }

    @Test
    void batchesThatTheDriverWritesAnewAreKeptAsTheyAre() {
        try (HikariDataSource rewriting = newPool(server.dataSource("reWriteBatchedInserts=true"))) {
            JdbcTaskStore store = new JdbcTaskStore(rewriting, settings());
            submit(task("mail").key("k2").build(newest));
            List<TaskRecord> kept = store.submit(IntStream.range(0, 5)
                    .mapToObj(i -> task("mail").key("k" + i).build(store))
                    .toList());
            assertThat(newest.due(10)).containsExactlyInAnyOrderElementsOf(kept);
            assertThat(store.replace(
                            kept.stream().map(task -> task.cancel(store.now())).toList()))
                    .containsOnly(true);
        }
    }

    @Test
    void theTablesCanHaveOtherNamesInASchemaOfTheirOwn() {
        jdbc.execute("CREATE SCHEMA IF NOT EXISTS ops");
        run(database()
                .ddlFor(JdbcTaskStore.class)
                .replace("ON ha_task", "ON ops.job")
                .replace("EXISTS ha_task", "EXISTS job")
                .replace("TABLE IF NOT EXISTS job", "TABLE IF NOT EXISTS ops.job"));
        JdbcTaskStore store =
                new JdbcTaskStore(pool, new JdbcStoreSettings("ledger", "ops.job", 1000, Duration.ofSeconds(30)));
        store.afterPropertiesSet();
        TaskRecord task = store.submit(List.of(task("mail").build(store))).get(0);
        assertThat(store.due(10)).containsExactly(task);
        assertThat(newest.due(10)).isEmpty();
    }

    @Test
    void aChangeThatWaitedForAnotherOfTheSameTaskIsTooLate() throws Exception {
        List<TaskRecord> tasks = newest.submit(IntStream.range(0, 3000)
                .mapToObj(i -> task("mail").build(newest))
                .toList());
        jdbc.execute("ANALYZE ha_task");
        for (UnaryOperator<TaskRecord> step : List.<UnaryOperator<TaskRecord>>of(
                task -> task.cancel(newest.now()), task -> task.leasedTo(new Lease("w.1", "n1")))) {
            TaskRecord task = newest.find(List.of(tasks.get(0).id())).get(0);
            ExecutorService thread = Executors.newSingleThreadExecutor();
            try (Connection other = pool.getConnection()) {
                other.setAutoCommit(false);
                other.createStatement()
                        .execute("UPDATE ha_task SET version = version + 1 WHERE id = '" + task.id() + "'");
                Future<List<Boolean>> waiting = thread.submit(() -> newest.replace(List.of(step.apply(task))));
                eventually(() -> assertThat(jdbc.queryForObject(
                                "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'", Integer.class))
                        .isPositive());
                other.commit();
                other.setAutoCommit(true);

                assertThat(waiting.get(30, TimeUnit.SECONDS)).containsExactly(false);
            } finally {
                thread.shutdownNow();
            }
            assertThat(newest.find(List.of(task.id())).get(0).state()).isEqualTo(TaskState.PENDING);
        }
    }

    /** Also in a table of which the database knows nothing, or nothing that is still true. */
    @Test
    void theFirstTasksAreFoundWithoutSortingAll() {
        newest.submit(IntStream.range(0, 3000)
                .mapToObj(i -> task("mail").build(newest))
                .toList());
        register("w.1");
        jdbc.execute("SELECT pg_stat_reset()");
        newest.claim(request("w.1", ALL, 5));
        eventually(() -> {
            jdbc.execute("SELECT pg_stat_clear_snapshot()");
            assertThat(jdbc.queryForObject(
                            "SELECT idx_tup_read FROM pg_stat_user_indexes WHERE indexrelname = 'ha_task_ready'",
                            Long.class))
                    .isBetween(5L, 100L);
        });
    }
}
