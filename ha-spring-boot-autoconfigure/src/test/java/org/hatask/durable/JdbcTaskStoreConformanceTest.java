package org.hatask.durable;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.zaxxer.hikari.HikariDataSource;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.TimeZone;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import javax.sql.DataSource;
import org.hatask.TaskState;
import org.hatask.TaskStoreException;
import org.hatask.durable.jdbc.JdbcStoreSettings;
import org.hatask.durable.jdbc.JdbcTaskStore;
import org.hatask.durable.jdbc.TaskTablesException;
import org.hatask.jdbc.Database;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.core.io.ByteArrayResource;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.datasource.DataSourceTransactionManager;
import org.springframework.jdbc.datasource.DriverManagerDataSource;
import org.springframework.jdbc.datasource.TransactionAwareDataSourceProxy;
import org.springframework.jdbc.datasource.init.ResourceDatabasePopulator;
import org.springframework.transaction.support.TransactionTemplate;

/** What a store in a database promises beyond what every store does. */
@ExtendWith(OutputCaptureExtension.class)
abstract class JdbcTaskStoreConformanceTest extends TaskStoreConformanceTest {

    private static final int MAX_PAYLOAD = 1024 * 1024;
    private static final List<String> TABLES =
            List.of("ha_task", "ha_task_history", "ha_task_key", "ha_task_worker", "ha_task_paused", "application");

    HikariDataSource pool;
    JdbcTemplate jdbc;
    TransactionTemplate transaction;
    JdbcTaskStore newest;

    abstract Database database();

    /** Of the database that the class has started; its sessions are in a time zone far away. */
    abstract DataSource dataSource();

    static JdbcStoreSettings settings() {
        return settings(Duration.ofSeconds(30));
    }

    static JdbcStoreSettings settings(Duration timeout) {
        return new JdbcStoreSettings("ledger", "ha_task", MAX_PAYLOAD, timeout);
    }

    static HikariDataSource newPool(DataSource of) {
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
        transaction = new TransactionTemplate(new DataSourceTransactionManager(pool));
        TABLES.forEach(table -> jdbc.execute("DROP TABLE IF EXISTS " + table));
        jdbc.execute("CREATE TABLE application (number INTEGER)");
        run(database().ddlFor(JdbcTaskStore.class));
        newest = new JdbcTaskStore(pool, settings());
        newest.afterPropertiesSet();
        return newest;
    }

    void run(String script) {
        new ResourceDatabasePopulator(new ByteArrayResource(script.getBytes(StandardCharsets.UTF_8))).execute(pool);
    }

    @Override
    TaskStore sameStore() {
        return new JdbcTaskStore(pool, settings());
    }

    @AfterEach
    void closePool() {
        pool.close();
    }

    // The application's transactions

    @Test
    void aSubmissionIsCommittedWithTheTransactionItIsIn() {
        List<String> heard = Collections.synchronizedList(new ArrayList<>());
        TaskRecord task = task("mail").key("k").build(newest);
        transaction.executeWithoutResult(status -> {
            jdbc.update("INSERT INTO application VALUES (1)");
            assertThat(newest.joinsTransaction()).isTrue();
            TaskRecord kept = submit(task);
            newest.afterTransaction(() -> heard.add("committed"), () -> heard.add("rolled back"));
            assertThat(kept.version()).isEqualTo(1);
            assertThat(newest.find(List.of(task.id()))).isEmpty();
            assertThat(newest.due(10)).isEmpty();
            assertThat(heard).isEmpty();
        });
        assertThat(heard).containsExactly("committed");
        assertThat(newest.due(10)).extracting(TaskRecord::id).containsExactly(task.id());
    }

    @Test
    void aSubmissionIsRolledBackWithTheTransactionItIsIn() {
        List<String> heard = Collections.synchronizedList(new ArrayList<>());
        transaction.executeWithoutResult(status -> {
            submit(task("mail").key("k").build(newest));
            newest.submit(List.of(task("mail").build(newest), task("mail").build(newest)));
            newest.afterTransaction(() -> heard.add("committed"), () -> heard.add("rolled back"));
            status.setRollbackOnly();
        });
        assertThat(heard).containsExactly("rolled back");
        assertThat(newest.list(new TaskQuery(null, Set.of(), null, 10))).isEmpty();
        TaskRecord again = task("mail").key("k").build(newest);
        assertThat(submit(again).id()).isEqualTo(again.id());
    }

