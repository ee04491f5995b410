package org.hatask.durable.jdbc;

import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.function.Function;
import org.hatask.durable.Lease;
import org.hatask.durable.TaskJson;
import org.hatask.durable.TaskRecord;
import org.jspecify.annotations.Nullable;

/**
 * A column of the table of tasks that changes while a task goes its way.
 *
 * @param value what stands in it when a task has become this, a value of the kind or null
 */
record ChangingColumn(String name, Kind kind, Function<TaskRecord, @Nullable Object> value) {

    /** All of them. The version becomes one more. */
    static final List<ChangingColumn> ALL = List.of(
            number("version", task -> task.version() + 1),
            text("state", task -> task.state().name()),
            number("due_at", task -> millis(task.dueAt())),
            number("expires_at", task -> millis(task.expiresAt())),
            number("attempts_before", task -> (long) task.attemptsBefore()),
            number("node_deaths", task -> (long) task.nodeDeaths()),
            new ChangingColumn("cancel_requested", Kind.FLAG, TaskRecord::cancelRequested),
            text("last_node_id", TaskRecord::lastNode),
            number("ended_at", task -> millis(task.endedAt())),
            text("attempts", task -> TaskJson.writeAttempts(task.attempts())),
            text("progress", TaskRecord::progress),
            text("checkpoint", TaskRecord::checkpoint),
            text("result", TaskRecord::result),
            text("failure", task -> TaskJson.writeFailure(task.failure())),
            text("worker", task -> worker(task.lease())),
            text("node_id", task -> nodeId(task.lease())));

    /** What is in a column; an INTEGER takes a number, too. */
    enum Kind {
        TEXT("text"),
        NUMBER("int8"),
        FLAG("bool");

        /** In PostgreSQL. */
        final String type;

        Kind(String type) {
            this.type = type;
        }
    }

    private static ChangingColumn text(String name, Function<TaskRecord, @Nullable Object> value) {
        return new ChangingColumn(name, Kind.TEXT, value);
    }

    private static ChangingColumn number(String name, Function<TaskRecord, @Nullable Object> value) {
        return new ChangingColumn(name, Kind.NUMBER, value);
    }

    private static @Nullable Long millis(@Nullable Instant time) {
        return time == null ? null : time.toEpochMilli();
    }

    private static @Nullable String worker(@Nullable Lease lease) {
        return lease == null ? null : lease.worker();
    }

    private static @Nullable String nodeId(@Nullable Lease lease) {
        return lease == null ? null : lease.nodeId();
    }

    void bind(Parameters parameters, TaskRecord task) throws SQLException {
        Object column = value.apply(task);
        switch (kind) {
            case TEXT -> parameters.text((String) column);
            case NUMBER -> parameters.number((Long) column);
            case FLAG -> parameters.flag(Boolean.TRUE.equals(column));
        }
    }
}
