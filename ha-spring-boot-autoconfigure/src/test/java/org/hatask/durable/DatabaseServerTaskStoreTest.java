package org.hatask.durable;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.time.Duration;
import java.util.List;
import org.hatask.durable.jdbc.JdbcTaskStore;
import org.hatask.jdbc.DatabaseServer;
import org.junit.jupiter.api.Test;

/** What else holds where the database is a process of its own. */
abstract class DatabaseServerTaskStoreTest extends JdbcTaskStoreConformanceTest {

    abstract DatabaseServer server();

    @Test
    void aServerThatHangsKeepsNobodyForEver() throws Exception {
        JdbcTaskStore hasty = new JdbcTaskStore(pool, settings(Duration.ofSeconds(1)));
        TaskRecord task = submit(task("mail").build(hasty));
        AutoCloseable frozen = server().freeze();
        try {
            assertThatExceptionOfType(StoreUnavailableException.class)
                    .isThrownBy(() -> hasty.find(List.of(task.id())))
                    .withMessageContaining("ledger");
        } finally {
            frozen.close();
        }
        eventually(() -> assertThat(hasty.find(List.of(task.id()))).containsExactly(task));
    }
}