    @Test
    void outsideOfATransactionWhatFollowsItIsDoneAtOnce() {
        AtomicBoolean done = new AtomicBoolean();
        assertThat(newest.joinsTransaction()).isFalse();
        newest.afterTransaction(() -> done.set(true), () -> {});
        assertThat(done).isTrue();
    }

    /** Others, which wait for a lock of this transaction, may have all the rest of the pool's connections. */
    @Test
    void aSubmissionInATransactionTakesNoSecondConnection() throws Exception {
        try (HikariDataSource small = newPool(dataSource())) {
            small.setMaximumPoolSize(1);
            small.setConnectionTimeout(500);
            JdbcTaskStore store = new JdbcTaskStore(small, settings());
            store.afterPropertiesSet();
            Instant before = store.now();
            Thread.sleep(1100); // Until what was read of the clock is too old to count on.
            new TransactionTemplate(new DataSourceTransactionManager(small)).executeWithoutResult(status -> {
                assertThat(store.now()).isBetween(before.plusMillis(1000), before.plusSeconds(30));
                store.submit(
                        List.of(task("mail").key("k").build(store), task("mail").build(store)));
            });
            assertThat(store.due(10)).hasSize(2);
        }
    }

    @Test
    void aTransactionOverAnotherDataSourceIsNotJoined() {
        DataSource other = new DriverManagerDataSource("jdbc:h2:mem:other");
        TaskRecord task = task("mail").build(newest);
        new TransactionTemplate(new DataSourceTransactionManager(other)).executeWithoutResult(status -> {
            assertThat(newest.joinsTransaction()).isFalse();
            submit(task);
            status.setRollbackOnly();
        });
        assertThat(newest.find(List.of(task.id()))).hasSize(1);
    }

