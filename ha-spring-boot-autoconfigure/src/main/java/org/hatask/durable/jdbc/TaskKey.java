package org.hatask.durable.jdbc;

import java.sql.SQLException;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.hatask.durable.TaskRecord;
import org.jspecify.annotations.Nullable;

/** An idempotency key with the name of its task. Ordered, since who locks several of them must do so in one order. */
record TaskKey(String task, String key) implements Comparable<TaskKey> {

    private static final Comparator<TaskKey> ORDER =
            Comparator.comparing(TaskKey::task).thenComparing(TaskKey::key);

    static Optional<TaskKey> of(TaskRecord task) {
        return of(task.task(), task.key());
    }

    static Optional<TaskKey> of(String task, @Nullable String key) {
        return key == null ? Optional.empty() : Optional.of(new TaskKey(task, key));
    }

    Parameters bind(Parameters parameters, Dialect dialect) throws SQLException {
        return parameters.text(task).object(dialect.key(key));
    }

    static void bindAll(Parameters parameters, Dialect dialect, List<TaskKey> keys) throws SQLException {
        for (TaskKey key : keys) {
            key.bind(parameters, dialect);
        }
    }

    @Override
    public int compareTo(TaskKey other) {
        return ORDER.compare(this, other);
    }
}
