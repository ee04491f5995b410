package org.hatask.durable.jdbc;

import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.hatask.durable.Lease;
import org.hatask.durable.TaskJson;
import org.hatask.durable.TaskRecord;
import org.jspecify.annotations.Nullable;

/**
 * A column of the table of tasks.
 *
 * @param value what stands in it when a task has become this, a value of the kind or null
 */
record Column(String name, Kind kind, Function<TaskRecord, @Nullable Object> value) {

    /** Those that stay as they were submitted. */
    private static final List<Column> FIXED = List.of(
            text("id", TaskRecord::id),
            text("task", TaskRecord::task),
            text("signature", TaskRecord::signature),
            number("submitted_at", task -> millis(task.submittedAt())),
            text("submitted_by", TaskRecord::submittedBy),
            text("idempotency_key", TaskRecord::key),
            number("max_attempts", task -> (long) task.maxAttempts()),
            text("arguments", TaskRecord::arguments));

    /** Those that change while a task goes its way. The version becomes one more. */
    static final List<Column> CHANGING = List.of(
            number("version", task -> task.version() + 1),
            text("state", task -> task.state().name()),
            number("due_at", task -> millis(task.dueAt())),
            number("expires_at", task -> millis(task.expiresAt())),
            number("attempts_before", task -> (long) task.attemptsBefore()),
            number("node_deaths", task -> (long) task.nodeDeaths()),
            new Column("cancel_requested", Kind.FLAG, TaskRecord::cancelRequested),
            text("last_node_id", TaskRecord::lastNode),
            number("ended_at", task -> millis(task.endedAt())),
            text("attempts", task -> TaskJson.writeAttempts(task.attempts())),
            text("progress", TaskRecord::progress),
            text("checkpoint", TaskRecord::checkpoint),
            text("result", TaskRecord::result),
            text("failure", task -> TaskJson.writeFailure(task.failure())),
            text("worker", task -> worker(task.lease())),
            text("node_id", task -> nodeId(task.lease())));

    static final List<Column> ALL =
            Stream.concat(FIXED.stream(), CHANGING.stream()).toList();

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

    private static Column text(String name, Function<TaskRecord, @Nullable Object> value) {
        return new Column(name, Kind.TEXT, value);
    }

    private static Column number(String name, Function<TaskRecord, @Nullable Object> value) {
        return new Column(name, Kind.NUMBER, value);
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

    /** A parameter for the values of many tasks, in PostgreSQL. */
    String array() {
        return "CAST(? AS " + kind.type + "[])";
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