    /** Otherwise a long transaction of the application would keep the rows of its tasks from their workers. */
    @Test
    void whatElseIsDoneInATransactionIsNoPartOfIt() throws Exception {
        register("w.1");
        TaskRecord task = submit(task("mail").build(newest));
        transaction.executeWithoutResult(status -> {
            jdbc.update("INSERT INTO application VALUES (1)");
            assertThat(newest.replace(List.of(task.leasedTo(new Lease("w.1", "n1")))))
                    .containsExactly(true);
            TaskRecord leased = newest.find(List.of(task.id())).get(0);
            assertThat(leased.state()).isEqualTo(TaskState.LEASED);
            // Another thread, so another transaction: it would wait here for ever.
            List<Boolean> cancelled = inOtherThread(() -> newest.replace(List.of(leased.cancel(newest.now()))));
            assertThat(cancelled).containsExactly(true);
            assertThat(newest.list(new TaskQuery(null, Set.of(TaskState.CANCELLED), null, 10)))
                    .hasSize(1);
            status.setRollbackOnly();
        });
        assertThat(find(task.id()).state()).isEqualTo(TaskState.CANCELLED);
        assertThat(jdbc.queryForList("SELECT * FROM application")).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(ints = {Connection.TRANSACTION_READ_COMMITTED, Connection.TRANSACTION_REPEATABLE_READ})
    void aKeyThatIsKnownDoesNotDisturbTheTransaction(int isolation) {
        TaskRecord first = submit(task("mail").key("k").build(newest));
        transaction.setIsolationLevel(isolation);
        transaction.executeWithoutResult(status -> {
            jdbc.update("INSERT INTO application VALUES (1)");
            assertThat(submit(task("mail").key("k").build(newest))).isEqualTo(first);
            submit(task("mail").key("other").build(newest));
            jdbc.update("INSERT INTO application VALUES (2)");
        });
        assertThat(jdbc.queryForList("SELECT * FROM application")).hasSize(2);
        assertThat(newest.due(10)).hasSize(2);
    }

    @Test
    void aKeyThatIsTakenTwiceInATransactionIsOneTask() {
        transaction.executeWithoutResult(status -> {
            TaskRecord first = submit(task("mail").key("k").build(newest));
            assertThat(submit(task("mail").key("k").build(newest))).isEqualTo(first);
        });
        assertThat(newest.due(10)).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void whoSubmitsAKeyWhileAnotherTransactionDoesGetsWhatBecomesOfThat(boolean committed) throws Exception {
        TaskRecord first = task("mail").key("k").build(newest);
        TaskRecord second = task("mail").key("k").build(newest);
        CountDownLatch end = new CountDownLatch(1);
        CountDownLatch submitted = new CountDownLatch(1);
        ExecutorService threads = Executors.newCachedThreadPool();
        try {
            Future<?> one = threads.submit(() -> transaction.executeWithoutResult(status -> {
                submit(first);
                submitted.countDown();
                await(end);
                if (!committed) {
                    status.setRollbackOnly();
                }
            }));
            await(submitted);
            Future<TaskRecord> two = threads.submit(() -> submit(second));
            end.countDown();
            one.get();
            assertThat(two.get().id()).isEqualTo(committed ? first.id() : second.id());
        } finally {
            threads.shutdownNow();
        }
        assertThat(newest.due(10)).hasSize(1);
    }

    @Test
    void aTransactionInWhichASubmissionFailedCannotBeCommitted() {
        submit(task("mail").build(newest));
        assertThatExceptionOfType(TaskStoreException.class)
                .isThrownBy(() -> transaction.executeWithoutResult(status -> {
                    jdbc.update("INSERT INTO application VALUES (1)");
                    TaskRecord task = task("mail").build(newest);
                    try {
                        newest.submit(List.of(task, task));
                    } catch (TaskStoreException e) {
                        assertThat(e).hasMessageContaining("ledger");
                    }
                }));
        assertThat(newest.due(10)).hasSize(1);
        assertThat(jdbc.queryForList("SELECT * FROM application")).isEmpty();
    }

    @Test
    void whatIsTooLargeLeavesTheTransactionAlone() {
        transaction.executeWithoutResult(status -> {
            jdbc.update("INSERT INTO application VALUES (1)");
            TaskRecord large =
                    task("mail").arguments("x".repeat(MAX_PAYLOAD + 1)).build(newest);
            assertThatExceptionOfType(TaskStoreException.class).isThrownBy(() -> submit(large));
            assertThatExceptionOfType(TaskStoreException.class)
                    .isThrownBy(() -> submit(task("mail").key("\0").build(newest)))
                    .withMessageContaining("NUL");
        });
        assertThat(jdbc.queryForList("SELECT * FROM application")).hasSize(1);
    }

    @Test
    void aDataSourceThatHandsOutTheTransactionsConnectionIsLookedThrough() {
        JdbcTaskStore store = new JdbcTaskStore(new TransactionAwareDataSourceProxy(pool), settings());
        TaskRecord task = task("mail").build(store);
        transaction.executeWithoutResult(status -> {
            store.submit(List.of(task));
            assertThat(store.find(List.of(task.id()))).isEmpty();
            status.setRollbackOnly();
        });
        assertThat(store.find(List.of(task.id()))).isEmpty();
    }

    // Pools and drivers

    @ParameterizedTest
    @ValueSource(strings = {"TRANSACTION_REPEATABLE_READ", "TRANSACTION_SERIALIZABLE"})
    void aPoolWithItsOwnIsolationAndWithoutAutomaticCommitsIsGivenItsConnectionsBackAsTheyWere(String isolation)
            throws Exception {
        try (HikariDataSource strict = newPool(dataSource())) {
            strict.setAutoCommit(false);
            strict.setTransactionIsolation(isolation);
            strict.setMaximumPoolSize(2);
            JdbcTaskStore store = new JdbcTaskStore(strict, settings());
            store.afterPropertiesSet();
            store.register("w.1", LEASE);
            store.submit(List.of(task("mail").build(store)));
            store.submit(List.of(
                    task("mail").key("k").build(store), task("mail").key("l").build(store)));
            List<TaskRecord> claimed = store.claim(request("w.1", ALL, 10));
            assertThat(claimed).hasSize(3);
            assertThat(store.replace(claimed.stream()
                            .map(task -> task.succeeded(store.now(), "1"))
                            .toList()))
                    .containsExactly(true, true, true);
            store.tidy();
            assertThat(newest.counts().byState()).containsEntry(TaskState.SUCCEEDED, 3L);
            TransactionTemplate inStrict = new TransactionTemplate(new DataSourceTransactionManager(strict));
            inStrict.executeWithoutResult(status -> {
                store.submit(List.of(task("mail").build(store)));
                status.setRollbackOnly();
            });
            assertThat(newest.due(10)).isEmpty();
            try (Connection connection = strict.getConnection()) {
                assertThat(connection.getAutoCommit()).isFalse();
                assertThat(connection.getTransactionIsolation())
                        .isEqualTo(
                                isolation.contains("SERIAL")
                                        ? Connection.TRANSACTION_SERIALIZABLE
                                        : Connection.TRANSACTION_REPEATABLE_READ);
            }
        }
    }

    @Test
    void theTimeIsThatOfTheWorldWhateverTheTimeZones() {
        TimeZone usual = TimeZone.getDefault();
        try {
            TimeZone.setDefault(TimeZone.getTimeZone("Pacific/Honolulu"));
            JdbcTaskStore store = new JdbcTaskStore(pool, settings());
            assertThat(Duration.between(store.now(), Instant.now()).abs()).isLessThan(Duration.ofMinutes(1));
            TaskRecord task = submit(task("mail").build(store));
            assertThat(store.due(10)).containsExactly(task);
        } finally {
            TimeZone.setDefault(usual);
        }
    }

    @Test
    void theLargestTextIsKept() {
        String large = "😀".repeat(MAX_PAYLOAD / 2);
        TaskRecord task = submit(task("mail").arguments(large).build(newest));
        assertThat(find(task.id()).arguments()).isEqualTo(large);
    }

    @Test
    void aCharacterThatTheDatabaseCannotKeepDoesNotKeepATaskFromEnding() {
        register("w.1");
        TaskRecord running = change(change(submit(task("mail").build(newest)).leasedTo(new Lease("w.1", "n1")))
                .started(newest.now(), 0));
        assertThat(newest.replace(List.of(running.reported("half\0way", null)))).containsExactly(true);
        assertThat(find(running.id()).progress()).isEqualTo("half\uFFFDway");
        assertThat(newest.find(List.of("\0"))).isEmpty();
    }

    // History

    @Test
    void whatHasEndedIsMovedToTheHistoryAndSeenThere() {
        TaskRecord open = submit(task("mail").key("open").build(newest));
        TaskRecord done = change(submit(task("mail").key("done").build(newest)).cancel(newest.now()));
        newest.tidy();
        assertThat(ids("ha_task")).containsExactly(open.id());
        assertThat(ids("ha_task_history")).containsExactly(done.id());
        assertThat(newest.find(List.of(open.id(), done.id()))).containsExactlyInAnyOrder(open, done);
        assertThat(newest.list(new TaskQuery("mail", Set.of(), null, 10))).containsExactlyInAnyOrder(open, done);
        assertThat(newest.list(new TaskQuery(null, Set.of(TaskState.CANCELLED), null, 10)))
                .containsExactly(done);
        assertThat(newest.counts().byState())
                .containsEntry(TaskState.PENDING, 1L)
                .containsEntry(TaskState.CANCELLED, 1L);
        assertThat(submit(task("mail").key("done").build(newest))).isEqualTo(done);
        assertThat(newest.replace(List.of(done.withVersion(7)))).containsExactly(false);
        assertThat(newest.prune(newest.now().plusSeconds(60), 10)).isEqualTo(1);
        assertThat(ids("ha_task_history")).isEmpty();
        TaskRecord again = task("mail").key("done").build(newest);
        assertThat(submit(again).id()).isEqualTo(again.id());
    }

    @Test
    void manyAreMovedAtOnceAndListedPageByPage() {
        List<TaskRecord> tasks = IntStream.range(0, 1203)
                .mapToObj(i -> task("mail").key("" + i).build(newest))
                .toList();
        newest.submit(tasks);
        List<TaskRecord> kept = newest.find(tasks.stream().map(TaskRecord::id).toList());
        assertThat(kept).hasSize(1203);
        assertThat(newest.replace(kept.subList(3, 1203).stream()
                        .map(task -> task.cancel(newest.now()))
                        .toList()))
                .doesNotContain(false);
        newest.tidy();
        assertThat(ids("ha_task")).hasSize(3);
        assertThat(ids("ha_task_history")).hasSize(1200);
        List<String> listed = new ArrayList<>();
        TaskQuery.Position after = null;
        while (listed.size() < 1203) {
            List<TaskRecord> page = newest.list(new TaskQuery(null, Set.of(), after, 500));
            page.forEach(task -> listed.add(task.id()));
            after = TaskQuery.Position.of(page.get(page.size() - 1));
        }
        assertThat(listed).doesNotHaveDuplicates();
        assertThat(newest.prune(newest.now().plusSeconds(60), 1100)).isEqualTo(1100);
        assertThat(newest.prune(newest.now().plusSeconds(60), 1100)).isEqualTo(100);
        assertThat(jdbc.queryForObject("SELECT COUNT(*) FROM ha_task_key", Integer.class))
                .isEqualTo(3);
    }

    @Test
    void whatIsGivenOutForTheFirstTimeHasBegun() {
        register("w.1");
        TaskRecord task = submit(task("mail").build(newest));
        TaskRecord claimed = newest.claim(request("w.1", ALL, 10)).get(0);
        assertThat(claimed)
                .isEqualTo(task.leasedTo(new Lease("w.1", "n1"))
                        .started(claimed.attempts().get(0).startedAt(), WANTED.epoch())
                        .withVersion(task.version() + 1));
        assertThat(find(task.id())).isEqualTo(claimed);
    }

    @Test
    void aTaskThatIsRetriedComesBackFromTheHistory() {
        register("w.1");
        TaskRecord running = change(change(submit(task("mail").build(newest)).leasedTo(new Lease("w.1", "n1")))
                .started(newest.now(), 0));
        TaskRecord failed =
                change(running.failed(newest.now(), new TaskFailure(TaskFailure.Kind.THREW, "no", null), null));
        newest.tidy();
        assertThat(ids("ha_task_history")).containsExactly(failed.id());
        TaskRecord retried = change(failed.retried(newest.now()));
        assertThat(ids("ha_task_history")).isEmpty();
        assertThat(newest.claim(request("w.1", ALL, 10)))
                .singleElement()
                .matches(task -> task.isHeldBy("w.1") && task.version() == retried.version() + 1);
    }

    @Test
    void whatIsMovedIsNeverMissingAndItsKeyNeverFree() throws Exception {
        int rounds = 60;
        AtomicBoolean over = new AtomicBoolean();
        ExecutorService threads = Executors.newCachedThreadPool();
        try {
            Future<?> tidying = threads.submit(() -> {
                while (!over.get()) {
                    newest.tidy();
                }
            });
            for (int i = 0; i < rounds; i++) {
                String key = "k" + i;
                TaskRecord task = submit(task("mail").key(key).build(newest));
                newest.replace(List.of(task.cancel(newest.now())));
                for (int look = 0; look < 3; look++) {
                    assertThat(newest.find(List.of(task.id()))).hasSize(1);
                    assertThat(submit(task("mail").key(key).build(newest)).id()).isEqualTo(task.id());
                }
            }
            over.set(true);
            tidying.get();
        } finally {
            over.set(true);
            threads.shutdownNow();
            assertThat(threads.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
        }
        assertThat(newest.counts().byState()).containsEntry(TaskState.CANCELLED, (long) rounds);
    }

    // Many nodes

    @Test
    void nobodyWaitsForTasksThatAnotherIsTaking() {
        register("w.1");
        List<String> ids = IntStream.range(0, 4)
                .mapToObj(i -> submit(task("mail")
                                .at(newest.now().minusSeconds(60 - i))
                                .build(newest))
                        .id())
                .toList();
        List<String> locked = ids.subList(0, 2);
        transaction.executeWithoutResult(status -> {
            locked.forEach(id -> jdbc.queryForList("SELECT id FROM ha_task WHERE id = ? FOR UPDATE", id));
            List<TaskRecord> claimed = inOtherThread(() -> newest.claim(request("w.1", ALL, 10)));
            assertThat(claimed).hasSize(2).noneMatch(task -> locked.contains(task.id()));
        });
        assertThat(newest.claim(request("w.1", ALL, 10))).hasSize(2);
    }

    /** Least of all in small tables, which a database likes to search from end to end, stopping at every locked row. */
    @Test
    void nobodyWaitsForWhatIsNotItsOwn() {
        register("w.1");
        TaskRecord first = submit(task("mail").key("first").build(newest));
        List<TaskRecord> others = newest.submit(IntStream.range(0, 8)
                .mapToObj(i -> task("mail").key("k" + i).build(newest))
                .toList());
        transaction.executeWithoutResult(status -> {
            jdbc.queryForList("SELECT id FROM ha_task WHERE id = ? FOR UPDATE", first.id());
            submit(task("mail").key("not yet committed").build(newest));
            inOtherThread(() -> {
                List<TaskRecord> claimed = newest.claim(request("w.1", ALL, 3));
                assertThat(claimed).hasSize(3);
                assertThat(newest.replace(claimed.stream()
                                .map(task -> task.succeeded(newest.now(), "1"))
                                .toList()))
                        .containsOnly(true);
                newest.tidy();
                assertThat(ids("ha_task_history")).hasSize(3);
                List<TaskRecord> open = others.stream()
                        .filter(task ->
                                claimed.stream().noneMatch(other -> other.id().equals(task.id())))
                        .toList();
                assertThat(newest.replace(open.stream()
                                .map(task -> task.cancel(newest.now()))
                                .toList()))
                        .containsOnly(true);
                assertThat(newest.prune(newest.now().plusSeconds(60), 100)).isEqualTo(8);
                return newest.submit(IntStream.range(0, 4)
                        .mapToObj(i -> task("mail").key("k" + i).build(newest))
                        .toList());
            });
        });
        assertThat(newest.due(10)).hasSize(6);
    }

    @Test
    void batchesOfTheSameTasksInAnyOrderDoNotBlockEachOther(CapturedOutput output) throws Exception {
        List<TaskRecord> tasks =
                IntStream.range(0, 40).mapToObj(i -> task("mail").build(newest)).toList();
        List<TaskRecord> kept = newest.submit(tasks);
        List<List<Boolean>> won = inParallel(6, i -> {
            List<TaskRecord> shuffled = new ArrayList<>(kept);
            Collections.shuffle(shuffled);
            return newest.replace(
                    shuffled.stream().map(task -> task.cancel(newest.now())).toList());
        });
        assertThat(won.stream().flatMap(List::stream).filter(Boolean::booleanValue))
                .hasSize(40);
        assertThat(newest.find(kept.stream().map(TaskRecord::id).toList())).allMatch(task -> task.version() == 2);
        assertThat(output).doesNotContain("in favour of another");
    }

    @Test
    void eachOfManyTasksRunsOnceWhileNodesSubmitClaimCompleteAndTidyAtTheSameTime(CapturedOutput output)
            throws Exception {
        int perNode = 150;
        Set<String> started = ConcurrentHashMap.newKeySet();
        AtomicInteger completed = new AtomicInteger();
        int nodes = 4;
        inParallel(nodes, number -> {
            JdbcTaskStore store = new JdbcTaskStore(pool, settings());
            Lease me = new Lease("w." + number, "n" + number);
            store.register(me.worker(), LEASE);
            int submitted = 0;
            while (completed.get() < nodes * perNode) {
                if (submitted < perNode) {
                    List<TaskRecord> some = IntStream.range(0, 10)
                            .mapToObj(i -> task("mail").build(store))
                            .toList();
                    store.submit(some);
                    submitted += 10;
                }
                List<TaskRecord> running = store.claim(new ClaimRequest(me, ALL, Duration.ZERO, 7, false));
                running.forEach(task -> assertThat(started.add(task.id())).isTrue());
                List<TaskRecord> done = running.stream()
                        .map(task -> task.succeeded(store.now(), "1"))
                        .toList();
                assertThat(store.replace(done)).doesNotContain(false);
                completed.addAndGet(done.size());
                store.renew(me.worker(), LEASE);
                store.expire(store.now().plusSeconds(60));
                store.tidy();
            }
            return 0;
        });
        assertThat(newest.counts().byState()).containsEntry(TaskState.SUCCEEDED, (long) nodes * perNode);
        assertThat(newest.workers()).hasSize(nodes);
        assertThat(output).doesNotContain("in favour of another");
    }

    @Test
    void whatIsClaimedWhileItsWorkerIsReleasedIsAbandoned() throws Exception {
        int tasks = 60;
        newest.submit(IntStream.range(0, tasks)
                .mapToObj(i -> task("mail").build(newest))
                .toList());
        AtomicInteger claimed = new AtomicInteger();
        for (int round = 0; round < 20; round++) {
            String worker = "w." + round;
            register(worker);
            inParallel(2, i -> {
                if (i == 0) {
                    claimed.addAndGet(newest.claim(request(worker, ALL, 3)).size());
                } else {
                    newest.release(worker);
                }
                return 0;
            });
        }
        assertThat(newest.abandoned(tasks)).hasSize(claimed.get());
        assertThat(newest.due(tasks)).hasSize(tasks - claimed.get());
    }

    // Troubles

    @Test
    void recordsThatCannotBeReadAreSetAsideAndTheOthersGoOn(CapturedOutput output) {
        register("w.1");
        List<TaskRecord> tasks = newest.submit(IntStream.range(0, 8)
                .mapToObj(i -> task("mail")
                        .key("k" + i)
                        .at(newest.now().minusSeconds(60 - i))
                        .build(newest))
                .toList());
        TaskRecord ended = change(tasks.get(7).cancel(newest.now()));
        newest.tidy();
        corrupt("ha_task", "attempts = '[{'", tasks.get(0));
        corrupt("ha_task", "failure = '{\"kind\":\"NONSENSE\"}'", tasks.get(1));
        corrupt("ha_task", "state = 'FROZEN'", tasks.get(2));
        corrupt("ha_task", "state = 'RUNNING', worker = 'w.1'", tasks.get(3));
        corrupt("ha_task", "state = 'LEASED', worker = 'gone', node_id = 'n9', attempts = 'null'", tasks.get(4));
        corrupt("ha_task_history", "attempts = ''", ended);

        assertThat(newest.abandoned(10)).isEmpty();
        assertThat(newest.heldBy("w.1")).isEmpty();
        assertThat(newest.due(10)).extracting(TaskRecord::id).containsExactly(id(tasks, 5), id(tasks, 6));
        assertThat(newest.claim(request("w.1", ALL, 10)))
                .extracting(TaskRecord::id)
                .containsExactly(id(tasks, 5), id(tasks, 6));
        assertThat(newest.find(tasks.stream().map(TaskRecord::id).toList())).hasSize(2);
        assertThat(newest.list(new TaskQuery(null, Set.of(), null, 2))).hasSize(2);
        TaskCounts counts = newest.counts();
        assertThat(counts.unreadable()).isEqualTo(6);
        assertThat(counts.byState()).containsEntry(TaskState.RUNNING, 2L).containsEntry(TaskState.PENDING, 0L);
        for (int i : new int[] {0, 1, 2, 3, 4, 7}) {
            assertThat(output.getAll().split("The record of task mail " + id(tasks, i), -1))
                    .hasSize(2);
        }
        assertThatExceptionOfType(TaskStoreException.class)
                .isThrownBy(() -> submit(task("mail").key("k0").build(newest)))
                .withMessageContaining(id(tasks, 0));

        jdbc.update("UPDATE ha_task SET attempts = '[]', state = 'PENDING' WHERE id = ?", id(tasks, 0));
        assertThat(newest.due(10)).extracting(TaskRecord::id).containsExactly(id(tasks, 0));
        assertThat(newest.counts().unreadable()).isEqualTo(5);
    }

    @Test
    void recordsThatCannotBeReadTakeNobodysPlaceOnAPage() {
        List<TaskRecord> tasks = newest.submit(IntStream.range(0, 6)
                .mapToObj(
                        i -> task("mail").at(newest.now().minusSeconds(60 - i)).build(newest))
                .toList());
        corrupt("ha_task", "attempts = '{}'", tasks.get(2));
        corrupt("ha_task", "attempts = '{}'", tasks.get(4));
        assertThat(newest.list(new TaskQuery(null, Set.of(), null, 4)))
                .extracting(TaskRecord::id)
                .containsExactly(id(tasks, 5), id(tasks, 3), id(tasks, 1), id(tasks, 0));
    }

    @Test
    void recordsInAnUnknownStateAreSetAsideWhenTheyAreCounted(CapturedOutput output) {
        TaskRecord task = submit(task("mail").build(newest));
        corrupt("ha_task", "state = 'FROZEN'", task);
        assertThat(newest.counts().unreadable()).isEqualTo(1);
        assertThat(newest.counts().unreadable()).isEqualTo(1);
        assertThat(output.getAll().split("'FROZEN'", -1)).hasSize(2);
        assertThat(jdbc.queryForObject("SELECT state FROM ha_task", String.class))
                .isEqualTo("UNREADABLE:FROZEN");
    }

    private void corrupt(String table, String how, TaskRecord task) {
        assertThat(jdbc.update("UPDATE " + table + " SET " + how + " WHERE id = ?", task.id()))
                .isEqualTo(1);
    }

    private static String id(List<TaskRecord> tasks, int index) {
        return tasks.get(index).id();
    }

    @ParameterizedTest
    @ValueSource(strings = {"ha_task", "ha_task_history", "ha_task_key", "ha_task_worker", "ha_task_paused"})
    void aMissingTableIsNamedWithTheScriptThatMakesIt(String table) {
        jdbc.execute("DROP TABLE " + table);
        String script = database().scriptFor(JdbcTaskStore.class);
        if (database() != Database.H2) {
            assertThatExceptionOfType(TaskTablesException.class)
                    .isThrownBy(() -> new JdbcTaskStore(pool, settings()).afterPropertiesSet())
                    .withMessageContaining("ledger")
                    .withMessageContaining(script);
        }
        if (table.equals("ha_task")) {
            assertThatExceptionOfType(TaskTablesException.class)
                    .isThrownBy(() -> submit(task("mail").build(newest)))
                    .withMessageContaining(script);
        }
    }

    @Test
    void aDatabaseThatKeepsAStatementWaitingIsGivenUp() {
        TaskRecord task = submit(task("mail").build(newest));
        JdbcTaskStore hasty = new JdbcTaskStore(pool, settings(Duration.ofSeconds(1)));
        transaction.executeWithoutResult(status -> {
            jdbc.queryForList("SELECT id FROM ha_task FOR UPDATE");
            assertThatThrownBy(() -> inOtherThread(() -> hasty.replace(List.of(task.cancel(task.submittedAt())))))
                    .hasCauseInstanceOf(StoreUnavailableException.class)
                    .hasMessageContaining("ledger")
                    .hasMessageContaining("statement-timeout");
        });
        change(task.cancel(newest.now()));
    }

    @Test
    void aPoolWithoutAConnectionToSpareIsAStoreThatIsUnavailable() throws Exception {
        try (HikariDataSource small = newPool(dataSource())) {
            small.setMaximumPoolSize(1);
            small.setConnectionTimeout(300);
            JdbcTaskStore store = new JdbcTaskStore(small, settings());
            store.afterPropertiesSet();
            try (Connection taken = small.getConnection()) {
                assertThat(taken.isValid(10)).isTrue();
                assertThatExceptionOfType(StoreUnavailableException.class)
                        .isThrownBy(() -> store.find(List.of("x")))
                        .withMessageContaining("ledger")
                        .withMessageContaining("pool");
            }
        }
    }

    // Help

    List<String> ids(String table) {
        return jdbc.queryForList("SELECT id FROM " + table, String.class);
    }

    static <T> T inOtherThread(java.util.concurrent.Callable<T> work) {
        ExecutorService thread = Executors.newSingleThreadExecutor();
        try {
            return thread.submit(work).get(60, TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new AssertionError(
                    e.getCause() == null ? e.toString() : e.getCause().getMessage(), e.getCause());
        } finally {
            thread.shutdownNow();
        }
    }

    static void await(CountDownLatch latch) {
        try {
            assertThat(latch.await(60, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
