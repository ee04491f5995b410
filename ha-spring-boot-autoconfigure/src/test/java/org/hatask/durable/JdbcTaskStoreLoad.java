package org.hatask.durable;

import com.zaxxer.hikari.HikariDataSource;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.hatask.durable.jdbc.JdbcStoreSettings;
import org.hatask.durable.jdbc.JdbcTaskStore;
import org.hatask.jdbc.DatabaseServer;
import org.springframework.core.io.ClassPathResource;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.datasource.init.ResourceDatabasePopulator;

/**
 * How many tasks a second go through the store in PostgreSQL, alone, without engine and tasks. To be run by hand; arguments:
 * tasks, threads, {@code true} to have the database write through to the disk.
 */
final class JdbcTaskStoreLoad {

    private final JdbcTaskStore store;
    private final JdbcTemplate jdbc;
    private final int tasks;
    private final int threads;

    private JdbcTaskStoreLoad(JdbcTaskStore store, JdbcTemplate jdbc, int tasks, int threads) {
        this.store = store;
        this.jdbc = jdbc;
        this.tasks = tasks;
        this.threads = threads;
    }

    public static void main(String[] arguments) throws Exception {
        int tasks = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 20_000;
        int threads = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 4;
        boolean durable = arguments.length > 2 && Boolean.parseBoolean(arguments[2]);
        try (DatabaseServer server = DatabaseServer.postgreSql(durable);
                HikariDataSource pool = new HikariDataSource()) {
            pool.setDataSource(server.dataSource(""));
            pool.setMaximumPoolSize(threads + 1);
            new ResourceDatabasePopulator(new ClassPathResource("schema-postgresql.sql", JdbcTaskStore.class))
                    .execute(pool);
            JdbcTemplate jdbc = new JdbcTemplate(pool);
            JdbcTaskStore store = new JdbcTaskStore(
                    pool, new JdbcStoreSettings("dataSource", "ha_task", 1024 * 1024, Duration.ofSeconds(30)));
            JdbcTaskStoreLoad load = new JdbcTaskStoreLoad(store, jdbc, tasks, threads);
            load.run(100); // for the compiler
            System.out.printf(
                    "%d tasks, %d threads, fsync %s%n",
                    tasks, threads, jdbc.queryForObject("SHOW fsync", String.class));
            for (int batch : new int[] {1, 16, 100}) {
                System.out.println(load.run(batch));
            }
        }
    }

    private String run(int batch) throws Exception {
        double submitted = StoreLoad.perSecond(tasks, () -> {
            AtomicInteger left = new AtomicInteger(tasks / batch);
            StoreLoad.inThreads(threads, number -> () -> {
                while (left.getAndDecrement() > 0) {
                    store.submit(IntStream.range(0, batch)
                            .mapToObj(i -> TaskStoreConformanceTest.task("mail").build(store))
                            .toList());
                }
                return 0;
            });
        });
        double completed = StoreLoad.perSecond(
                tasks, () -> StoreLoad.inThreads(threads, number -> () -> work("w." + batch + "." + number, batch)));
        double moved = StoreLoad.perSecond(tasks, store::tidy);
        Integer ended = jdbc.queryForObject("SELECT count(*) FROM ha_task_history", Integer.class);
        jdbc.execute("TRUNCATE ha_task_history");
        jdbc.execute("TRUNCATE ha_task");
        return String.format(
                "batches of %3d: %6.0f submitted/s, %6.0f begun and completed/s, %6.0f moved to the history/s (%d)",
                batch, submitted, completed, moved, ended);
    }

    private int work(String worker, int batch) {
        store.register(worker, Duration.ofHours(1));
        ClaimRequest request = new ClaimRequest(
                new Lease(worker, "n1"), Map.of("mail", TaskStoreConformanceTest.WANTED), Duration.ZERO, batch, false);
        int done = 0;
        List<TaskRecord> running = store.claim(request);
        while (!running.isEmpty()) {
            StoreLoad.changed(
                    store,
                    running.stream()
                            .map(task -> task.succeeded(store.now(), "\"done\""))
                            .toList());
            done += running.size();
            running = store.claim(request);
        }
        store.release(worker);
        return done;
    }
}
