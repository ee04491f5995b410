package org.hatask.durable.jdbc;

import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import javax.sql.DataSource;
import org.hatask.TaskStoreException;
import org.hatask.durable.ClaimRequest;
import org.hatask.durable.PayloadLimit;
import org.hatask.durable.TaskCounts;
import org.hatask.durable.TaskQuery;
import org.hatask.durable.TaskRecord;
import org.hatask.durable.TaskStore;
import org.hatask.durable.WaitingTasks;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.InitializingBean;
import org.springframework.transaction.support.TransactionSynchronization;
import org.springframework.transaction.support.TransactionSynchronizationManager;

/**
 * Keeps durable tasks in the application's database: PostgreSQL, MariaDB, MySQL or H2. A submission is part of the transaction of
 * the thread, if it is in one over the same data source; everything else is done in short transactions of the store's own.
 *
 * <p>Thread-safe. Nodes give tasks to themselves, each locking only what it takes and passing over what others have locked. Open
 * tasks are in a table that stays small, since {@link #tidy} moves what has ended to a history. All times are of the database's
 * clock, in milliseconds since 1970, whatever the time zone of anybody.
 */
public final class JdbcTaskStore implements TaskStore, InitializingBean {

    private static final Logger log = LoggerFactory.getLogger(JdbcTaskStore.class);

    private static final Comparator<TaskRecord> LONGEST_DUE =
            Comparator.comparing(TaskRecord::dueAt).thenComparing(TaskRecord::id);

    private final PayloadLimit limit;
    private final Connections connections;
    private final DatabaseClock clock;
    private final Changes changes;
    private final History history;
    private final Operators operators;
    private final SetAside setAside;

    /** @param dataSource of the transactions in which tasks are submitted */
    public JdbcTaskStore(DataSource dataSource, JdbcStoreSettings settings) {
        limit = new PayloadLimit(settings.maxPayload());
        connections = new Connections(dataSource, settings);
        clock = new DatabaseClock(() -> connections.once(JdbcTaskStore::millis), System::nanoTime);
        history = new History(connections);
        changes = new Changes(connections, history);
        setAside = new SetAside(connections, settings);
        operators = new Operators(connections, setAside);
    }

    /**
     * Makes the tables in H2, and makes sure of them in other databases, so that missing ones show at the start.
     *
     * @throws TaskTablesException when the database is there and the tables are not
     */
    @Override
    public void afterPropertiesSet() {
        try {
            if (connections.once(session -> session.sql().dialect) == Dialect.H2) {
                makeTables();
            }
            connections.once(session -> {
                for (String probe : session.sql().probes()) {
                    session.query(probe, Session.Binder.NOTHING, row -> true);
                }
                return true;
            });
        } catch (TaskTablesException e) {
            throw e;
        } catch (TaskStoreException e) {
            log.warn("Whether the tables of durable tasks are there will show at the first use: {}", e.getMessage());
        }
    }

    private void makeTables() {
        try {
            connections.once(session -> session.update(session.sql().ddl(), Session.Binder.NOTHING));
        } catch (TaskStoreException e) {
            // Two nodes at once, or no right to create them: what follows tells whether they are there.
            log.debug("Creating the tables of durable tasks failed", e);
        }
    }

    /**
     * In a transaction of the application over its connection. A thread that asked for a second one might wait for those that
     * wait for what its transaction has locked.
     */
    @Override
    public Instant now() {
        return joinsTransaction() ? clock.nowOr(() -> connections.join(JdbcTaskStore::millis)) : clock.now();
    }

    private static long millis(Session session) throws SQLException {
        return session.query(session.sql().now, Session.Binder.NOTHING, row -> row.getLong(1))
                .get(0);
    }

    // Submitting and finding

    @Override
    public boolean fits(TaskRecord task) {
        return limit.allows(task);
    }

    @Override
    public List<TaskRecord> submit(List<TaskRecord> tasks) {
        if (tasks.isEmpty()) {
            return List.of();
        }
        limit.require(tasks);
        for (TaskRecord task : tasks) {
            if (task.key() != null && task.key().indexOf('\0') >= 0) {
                throw new TaskStoreException(
                        "The idempotency key of task " + task.task()
                                + " has the character NUL in it, which databases cannot keep. Take another key.",
                        null);
            }
        }
        boolean joins = joinsTransaction();
        // Only somebody else's transaction can be too old to see what its locks show, and only then a second connection
        // is due.
        Function<Collection<String>, List<TaskRecord>> elsewhere = joins ? this::find : ids -> List.of();
        Submission submission = new Submission(tasks, elsewhere);
        return joins
                ? connections.join(submission::write)
                : submission.isOneStatement()
                        ? connections.once(submission::write)
                        : connections.transaction(submission::write);
    }

