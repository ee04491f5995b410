package org.hatask.fence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;
import org.awaitility.Awaitility;
import org.hatask.StaleEpochException;
import org.hatask.jdbc.Database;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.core.io.ByteArrayResource;
import org.springframework.dao.TransientDataAccessException;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.datasource.DataSourceTransactionManager;
import org.springframework.jdbc.datasource.init.ScriptUtils;
import org.springframework.transaction.TransactionDefinition;
import org.springframework.transaction.support.TransactionTemplate;

/** What the fence promises in every database, here a real one. */
@Timeout(120)
abstract class FenceConformanceTest {

    /** How long something must not happen that a broken lock would let happen at once. */
    private static final Duration MOMENT = Duration.ofMillis(300);

    private final ExecutorService threads = Executors.newCachedThreadPool();
    private DataSource dataSource;
    private JdbcTemplate jdbc;
    private TransactionTemplate transaction;
    private JdbcFence fence;

    /** Of the database that the class has started; waits for locks for longer than a busy machine makes it. */
    abstract DataSource dataSource();

    abstract Database database();

    @BeforeEach
    void makeTables() {
        dataSource = dataSource();
        jdbc = new JdbcTemplate(dataSource);
        jdbc.execute("DROP TABLE IF EXISTS ha_fence");
        jdbc.execute("DROP TABLE IF EXISTS entry");
        jdbc.execute("CREATE TABLE entry (number INT, epoch BIGINT)"
                + (database() == Database.MYSQL ? " ENGINE = InnoDB" : ""));
        runScript("ha_fence");
        transaction = new TransactionTemplate(new DataSourceTransactionManager(dataSource));
        fence = newNode();
    }

