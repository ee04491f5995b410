package org.hatask.fence;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import javax.sql.DataSource;
import org.hatask.StaleEpochException;
import org.hatask.TaskContext;
import org.hatask.jdbc.Database;
import org.hatask.jdbc.TableName;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.InitializingBean;
import org.springframework.jdbc.BadSqlGrammarException;
import org.springframework.jdbc.core.ConnectionCallback;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.transaction.support.TransactionSynchronization;
import org.springframework.transaction.support.TransactionSynchronizationManager;

/**
 * Keeps masters of the past out of a database. A table holds, by name, the highest epoch that ever wrote. Whoever writes as
 * master first passes the fence, in the same transaction: one guarded statement raises the row to its epoch and so locks it
 * until the commit. Writers of one fence therefore queue, and one with an older epoch is refused however late it wakes up.
 *
 * <pre>{@code
 * @Transactional
 * public void book(Trade trade) {
 *     fence.pass();               // first of all
 *     trades.insert(trade);
 * }
 * }</pre>
 *
 * <p>Call it before the transaction reads anything: at repeatable read, MySQL would otherwise go on showing what stood there
 * before the queue. A transaction that was refused cannot be committed, even when it catches the exception.
 *
 * <p>Thread-safe. Works with every transaction manager of Spring that binds its connection to the {@link DataSource}: for
 * JDBC, for JPA, for JTA. Waits for the lock as long as the database and the transaction's timeout let it.
 */
public class JdbcFence implements InitializingBean {

    /** Name of the table, unless configured. */
    public static final String DEFAULT_TABLE = "ha_fence";

    /**
     * The epoch of a process without a cluster ({@code ha.enabled=false}): it may write until the first master of a cluster
     * has.
     */
    public static final long NO_CLUSTER = 0;

    /** As wide as the column. */
    static final int MAX_NAME_LENGTH = 100;

    private static final Logger log = LoggerFactory.getLogger(JdbcFence.class);

    private final DataSource dataSource;
    private final JdbcTemplate jdbc;
    private final String table;
    private final String defaultName;
    private final boolean clustered;

    /** Names whose rows are known to be committed, so that they need not be made. Only grows, but for rows that vanish. */
    private final Set<String> committed = ConcurrentHashMap.newKeySet();

    /** Found out at the first connection, always to the same value. */
    private volatile @Nullable Database database;

    /**
     * @param dataSource of the transactions that pass
     * @param table name of the table, with its schema where it needs one
     * @param defaultName name of the fence that {@link #pass()} passes: the cluster's, since epochs of two clusters have
     *     nothing to do with each other
     * @param clustered false where tasks are plain methods: what runs outside of a task then writes for the epoch
     *     {@link #NO_CLUSTER}
     */
    public JdbcFence(DataSource dataSource, String table, String defaultName, boolean clustered) {
        if (!TableName.isPlain(table)) {
            throw new IllegalArgumentException(
                    "The fence's table is '" + table + "' but must be " + TableName.EXPECTED + ".");
        }
        this.dataSource = dataSource;
        this.jdbc = new JdbcTemplate(dataSource);
        this.table = table;
        this.defaultName = requireName(defaultName);
        this.clustered = clustered;
    }

    /**
     * Passes the cluster's fence for the epoch of the task that this thread executes, in the transaction that it is in.
     *
     * @return the epoch
     * @throws StaleEpochException when a newer master has written, or this node's mastership is over; rolls back
     * @throws IllegalStateException outside of a transaction over this data source, outside of a task, or in a task that is
     *     not for the master
     * @throws FenceTableException when there is no such table
     */
    public long pass() {
        return pass(defaultName);
    }

    /**
     * As {@link #pass()}, with a fence of its own for data that nobody else writes. Its writers queue by themselves.
     *
     * @param name of the fence, up to 100 characters. Each is a row that stays, so take a few fixed ones
     */
    public long pass(String name) {
        long epoch = currentEpoch();
        pass(name, epoch);
        return epoch;
    }

    /**
     * As {@link #pass()}, for work that is not done by a task's own thread.
     *
     * @param name of the fence, up to 100 characters
     * @param epoch under which the write was decided, zero or more
     */
    public void pass(String name, long epoch) {
        requireName(name);
        if (epoch < 0) {
            throw new IllegalArgumentException("The epoch is " + epoch + " but must be zero or more.");
        }
        requireTransaction(name);
        try {
            if (!committed.contains(name)) {
                createRow(name);
            }
            boolean passed = raise(name, epoch);
            if (!passed && written(name).isEmpty()) {
                log.warn(
                        "The row of the fence '{}' has vanished from {} and is made anew with epoch {}: whoever deleted it must"
                                + " have known that no older master can write any more",
                        name,
                        table,
                        epoch);
                createRow(name);
                passed = raise(name, epoch);
            }
            if (!passed) {
                throw refuse(name, epoch);
            }
        } catch (BadSqlGrammarException e) {
            throw tableProblem(e.getSQLException(), e);
        }
    }

