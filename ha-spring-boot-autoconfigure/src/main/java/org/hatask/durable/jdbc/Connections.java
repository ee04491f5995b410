package org.hatask.durable.jdbc;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.jdbc.CannotGetJdbcConnectionException;
import org.springframework.jdbc.datasource.DataSourceUtils;
import org.springframework.jdbc.datasource.TransactionAwareDataSourceProxy;
import org.springframework.transaction.support.TransactionSynchronization;
import org.springframework.transaction.support.TransactionSynchronizationManager;

/**
 * Where the store gets its connections from. Its own work is done on connections of its own, never in a transaction of the
 * application, whose snapshot would be old and whose locks would stay; with no transaction manager, since one for another
 * way of access to the same data source, such as JPA, would be disturbed. Only {@link #join} takes the application's.
 *
 * <p>Thread-safe.
 */
final class Connections {

    private static final Logger log = LoggerFactory.getLogger(Connections.class);

    /** How often a transaction is tried that the database gives up in favour of another. */
    private static final int TRIES = 5;

    private final DataSource dataSource;
    private final JdbcStoreSettings settings;
    private final Troubles troubles;
    private final Limit usualLimit;

    /** Found out at the first connection, always to the same value. */
    private volatile @Nullable Pool pool;

    private volatile boolean canLimit = true;

    /** What the pool's connections are like. */
    private record Pool(Sql sql, boolean autoCommit, int isolation) {}

    /**
     * How long an answer may take.
     *
     * @param networkMillis a little more than for a statement, which the database should end itself: then the connection can be used on
     */
    private record Limit(int statementSeconds, int networkMillis) {

        static Limit of(Duration statement, Duration more) {
            int seconds = (int) Math.max(1, (statement.toMillis() + 999) / 1000);
            return new Limit(seconds, Math.toIntExact(1000L * seconds + more.toMillis()));
        }
    }

    private enum Kind {
        ONCE,
        STATEMENT,
        TRANSACTION
    }

    Connections(DataSource dataSource, JdbcStoreSettings settings) {
        this.dataSource = unwrapped(dataSource);
        this.settings = settings;
        troubles = new Troubles(settings);
        usualLimit = Limit.of(settings.statementTimeout(), Duration.ofSeconds(5));
    }

    /** Its own connections would otherwise be the application's again. */
    private static DataSource unwrapped(DataSource given) {
        DataSource target = given instanceof TransactionAwareDataSourceProxy proxy ? proxy.getTargetDataSource() : null;
        return target == null ? given : target;
    }

    /** A statement that only reads, or that changes one row by its key. */
    <T> T once(Work<T> work) {
        return run(Kind.ONCE, usualLimit, work);
    }

    /** The same for what is of no use if it takes longer than this. */
    <T> T once(Duration atMost, Work<T> work) {
        Limit asked = Limit.of(atMost, Duration.ofSeconds(1));
        return run(Kind.ONCE, asked.statementSeconds() < usualLimit.statementSeconds() ? asked : usualLimit, work);
    }

    /** One statement, at read committed. May be repeated. */
    <T> T statement(Work<T> work) {
        return run(Kind.STATEMENT, usualLimit, work);
    }

    /** Several statements in one transaction, at read committed. May be repeated from the start. */
    <T> T transaction(Work<T> work) {
        return run(Kind.TRANSACTION, usualLimit, work);
    }

    private <T> T run(Kind kind, Limit limit, Work<T> work) {
        for (int attempt = 1; ; attempt++) {
            try {
                return tryOnce(kind, limit, work);
            } catch (SQLException e) {
                if (!Troubles.isRolledBack(e) || attempt == TRIES) {
                    throw troubles.of(e, dialect());
                }
                log.info(
                        "The database gave a transaction of durable tasks up in favour of another; it is tried again: {}",
                        e.getMessage());
            }
        }
    }