    /** Whether {@link #submit} by this thread would become part of a transaction that the application has begun. */
    public boolean joinsTransaction() {
        return connections.inTransaction();
    }

    @Override
    public void afterTransaction(Runnable kept, Runnable rolledBack) {
        if (!joinsTransaction() || !TransactionSynchronizationManager.isSynchronizationActive()) {
            kept.run();
            return;
        }
        TransactionSynchronizationManager.registerSynchronization(new TransactionSynchronization() {
            @Override
            public void afterCompletion(int status) {
                // Where it is not known, the task is there or is looked for in vain.
                (status == STATUS_ROLLED_BACK ? rolledBack : kept).run();
            }
        });
    }

    @Override
    public List<TaskRecord> find(Collection<String> ids) {
        return ids.isEmpty() ? List.of() : readable(connections.once(session -> TaskRows.find(session, ids)));
    }

    @Override
    public Optional<TaskRecord> find(String task, String key) {
        if (key.indexOf('\0') >= 0 || task.indexOf('\0') >= 0) {
            return Optional.empty();
        }
        TaskKey wanted = new TaskKey(task, key);
        List<String> owners = connections.once(session -> session.query(
                session.sql().ownerOf,
                parameters -> wanted.bind(parameters, session.sql().dialect),
                row -> row.getString(1)));
        return find(owners).stream().findFirst();
    }

    @Override
    public List<Boolean> replace(List<TaskRecord> changed) {
        return changes.replace(changed);
    }

    // Workers

    @Override
    public void register(String worker, Duration lease) {
        boolean known = renew(worker, lease);
        if (!known) {
            connections.once(
                    limitOf(lease),
                    session -> session.update(
                            session.sql().register,
                            parameters -> parameters.text(worker).number(lease.toMillis())));
        }
    }

    @Override
    public boolean renew(String worker, Duration lease) {
        return connections.once(
                        limitOf(lease),
                        session -> session.update(session.sql().renew, parameters -> parameters
                                .number(lease.toMillis())
                                .text(worker)))
                > 0;
    }

    /** A connection that hangs must leave time for another try before the lease is over. */
    private static Duration limitOf(Duration lease) {
        return lease.dividedBy(5);
    }

    @Override
    public void release(String worker) {
        connections.once(session -> session.update(session.sql().release, parameters -> parameters.text(worker)));
    }

    @Override
    public void expire(Instant latest) {
        connections.statement(session -> session.update(session.sql().expire, parameters -> parameters.time(latest)));
    }

    @Override
    public Set<String> workers() {
        return Set.copyOf(names(sql -> sql.allWorkers));
    }

    @Override
    public List<TaskRecord> heldBy(String worker) {
        return select(sql -> sql.heldBy, parameters -> parameters.text(worker));
    }

    @Override
    public List<TaskRecord> abandoned(int atMost) {
        return select(sql -> sql.abandoned, parameters -> parameters.number(atMost));
    }

    @Override
    public List<TaskRecord> outdated(int atMost) {
        return select(sql -> sql.outdated, parameters -> parameters.number(atMost));
    }

    @Override
    public boolean isClaimedByNodes() {
        return true;
    }

    @Override
    public List<TaskRecord> claim(ClaimRequest request) {
        if (request.tasks().isEmpty()) {
            return List.of();
        }
        return readable(new Claim(request, now()).run(connections)).stream()
                .sorted(LONGEST_DUE)
                .toList();
    }

    @Override
    public List<TaskRecord> due(int atMost) {
        return select(sql -> sql.due, parameters -> parameters.number(atMost));
    }

    @Override
    public void tidy() {
        history.moveEnded();
    }

    private List<TaskRecord> select(Function<Sql, String> statement, Session.Binder binder) {
        return readable(connections.once(session -> TaskRows.of(session, statement.apply(session.sql()), binder)));
    }

    private List<TaskRecord> readable(TaskRows rows) {
        setAside.mark(rows.unreadable());
        return rows.tasks();
    }

    private List<String> names(Function<Sql, String> statement) {
        return connections.once(session ->
                session.query(statement.apply(session.sql()), Session.Binder.NOTHING, row -> row.getString(1)));
    }

    // Operators

    @Override
    public void pause(String task) {
        operators.pause(task);
    }

    @Override
    public void resume(String task) {
        operators.resume(task);
    }

    @Override
    public Set<String> paused() {
        return new TreeSet<>(names(sql -> sql.allPaused));
    }

    @Override
    public TaskCounts counts() {
        return operators.counts();
    }

    @Override
    public List<WaitingTasks> waiting() {
        return operators.waiting();
    }

    @Override
    public List<TaskRecord> list(TaskQuery query) {
        return operators.list(query);
    }

    @Override
    public int prune(Instant endedBefore, int atMost) {
        return history.prune(endedBefore, atMost);
    }

    @Override
    public void close() {}
}
