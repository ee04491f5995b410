package org.hatask.durable.jdbc;

import java.sql.SQLException;
import java.time.Duration;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.hatask.TaskState;
import org.hatask.durable.TaskCounts;
import org.hatask.durable.TaskQuery;
import org.hatask.durable.TaskRecord;
import org.hatask.durable.WaitingTasks;
import org.hatask.jdbc.Database;
import org.jspecify.annotations.Nullable;

/** What operators see and do. */
final class Operators {

    private final Connections connections;
    private final SetAside setAside;

    Operators(Connections connections, SetAside setAside) {
        this.connections = connections;
        this.setAside = setAside;
    }

    void pause(String task) {
        connections.transaction(session -> {
            Database database = session.sql().dialect.database();
            database.insertUnlessThere(
                    session.connection(),
                    () -> session.update(session.sql().pause, parameters -> parameters.text(task)));
            return task;
        });
    }

    void resume(String task) {
        connections.once(session -> session.update(session.sql().resume, parameters -> parameters.text(task)));
    }

    TaskCounts counts() {
        Map<String, Long> byName = new HashMap<>();
        connections.once(session -> session.query(
                session.sql().countByState,
                Session.Binder.NOTHING,
                row -> byName.merge(row.getString(1), row.getLong(2), Long::sum)));
        Map<TaskState, Long> byState = new EnumMap<>(TaskState.class);
        long unreadable = 0;
        for (Map.Entry<String, Long> count : byName.entrySet()) {
            Optional<TaskState> state = TaskRows.state(count.getKey());
            if (state.isPresent()) {
                byState.put(state.get(), count.getValue());
            } else {
                unreadable += count.getValue();
                setAside.markUnknown(count.getKey());
            }
        }
        return new TaskCounts(byState, oldestDue(), unreadable);
    }

    private @Nullable Duration oldestDue() {
        return connections
                .once(session -> session.query(
                        session.sql().oldestDue, Session.Binder.NOTHING, row -> Optional.ofNullable(row.getObject(1))
                                .map(millis -> Duration.ofMillis(((Number) millis).longValue()))))
                .get(0)
                .orElse(null);
    }

    List<WaitingTasks> waiting() {
        return connections.once(session -> session.query(
                session.sql().waiting,
                Session.Binder.NOTHING,
                row -> new WaitingTasks(row.getString(1), row.getString(2), row.getLong(3))));
    }

    List<TaskRecord> list(TaskQuery query) {
        while (true) {
            TaskRows page = connections.once(session -> page(session, query));
            if (setAside.mark(page.unreadable()) == 0) {
                return page.tasks();
            }
            // Others take the places of those that could not be read: a page that is not full would be the last.
        }
    }

    private static TaskRows page(Session session, TaskQuery query) throws SQLException {
        TaskQuery.Position after = query.after();
        List<String> states =
                query.states().stream().map(TaskState::name).sorted().toList();
        List<String> endedStates = Stream.of(TaskState.values())
                .filter(TaskState::isFinal)
                .map(TaskState::name)
                .filter(state -> states.isEmpty() || states.contains(state))
                .toList();
        return TaskRows.of(
                session, session.sql().list(query.task() != null, states, endedStates, after != null), parameters -> {
                    for (int part = 0; part <= endedStates.size(); part++) {
                        if (query.task() != null) {
                            parameters.text(query.task());
                        }
                        if (after != null) {
                            parameters
                                    .time(after.submittedAt())
                                    .time(after.submittedAt())
                                    .text(after.id());
                        }
                        parameters.number(query.atMost());
                    }
                    if (!endedStates.isEmpty()) {
                        parameters.number(query.atMost());
                    }
                });
    }
}
