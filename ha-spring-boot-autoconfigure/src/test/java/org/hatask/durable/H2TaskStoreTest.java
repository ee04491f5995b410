package org.hatask.durable;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.time.Duration;
import java.util.List;
import javax.sql.DataSource;
import org.hatask.durable.jdbc.JdbcStoreSettings;
import org.hatask.durable.jdbc.JdbcTaskStore;
import org.hatask.jdbc.Database;
import org.junit.jupiter.api.Test;
import org.springframework.jdbc.datasource.DriverManagerDataSource;

class H2TaskStoreTest extends JdbcTaskStoreConformanceTest {

    @Override
    Database database() {
        return Database.H2;
    }

    @Override
    DataSource dataSource() {
        return new DriverManagerDataSource(
                "jdbc:h2:mem:tasks;DB_CLOSE_DELAY=-1;LOCK_TIMEOUT=10000;TIME ZONE=Asia/Tokyo", "sa", "");
    }

    @Test
    void theTablesAreMadeByThemselvesWithAnyName() {
        jdbc.execute("CREATE SCHEMA IF NOT EXISTS ops");
        JdbcTaskStore store =
                new JdbcTaskStore(pool, new JdbcStoreSettings("ledger", "ops.job$1", 1000, Duration.ofSeconds(30)));
        store.afterPropertiesSet();
        store.afterPropertiesSet();
        TaskRecord task =
                store.submit(List.of(task("mail").key("k").build(store))).get(0);
        assertThat(store.due(10)).containsExactly(task);
        assertThat(newest.due(10)).isEmpty();
        assertThat(jdbc.queryForObject("SELECT COUNT(*) FROM ops.job$1_key", Integer.class))
                .isEqualTo(1);
    }

    @Test
    void aDatabaseThatCannotBeReachedYetDoesNotEndTheStart() {
        JdbcTaskStore store =
                new JdbcTaskStore(new DriverManagerDataSource("jdbc:h2:tcp://127.0.0.1:1/none"), settings());
        store.afterPropertiesSet();
        assertThatExceptionOfType(StoreUnavailableException.class)
                .isThrownBy(store::now)
                .withMessageContaining("ledger");
    }
}
