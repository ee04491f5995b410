package org.hatask.durable.jdbc;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.hatask.TaskState;
import org.hatask.durable.Lease;
import org.hatask.durable.TaskAttempt;
import org.hatask.durable.TaskJson;
import org.hatask.durable.TaskRecord;
import org.jspecify.annotations.Nullable;

/** The rows that a statement returned: those that can be read, and those that cannot. For one thread. */
final class TaskRows {

    /** Before the former state of a row that cannot be read and is left alone. */
    static final String SET_ASIDE = "UNREADABLE:";

    /** The attempts of a task that has not been begun. */
    static final String NO_ATTEMPTS = "[]";

    private final List<TaskRecord> tasks = new ArrayList<>();
    private final List<Unreadable> unreadable = new ArrayList<>();

    /** A row that was found unreadable just now. */
    record Unreadable(String id, long version, String task, String state, String why) {}

    /** Runs the statement, which selects all columns in the order of {@link Sql}. */
    static TaskRows of(Session session, String statement, Session.Binder binder) throws SQLException {
        TaskRows rows = new TaskRows();
        session.query(statement, binder, row -> rows.add(row));
        return rows;
    }

    /** The tasks with these ids, whichever table they are in. */
    static TaskRows find(Session session, Collection<String> ids) throws SQLException {
        TaskRows rows = new TaskRows();
        for (List<String> some : Lists.parts(ids.stream().distinct().toList(), Sql.MAX_LIST)) {
            List<String> padded = Lists.padded(some);
            rows.addAll(of(session, session.sql().find(padded.size()), parameters -> parameters
                    .texts(padded)
                    .texts(padded)));
        }
        return rows;
    }

    /** Empty when the name is that of no state. */
    static Optional<TaskState> state(String name) {
        return Stream.of(TaskState.values())
                .filter(state -> state.name().equals(name))
                .findFirst();
    }

    TaskRows map(UnaryOperator<TaskRecord> change) {
        TaskRows changed = new TaskRows();
        tasks.stream().map(change).forEach(changed.tasks::add);
        changed.unreadable.addAll(unreadable);
        return changed;
    }

    List<TaskRecord> tasks() {
        return tasks;
    }

    List<Unreadable> unreadable() {
        return unreadable;
    }

    private void addAll(TaskRows others) {
        tasks.addAll(others.tasks);
        unreadable.addAll(others.unreadable);
    }

    private boolean add(ResultSet row) throws SQLException {
        String state = row.getString("state");
        if (state.startsWith(SET_ASIDE)) {
            return false;
        }
        try {
            return tasks.add(read(row));
        } catch (IllegalArgumentException e) {
            return unreadable.add(new Unreadable(
                    row.getString("id"),
                    row.getLong("version"),
                    row.getString("task"),
                    state,
                    String.valueOf(e.getMessage())));
        }
    }

    private static TaskRecord read(ResultSet row) throws SQLException {
        TaskState state =
                state(row.getString("state")).orElseThrow(() -> new IllegalArgumentException("its state is unknown"));
        List<TaskAttempt> attempts = attempts(row.getString("attempts"));
        String failure = row.getString("failure");
        return new TaskRecord(
                row.getString("id"),
                row.getLong("version"),
                row.getString("task"),
                row.getString("signature"),
                row.getString("arguments"),
                state,
                Objects.requireNonNull(time(row, "submitted_at")),
                row.getString("submitted_by"),
                row.getString("idempotency_key"),
                Objects.requireNonNull(time(row, "due_at")),
                time(row, "expires_at"),
                row.getInt("max_attempts"),
                row.getInt("attempts_before"),
                row.getInt("node_deaths"),
                lease(row),
                row.getBoolean("cancel_requested"),
                attempts,
                row.getString("progress"),
                row.getString("checkpoint"),
                row.getString("result"),
                failure == null ? null : require(TaskJson.readFailure(failure), "its failure"),
                time(row, "ended_at"));
    }

    private static List<TaskAttempt> attempts(String json) {
        return json.equals(NO_ATTEMPTS) ? List.of() : require(TaskJson.readAttempts(json), "its attempts");
    }

    private static <T> T require(Optional<T> value, String what) {
        return value.orElseThrow(() -> new IllegalArgumentException(what + " cannot be read"));
    }

    private static @Nullable Lease lease(ResultSet row) throws SQLException {
        String worker = row.getString("worker");
        String node = row.getString("node_id");
        return worker == null || node == null ? null : new Lease(worker, node);
    }

    private static @Nullable Instant time(ResultSet row, String column) throws SQLException {
        long millis = row.getLong(column);
        return row.wasNull() ? null : Instant.ofEpochMilli(millis);
    }

    /** Sets the parameters of {@link Sql#insert}. */
    static void bindInsert(Parameters parameters, TaskRecord task) throws SQLException {
        for (Column column : Column.ALL) {
            column.bind(parameters, task);
        }
    }

    /** Sets the parameters of {@link Sql#insertAll}. */
    static void bindInserts(Parameters parameters, List<TaskRecord> tasks) throws SQLException {
        bindArrays(parameters, Column.ALL, tasks);
    }

    /** Sets the parameters of {@link Sql#update}. */
    static void bindUpdate(Parameters parameters, TaskRecord task) throws SQLException {
        for (Column column : Column.CHANGING) {
            column.bind(parameters, task);
        }
        parameters.text(task.id()).number(task.version());
    }

    /** Sets the parameters of {@link Sql#updateAll}. */
    static void bindUpdates(Parameters parameters, List<TaskRecord> tasks) throws SQLException {
        parameters
                .array(Column.Kind.TEXT, tasks.stream().map(TaskRecord::id))
                .array(Column.Kind.NUMBER, tasks.stream().map(TaskRecord::version));
        bindArrays(parameters, Column.CHANGING, tasks);
    }

    private static void bindArrays(Parameters parameters, List<Column> columns, List<TaskRecord> tasks)
            throws SQLException {
        for (Column column : columns) {
            parameters.array(column.kind(), tasks.stream().map(column.value()));
        }
    }
}
