package org.hatask.durable.jdbc;

import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.hatask.durable.ClaimRequest;
import org.hatask.durable.TaskJson;
import org.hatask.durable.TaskRecord;

/**
 * Gives tasks to one worker, and writes that it begins them. Whoever does so at the same time passes over the rows that this one
 * has locked, for as long as the statements take; while a task runs, nothing is locked.
 */
final class Claim {

    /** How many of the first may be locked by others, and are passed over. */
    private static final int LOCKED_BY_OTHERS = 100;

    /** No name of a task. */
    private static final String NO_TASK = "";

    private final ClaimRequest request;
    private final Instant now;
    private final List<Map.Entry<String, ClaimRequest.Claimable>> tasks;

    /** @param now by the database's clock */
    Claim(ClaimRequest request, Instant now) {
        this.request = request;
        this.now = now;
        tasks = List.copyOf(request.tasks().entrySet());
    }

    TaskRows run(Connections connections) {
        return connections.returnsWhatItChanged()
                ? connections.statement(this::inOneStatement)
                : connections.transaction(this::inTwoStatements);
    }

    /** First attempts are begun in it. Others, of which there are few, are for the worker: SQL is no place to change their list. */
    private TaskRows inOneStatement(Session session) throws SQLException {
        return TaskRows.of(session, session.sql().claim(tasks.size(), request.inAdvance()), parameters -> {
            parameters
                    .text(request.holder().worker())
                    .text(request.holder().nodeId())
                    .array(
                            Column.Kind.TEXT,
                            tasks.stream()
                                    .map(task -> TaskJson.writeAttempts(
                                            List.of(request.firstAttempt(task.getValue(), now)))))
                    .array(Column.Kind.TEXT, tasks.stream().map(Map.Entry::getKey))
                    .text(request.holder().nodeId());
            bindClaimable(parameters, OptionalLong.empty());
        });
    }

    private TaskRows inTwoStatements(Session session) throws SQLException {
        OptionalLong until = session.sql().dialect.sortsWhatItLocks() ? dueUntil(session) : OptionalLong.empty();
        TaskRows given = TaskRows.of(
                        session,
                        session.sql().lockClaimable(tasks.size()),
                        parameters -> bindClaimable(parameters, until))
                .map(task -> request.give(task, now));
        List<TaskRecord> changed = given.tasks();
        if (!changed.isEmpty()) {
            session.batch(session.sql().update, changed, TaskRows::bindUpdate);
        }
        return given.map(task -> task.withVersion(task.version() + 1));
    }

    /** So that the statement that locks some reads no more than these, and those that others have locked just now. */
    private OptionalLong dueUntil(Session session) throws SQLException {
        return OptionalLong.of(session.query(
                        session.sql().dueUntil(tasks.size()),
                        parameters -> bindWanted(parameters).number(request.atMost() + LOCKED_BY_OTHERS),
                        row -> row.getLong(1))
                .get(0));
    }

    private void bindClaimable(Parameters parameters, OptionalLong until) throws SQLException {
        bindWanted(parameters).text(request.holder().worker());
        if (until.isPresent()) {
            parameters.number(until.getAsLong());
        }
        parameters.number(request.atMost());
    }

    private Parameters bindWanted(Parameters parameters) throws SQLException {
        for (Map.Entry<String, ClaimRequest.Claimable> task : tasks) {
            parameters.text(task.getKey()).text(task.getValue().signature());
        }
        parameters
                .text(request.holder().nodeId())
                .number(request.leaveToOthers().toMillis());
        for (Map.Entry<String, ClaimRequest.Claimable> task : tasks) {
            parameters.text(task.getValue().others() ? NO_TASK : task.getKey());
        }
        return parameters;
    }
}