    /**
     * Makes the table on H2, and makes sure of it on other databases, so that a missing one shows at the start and not at
     * the first change of master.
     *
     * @throws FenceTableException when the database is there and the table is not
     */
    @Override
    public void afterPropertiesSet() {
        // A connection of its own: creating a table would commit the transaction in which this bean may be asked for.
        try (Connection connection = dataSource.getConnection();
                Statement statement = connection.createStatement()) {
            Database found = Database.of(connection);
            database = found;
            if (found == Database.H2) {
                createTable(statement, found);
            }
            statement
                    .executeQuery("SELECT name, epoch, passes FROM " + table + " WHERE 1 = 0")
                    .close();
        } catch (SQLException e) {
            if (isAboutTheTable(e)) {
                throw tableProblem(e, e);
            }
            log.warn(
                    "The fence cannot reach its database yet, so whether the table {} is there will show at the first use: {}",
                    table,
                    e.getMessage());
        }
    }

    private void createTable(Statement statement, Database found) {
        try {
            statement.execute(FenceRows.ddl(found, table));
        } catch (SQLException e) {
            // Two nodes at once, or no right to create it: what follows tells whether it is there.
            log.debug("Creating {} failed", table, e);
        }
    }

    private long currentEpoch() {
        if (!clustered && TaskContext.find().isEmpty()) {
            return NO_CLUSTER;
        }
        TaskContext context = TaskContext.current();
        OptionalLong epoch = context.epoch();
        if (epoch.isEmpty()) {
            throw new IllegalStateException("Task " + context.taskName()
                    + " is not for the master, so it has no epoch to pass the fence with: give it role = Role.MASTER, or pass"
                    + " the epoch of whoever decided the write by pass(name, epoch)");
        }
        context.checkMaster();
        return epoch.getAsLong();
    }

    private void requireTransaction(String name) {
        boolean inside = TransactionSynchronizationManager.isActualTransactionActive()
                && Boolean.FALSE.equals(jdbc.execute((ConnectionCallback<Boolean>) Connection::getAutoCommit));
        if (!inside) {
            throw new IllegalStateException("The fence '" + name
                    + "' was passed outside of a transaction over its data source, where its lock would be gone at once and"
                    + " protect nothing: call it in the @Transactional method that writes, called from another bean, or in a"
                    + " TransactionTemplate; with several data sources, with the transaction manager of this one");
        }
    }

    private void createRow(String name) {
        jdbc.execute((ConnectionCallback<@Nullable Void>) connection -> {
            FenceRows.create(databaseOf(connection), connection, table, name);
            return null;
        });
        whenCommitted(() -> committed.add(name));
    }

    /** The guarded statement. The counter makes it change the row every time, since some drivers count only those. */
    private boolean raise(String name, long epoch) {
        return jdbc.update(
                        "UPDATE " + table + " SET epoch = ?, passes = passes + 1 WHERE name = ? AND epoch <= ?",
                        epoch,
                        name,
                        epoch)
                > 0;
    }

    /** With a lock, since that reads what is there now and not what a snapshot remembers. */
    private OptionalLong written(String name) {
        List<Long> epochs =
                jdbc.queryForList("SELECT epoch FROM " + table + " WHERE name = ? FOR UPDATE", Long.class, name);
        return epochs.isEmpty() ? OptionalLong.empty() : OptionalLong.of(epochs.get(0));
    }

    private StaleEpochException refuse(String name, long epoch) {
        OptionalLong newer = written(name);
        StaleEpochException refusal = new StaleEpochException("The fence '" + name + "' refuses epoch " + epoch
                + (epoch == NO_CLUSTER ? " (no cluster)" : "") + ": a master of epoch "
                + (newer.isPresent() ? newer.getAsLong() : "unknown")
                + " has written. Nothing of this transaction will be written.");
        log.info("{}", refusal.getMessage());
        neverCommit(refusal);
        return refusal;
    }

    /** Whoever catches the refusal and goes on fails at the commit. */
    private static void neverCommit(StaleEpochException refusal) {
        register(new TransactionSynchronization() {
            @Override
            public void beforeCommit(boolean readOnly) {
                throw refusal;
            }
        });
    }

    private static void whenCommitted(Runnable action) {
        register(new TransactionSynchronization() {
            @Override
            public void afterCommit() {
                action.run();
            }
        });
    }

    private static void register(TransactionSynchronization synchronization) {
        if (TransactionSynchronizationManager.isSynchronizationActive()) {
            TransactionSynchronizationManager.registerSynchronization(synchronization);
        }
    }

    private Database databaseOf(Connection connection) throws SQLException {
        Database known = database;
        if (known == null) {
            known = Database.of(connection);
            database = known;
        }
        return known;
    }

    private FenceTableException tableProblem(SQLException said, Exception cause) {
        Database known = database == null ? Database.OTHER : database;
        return new FenceTableException(
                "The fence's table " + table + " is missing or not as it must be: " + said.getMessage(),
                "Create it in the database of the data source, for example in a migration:\n\n"
                        + FenceRows.ddl(known, table)
                        + "\n\nIf it is there, look at its columns, and at the rights of the user.",
                cause);
    }

    private static boolean isAboutTheTable(SQLException e) {
        return e.getSQLState() != null && e.getSQLState().startsWith("42");
    }

    private static String requireName(String name) {
        if (name.isBlank() || name.length() > MAX_NAME_LENGTH) {
            throw new IllegalArgumentException("The name of the fence is '" + name + "' but must be 1 to "
                    + MAX_NAME_LENGTH + " characters that are not all blank.");
        }
        return name;
    }
}