    private <T> T tryOnce(Kind kind, Limit limit, Work<T> work) throws SQLException {
        try (Loan loan = new Loan(dataSource.getConnection())) {
            if (canLimit) {
                canLimit = loan.limit(limit.networkMillis());
            }
            Pool usual = pool(loan.connection());
            boolean committed = usual.isolation() == Connection.TRANSACTION_READ_COMMITTED;
            boolean own = usual.autoCommit() && (kind == Kind.ONCE || kind == Kind.STATEMENT && committed);
            if (!committed && kind != Kind.ONCE) {
                loan.isolate(Connection.TRANSACTION_READ_COMMITTED, usual.isolation());
            }
            if (!own && usual.autoCommit()) {
                loan.beginTransactions();
            }
            Session session = new Session(loan.connection(), usual.sql(), limit.statementSeconds());
            return own ? work.in(session) : commit(loan, work, session);
        }
    }

    private <T> T commit(Loan loan, Work<T> work, Session session) throws SQLException {
        boolean done = false;
        try {
            T result = work.in(session);
            try {
                loan.connection().commit();
            } catch (SQLException e) {
                if (Troubles.isRolledBack(e)) {
                    throw e;
                }
                throw troubles.unavailable(e);
            }
            done = true;
            return result;
        } finally {
            if (!done) {
                loan.rollBack();
            }
        }
    }

    private Pool pool(Connection own) throws SQLException {
        Pool known = pool;
        if (known == null) {
            Sql sql = new Sql(Dialect.of(own, settings), settings.table());
            known = new Pool(sql, own.getAutoCommit(), own.getTransactionIsolation());
            pool = known;
        }
        return known;
    }

    /** With a connection of its own, as those in a transaction do not show what the pool's are like. */
    private Pool pool() throws SQLException {
        Pool known = pool;
        if (known != null) {
            return known;
        }
        try (Connection own = dataSource.getConnection()) {
            return pool(own);
        }
    }

    private @Nullable Dialect dialect() {
        Pool known = pool;
        return known == null ? null : known.sql().dialect;
    }

    boolean returnsWhatItChanged() {
        try {
            return pool().sql().dialect.returnsWhatItChanged();
        } catch (SQLException e) {
            throw troubles.of(e, dialect());
        }
    }

    // The application's transaction

    /**
     * Whether this thread is in a transaction over this data source. One over another is none: nobody would commit what is
     * written here.
     */
    boolean inTransaction() {
        if (!TransactionSynchronizationManager.isActualTransactionActive()) {
            return false;
        }
        boolean bound = TransactionSynchronizationManager.hasResource(dataSource);
        try {
            Pool usual = pool();
            Connection connection = DataSourceUtils.getConnection(dataSource);
            try {
                // Where the pool's connections never commit by themselves, that says nothing; but a transaction has one
                // already.
                return !connection.getAutoCommit() && (usual.autoCommit() || bound);
            } finally {
                DataSourceUtils.releaseConnection(connection, dataSource);
            }
        } catch (SQLException e) {
            throw troubles.of(e, dialect());
        } catch (CannotGetJdbcConnectionException e) {
            throw e.getCause() instanceof SQLException said ? troubles.unavailable(said) : e;
        }
    }

    /** In the application's transaction. If that fails, the transaction cannot be committed, even when somebody catches it. */
    <T> T join(Work<T> work) {
        Connection connection = DataSourceUtils.getConnection(dataSource);
        try {
            return work.in(new Session(connection, pool().sql(), usualLimit.statementSeconds()));
        } catch (SQLException e) {
            RuntimeException failure = troubles.of(e, dialect());
            neverCommit(failure);
            throw failure;
        } catch (RuntimeException e) {
            neverCommit(e);
            throw e;
        } finally {
            DataSourceUtils.releaseConnection(connection, dataSource);
        }
    }

    private static void neverCommit(RuntimeException failure) {
        if (TransactionSynchronizationManager.isSynchronizationActive()) {
            TransactionSynchronizationManager.registerSynchronization(new TransactionSynchronization() {
                @Override
                public void beforeCommit(boolean readOnly) {
                    throw failure;
                }
            });
        }
    }

    /** Something to do with a connection. */
    interface Work<T> {
        T in(Session session) throws SQLException;
    }
}
