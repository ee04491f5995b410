package org.hatask.durable;

import com.zaxxer.hikari.HikariDataSource;
import java.time.Duration;
import java.util.List;
import javax.sql.DataSource;
import org.hatask.durable.jdbc.JdbcStoreSettings;
import org.hatask.durable.jdbc.JdbcTaskStore;
import org.hatask.jdbc.Database;
import org.junit.jupiter.api.AfterEach;
import org.springframework.core.io.ByteArrayResource;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.datasource.init.ResourceDatabasePopulator;

/** What a store in a database promises beyond what every store does. */
abstract class JdbcTaskStoreConformanceTest extends TaskStoreConformanceTest {

    static final int MAX_PAYLOAD = 1024 * 1024;
    static final List<String> TABLES =
            List.of("ha_task", "ha_task_history", "ha_task_key", "ha_task_worker", "ha_task_paused");

    HikariDataSource pool;
    JdbcTemplate jdbc;
    JdbcTaskStore newest;

    abstract Database database();

    /** Of the database that the class has started. */
    abstract DataSource dataSource();

    static JdbcStoreSettings settings() {
        return new JdbcStoreSettings("dataSource", "ha_task", MAX_PAYLOAD, Duration.ofSeconds(30));
    }

    HikariDataSource newPool(DataSource of) {
        HikariDataSource made = new HikariDataSource();
        made.setDataSource(of);
        made.setMaximumPoolSize(12);
        made.setMinimumIdle(0);
        return made;
    }

    @Override
    TaskStore newStore() {
        pool = newPool(dataSource());
        jdbc = new JdbcTemplate(pool);
        TABLES.forEach(table -> jdbc.execute("DROP TABLE IF EXISTS " + table));
        String script = database().ddlFor(JdbcTaskStore.class);
        new ResourceDatabasePopulator(new ByteArrayResource(script.getBytes(java.nio.charset.StandardCharsets.UTF_8)))
                .execute(pool);
        newest = new JdbcTaskStore(pool, settings());
        newest.afterPropertiesSet();
        return newest;
    }

    @Override
    TaskStore sameStore() {
        return new JdbcTaskStore(pool, settings());
    }

    @AfterEach
    void closePool() {
        pool.close();
    }
}