    @AfterEach
    void endThreads() throws InterruptedException {
        threads.shutdownNow();
        assertThat(threads.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void newerEpochsPassAndTheSameOnePassesAgain() {
        for (long epoch : new long[] {1, 2, 2, 2, 7, 7, Long.MAX_VALUE, Long.MAX_VALUE}) {
            write(fence, epoch);
            assertThat(storedEpoch()).isEqualTo(epoch);
        }
        assertThat(entries()).containsExactly(1L, 2L, 2L, 2L, 7L, 7L, Long.MAX_VALUE, Long.MAX_VALUE);
    }

    @Test
    void anOlderEpochIsRefusedAndItsTransactionRolledBack() {
        write(fence, 5);
        assertThatExceptionOfType(StaleEpochException.class)
                .isThrownBy(() -> transaction.executeWithoutResult(status -> {
                    insert(4);
                    fence.pass("desk", 4);
                }))
                .withMessageContaining("'desk'")
                .withMessageContaining("epoch 4")
                .withMessageContaining("epoch 5");
        assertThat(entries()).containsExactly(5L);
        assertThat(storedEpoch()).isEqualTo(5);
    }

    @Test
    void whoCatchesTheRefusalCannotCommitAllTheSame() {
        write(fence, 5);
        assertThatExceptionOfType(StaleEpochException.class)
                .isThrownBy(() -> transaction.executeWithoutResult(status -> {
                    try {
                        fence.pass("desk", 4);
                    } catch (StaleEpochException e) {
                        insert(4);
                    }
                }));
        assertThat(entries()).containsExactly(5L);
    }

    @Test
    void aRolledBackWriterLeavesTheFenceAsItWas() {
        write(fence, 5);
        transaction.executeWithoutResult(status -> {
            fence.pass("desk", 9);
            status.setRollbackOnly();
        });
        assertThat(storedEpoch()).isEqualTo(5);
        write(newNode(), 6);
    }

    @Test
    void theFirstWriterMayRollBackToo() {
        transaction.executeWithoutResult(status -> {
            fence.pass("desk", 9);
            status.setRollbackOnly();
        });
        write(fence, 1);
        write(fence, 1);
        assertThat(storedEpoch()).isEqualTo(1);
    }

    @Test
    void fencesOfDifferentNamesDoNotMeet() throws Exception {
        write(fence, 5);
        Writer writer = new Writer(fence, 6).start();
        writer.awaitPassed();
        transaction.executeWithoutResult(status -> fence.pass("Desk", 1));
        transaction.executeWithoutResult(status -> fence.pass("other", 2));
        writer.commit();
        assertThat(jdbc.queryForList("SELECT epoch FROM ha_fence ORDER BY epoch", Long.class))
                .containsExactly(1L, 2L, 6L);
    }

    @Test
    void anOlderWriterWaitsForTheNewerOneAndIsThenRefused() throws Exception {
        write(fence, 4);
        Writer newer = new Writer(newNode(), 5).start();
        newer.awaitPassed();
        Writer older = new Writer(fence, 4).start();
        older.assertWaits();

        newer.commit();

        assertThatExceptionOfType(ExecutionException.class)
                .isThrownBy(older::commit)
                .withCauseInstanceOf(StaleEpochException.class);
        assertThat(entries()).containsExactly(4L, 5L);
    }

    @Test
    void anOlderWriterWhoseForerunnerRollsBackPasses() throws Exception {
        write(fence, 4);
        Writer newer = new Writer(newNode(), 5).start();
        newer.awaitPassed();
        Writer older = new Writer(fence, 4).start();
        older.assertWaits();

        newer.rollBack();
        older.commit();

        assertThat(entries()).containsExactly(4L, 4L);
    }

    @Test
    void aWriterThatPausesBehindTheFenceIsAwaitedAndRefusedTheNextTime() throws Exception {
        Writer paused = new Writer(fence, 4).start();
        paused.awaitPassed();
        Writer newer = new Writer(newNode(), 5).start();
        newer.assertWaits();

        paused.commit();
        newer.commit();

        assertThat(newer.seen).as("what the newer one read after the fence").containsExactly(4L);
        assertThat(entries()).containsExactly(4L, 5L);
        assertThatExceptionOfType(StaleEpochException.class).isThrownBy(() -> write(fence, 4));
    }

    @Test
    void nodesThatUseAFenceForTheFirstTimeTogetherQueue() throws Exception {
        for (int round = 0; round < 10; round++) {
            String name = "round " + round;
            CyclicBarrier together = new CyclicBarrier(4);
            List<Future<Boolean>> writers = new ArrayList<>();
            for (long epoch = 1; epoch <= 4; epoch++) {
                long own = epoch;
                JdbcFence node = newNode();
                writers.add(threads.submit(() -> {
                    together.await();
                    return passes(node, name, own);
                }));
            }
            long highest = 0;
            for (int i = 0; i < writers.size(); i++) {
                highest = writers.get(i).get(60, TimeUnit.SECONDS) ? i + 1 : highest;
            }
            assertThat(highest).as("nobody is newer than the newest").isEqualTo(4);
            assertThat(jdbc.queryForList("SELECT epoch FROM ha_fence WHERE name = ?", Long.class, name))
                    .containsExactly(4L);
        }
    }

    @Test
    void whenTheFirstWriterRollsBackTheOneWaitingBehindItIsTheFirst() throws Exception {
        Writer first = new Writer(fence, 5).start();
        first.awaitPassed();
        Writer second = new Writer(newNode(), 4).start();
        second.assertWaits();

        first.rollBack();
        second.commit();

        assertThat(storedEpoch()).isEqualTo(4);
        assertThat(entries()).containsExactly(4L);
    }

    @Test
    void whenTheFirstWriterCommitsAllThoseWaitingBehindItPassInTurn() throws Exception {
        Writer first = new Writer(fence, 5).start();
        first.awaitPassed();
        List<Writer> waiting = List.of(
                new Writer(newNode(), 5).start(), new Writer(newNode(), 5).start(), new Writer(newNode(), 5).start());
        for (Writer writer : waiting) {
            writer.assertWaits();
        }

        first.commit();
        for (Writer writer : waiting) {
            writer.mayEnd.countDown();
        }
        for (Writer writer : waiting) {
            writer.commit();
        }

        assertThat(entries()).containsExactly(5L, 5L, 5L, 5L);
    }

    /** Where two wait, a database may give one of them up: its transaction is rolled back and may try again. */
    @Test
    void whenTheFirstWriterRollsBackAtLeastOneOfThoseWaitingBehindItPasses() throws Exception {
        Writer first = new Writer(fence, 5).start();
        first.awaitPassed();
        List<Writer> waiting = List.of(new Writer(newNode(), 4).start(), new Writer(newNode(), 4).start());
        for (Writer writer : waiting) {
            writer.assertWaits();
        }

        first.rollBack();
        int passed = 0;
        for (Writer writer : waiting) {
            writer.mayEnd.countDown();
        }
        for (Writer writer : waiting) {
            try {
                writer.commit();
                passed++;
            } catch (ExecutionException e) {
                assertThat(e).hasCauseInstanceOf(TransientDataAccessException.class);
                assertThat(database()).isEqualTo(Database.MYSQL);
            }
        }
        assertThat(passed).isPositive();
        assertThat(entries()).hasSize(passed).containsOnly(4L);
    }

    @Test
    void outsideOfATransactionNobodyPasses() {
        assertThatIllegalStateException()
                .isThrownBy(() -> fence.pass("desk", 1))
                .withMessageContaining("outside of a transaction")
                .withMessageContaining("@Transactional");
        assertThat(jdbc.queryForObject("SELECT COUNT(*) FROM ha_fence", Long.class))
                .isZero();
    }

    @Test
    void aTransactionOverAnotherDataSourceDoesNotCount() {
        JdbcFence elsewhere = new JdbcFence(dataSource(), "ha_fence", "desk", true);
        assertThatIllegalStateException()
                .isThrownBy(() -> transaction.executeWithoutResult(status -> elsewhere.pass("desk", 1)))
                .withMessageContaining("over its data source");
    }

    @Test
    void aTransactionThatOnlySynchronizesDoesNotCount() {
        transaction.setPropagationBehavior(TransactionDefinition.PROPAGATION_SUPPORTS);
        assertThatIllegalStateException()
                .isThrownBy(() -> transaction.executeWithoutResult(status -> fence.pass("desk", 1)));
    }

    @Test
    void aRowThatSomebodyDeletedIsMadeAnew() {
        write(fence, 5);
        jdbc.update("DELETE FROM ha_fence");
        write(fence, 1);
        assertThat(storedEpoch()).isEqualTo(1);
    }

    @Test
    void aMissingTableIsToldWithTheStatementThatCreatesIt() {
        jdbc.execute("DROP TABLE ha_fence");
        assertThatExceptionOfType(FenceTableException.class)
                .isThrownBy(() -> write(newNode(), 1))
                .satisfies(e -> {
                    assertThat(e.problem()).contains("ha_fence is missing");
                    assertThat(e.cure()).contains("CREATE TABLE IF NOT EXISTS ha_fence");
                });
        assertThat(entries()).isEmpty();
    }

    @Test
    void theTableIsMadeOnH2OnlyAndItsAbsenceShowsAtTheStartElsewhere() {
        JdbcFence other = new JdbcFence(dataSource, "other_fence", "desk", true);
        jdbc.execute("DROP TABLE IF EXISTS other_fence");
        try {
            if (database() == Database.H2) {
                other.afterPropertiesSet();
            } else {
                assertThatExceptionOfType(FenceTableException.class)
                        .isThrownBy(other::afterPropertiesSet)
                        .satisfies(e -> {
                            assertThat(e.problem()).contains("other_fence");
                            assertThat(e.cure()).contains(FenceRows.ddl(database(), "other_fence"));
                        });
                runScript("other_fence");
            }
            assertThatCode(other::afterPropertiesSet).doesNotThrowAnyException();
            write(other, 3);
            assertThat(jdbc.queryForObject("SELECT epoch FROM other_fence", Long.class))
                    .isEqualTo(3);
        } finally {
            jdbc.execute("DROP TABLE other_fence");
        }
    }

    /** Or the database refuses the one that waited, which is as good: its transaction is rolled back and may try again. */
    @ParameterizedTest
    @ValueSource(
            ints = {
                Connection.TRANSACTION_READ_COMMITTED,
                Connection.TRANSACTION_REPEATABLE_READ,
                Connection.TRANSACTION_SERIALIZABLE
            })
    void whoPassesFirstOfAllReadsWhatTheOneBeforeHasWrittenAtEveryIsolation(int isolation) throws Exception {
        write(fence, 1);
        transaction.setIsolationLevel(isolation);
        Writer before = new Writer(fence, 1).start();
        before.awaitPassed();
        Writer after = new Writer(newNode(), 2).start();
        after.assertWaits();
        before.commit();
        boolean refused = false;
        try {
            after.commit();
        } catch (ExecutionException e) {
            assertThat(e).hasCauseInstanceOf(TransientDataAccessException.class);
            refused = true;
        }
        assertThat(refused).isEqualTo(refusesTheOneThatWaited(isolation));
        if (refused) {
            after = new Writer(newNode(), 2).start();
            after.commit();
        }
        assertThat(after.seen).containsExactly(1L, 1L);
        assertThatExceptionOfType(StaleEpochException.class).isThrownBy(() -> write(fence, 1));
    }

    /** What docs/fencing.md tells of this database. */
    abstract boolean refusesTheOneThatWaited(int isolation);

    @ParameterizedTest
    @ValueSource(
            ints = {
                Connection.TRANSACTION_READ_COMMITTED,
                Connection.TRANSACTION_REPEATABLE_READ,
                Connection.TRANSACTION_SERIALIZABLE
            })
    void whatAReadBeforeTheFenceDoesToOneAfterIt(int isolation) {
        if (readsLock(isolation)) {
            return; // Nobody can write meanwhile.
        }
        write(fence, 1);
        transaction.setIsolationLevel(isolation);
        String seen;
        try {
            seen = transaction.execute(status -> {
                entries();
                writeMeanwhile(1);
                fence.pass("desk", 2);
                return entries().equals(List.of(1L, 1L)) ? "fresh" : "old";
            });
        } catch (TransientDataAccessException e) {
            seen = "refused";
        }
        assertThat(seen).isEqualTo(afterAReadBefore(isolation));
    }

    @ParameterizedTest
    @ValueSource(
            ints = {
                Connection.TRANSACTION_READ_UNCOMMITTED,
                Connection.TRANSACTION_READ_COMMITTED,
                Connection.TRANSACTION_REPEATABLE_READ,
                Connection.TRANSACTION_SERIALIZABLE
            })
    void anOlderEpochNeverPassesWithTheHelpOfAnOldSnapshot(int isolation) {
        write(fence, 4);
        transaction.setIsolationLevel(isolation);
        for (boolean fenceWasRead : readsLock(isolation) ? List.of(false) : List.of(true, false)) {
            long epoch = storedEpoch();
            assertThatExceptionOfType(RuntimeException.class)
                    .isThrownBy(() -> transaction.executeWithoutResult(status -> {
                        if (fenceWasRead) {
                            storedEpoch();
                        } else {
                            jdbc.queryForObject("SELECT COUNT(*) FROM entry WHERE 1 = 0", Long.class);
                        }
                        writeMeanwhile(epoch + 1);
                        writeInside(fence, epoch);
                    }))
                    .matches(e -> e instanceof StaleEpochException || e instanceof TransientDataAccessException);
        }
        assertThat(entries()).isEqualTo(readsLock(isolation) ? List.of(4L, 5L) : List.of(4L, 5L, 6L));
    }

    /** What docs/fencing.md tells of this database: fresh, old or refused. */
    abstract String afterAReadBefore(int isolation);

    private boolean readsLock(int isolation) {
        return database() == Database.MYSQL && isolation == Connection.TRANSACTION_SERIALIZABLE;
    }

    private JdbcFence newNode() {
        return new JdbcFence(dataSource, "ha_fence", "desk", true);
    }

    private void write(JdbcFence by, long epoch) {
        transaction.executeWithoutResult(status -> writeInside(by, epoch));
    }

    private void writeInside(JdbcFence by, long epoch) {
        by.pass("desk", epoch);
        insert(epoch);
    }

    private boolean passes(JdbcFence by, String name, long epoch) {
        try {
            transaction.executeWithoutResult(status -> by.pass(name, epoch));
            return true;
        } catch (StaleEpochException e) {
            return false;
        }
    }

    private void insert(long epoch) {
        jdbc.update("INSERT INTO entry (number, epoch) SELECT COUNT(*) + 1, ? FROM entry", epoch);
    }

    private List<Long> entries() {
        return jdbc.queryForList("SELECT epoch FROM entry ORDER BY number", Long.class);
    }

    private long storedEpoch() {
        return jdbc.queryForObject("SELECT epoch FROM ha_fence WHERE name = 'desk'", Long.class);
    }

    private void runScript(String table) {
        try (Connection connection = dataSource.getConnection()) {
            ScriptUtils.executeSqlScript(
                    connection,
                    new ByteArrayResource(FenceRows.ddl(database(), table).getBytes()));
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    /** In a transaction of its own, while this thread is in another. */
    private void writeMeanwhile(long epoch) {
        TransactionTemplate other = new TransactionTemplate(new DataSourceTransactionManager(dataSource));
        Future<?> written = threads.submit(() -> other.executeWithoutResult(status -> writeInside(newNode(), epoch)));
        assertThat(written).succeedsWithin(Duration.ofSeconds(60));
    }

    /** A transaction on a thread of its own that passes, reads, writes and then waits to be told how to end. */
    private final class Writer {

        private final JdbcFence node;
        private final long epoch;
        private final CountDownLatch passed = new CountDownLatch(1);
        private final CountDownLatch mayEnd = new CountDownLatch(1);
        private volatile boolean rollBack;
        private volatile List<Long> seen = List.of();
        private Future<?> end;

        Writer(JdbcFence node, long epoch) {
            this.node = node;
            this.epoch = epoch;
        }

        Writer start() {
            end = threads.submit((Callable<Void>) () -> {
                transaction.executeWithoutResult(status -> {
                    node.pass("desk", epoch);
                    seen = entries();
                    insert(epoch);
                    passed.countDown();
                    awaitEnd();
                    if (rollBack) {
                        status.setRollbackOnly();
                    }
                });
                return null;
            });
            return this;
        }

        private void awaitEnd() {
            try {
                mayEnd.await();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }

        void awaitPassed() throws Exception {
            assertThat(passed.await(30, TimeUnit.SECONDS)).isTrue();
        }

        void assertWaits() {
            Awaitility.await()
                    .during(MOMENT)
                    .atMost(Duration.ofSeconds(30))
                    .until(() -> passed.getCount() == 1 && !end.isDone());
        }

        void commit() throws Exception {
            mayEnd.countDown();
            end.get(60, TimeUnit.SECONDS);
        }

        void rollBack() throws Exception {
            rollBack = true;
            commit();
        }
    }
}
