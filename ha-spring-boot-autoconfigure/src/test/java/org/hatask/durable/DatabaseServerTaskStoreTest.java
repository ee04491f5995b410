package org.hatask.durable;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.mockito.Mockito.mock;

import com.zaxxer.hikari.HikariDataSource;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.hatask.TaskState;
import org.hatask.durable.jdbc.JdbcTaskStore;
import org.hatask.execute.TaskDefinition;
import org.hatask.jdbc.DatabaseServer;
import org.hatask.jdbc.LossyRelay;
import org.junit.jupiter.api.Test;

/** What else holds where the database is a process of its own. */
abstract class DatabaseServerTaskStoreTest extends JdbcTaskStoreConformanceTest {

    abstract DatabaseServer server();

    /** As it goes over the network. */
    abstract String commit();

    /** What is in the request with which the server has changed the task. */
    String lastRequestOfAChange(TaskRecord task) {
        return commit();
    }

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

    @Test
    void anEndWhoseAnswerIsLostWithTheConnectionIsRecognizedAndWrittenOnce() throws Exception {
        register("w.1");
        TaskRecord task = submit(task("mail").build(newest));
        TaskRecord running =
                change(change(task.leasedTo(new Lease("w.1", "n1"))).started(newest.now(), 0));
        Held held = new Held("w.1", mock(TaskDefinition.class), running, 0);
        try (LossyRelay relay = new LossyRelay(server());
                HikariDataSource lossy = newPool(relay.dataSource())) {
            JdbcTaskStore store = new JdbcTaskStore(lossy, settings());
            assertThat(store.find(List.of(task.id()))).containsExactly(running);
            try (ChangeWriter writer = new ChangeWriter(store, "ha-durable-writer")) {
                CompletableFuture<Void> lost = relay.loseAnswerTo(lastRequestOfAChange(task));
                CompletableFuture<Boolean> written = writer.change(held, record -> record.succeeded(newest.now(), "1"));
                lost.get(30, TimeUnit.SECONDS);
                assertThat(written.get(30, TimeUnit.SECONDS)).isTrue();
            }
        }
        TaskRecord kept = find(task.id());
        assertThat(kept.state()).isEqualTo(TaskState.SUCCEEDED);
        assertThat(kept.version()).isEqualTo(running.version() + 1);
        assertThat(held.record()).isEqualTo(kept);
    }

    @Test
    void aSubmissionWhoseAnswerIsLostWithTheConnectionSaysThatNobodyKnows() throws Exception {
        TaskRecord plain = task("mail").build(newest);
        TaskRecord keyed = task("mail").key("k").build(newest);
        try (LossyRelay relay = new LossyRelay(server());
                HikariDataSource lossy = newPool(relay.dataSource())) {
            JdbcTaskStore store = new JdbcTaskStore(lossy, settings());
            assertThat(store.find(List.of(plain.id()))).isEmpty();
            for (TaskRecord task : List.of(plain, keyed)) {
                // With a key it is a transaction.
                CompletableFuture<Void> lost = relay.loseAnswerTo(task == plain ? plain.id() : commit());
                assertThatExceptionOfType(StoreUnavailableException.class)
                        .isThrownBy(() -> store.submit(List.of(task)))
                        .withMessageContaining("Whether it did what it was asked for is not known");
                lost.get(30, TimeUnit.SECONDS);
                eventually(() -> assertThat(store.find(List.of(task.id()))).hasSize(1));
            }
            assertThat(store.submit(List.of(task("mail").key("k").build(store))))
                    .extracting(TaskRecord::id)
                    .containsExactly(keyed.id());
        }
    }
}
