package org.hatask.durable.jdbc;

import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import org.hatask.durable.Lease;
import org.hatask.durable.LeaseRequest;
import org.hatask.durable.TaskRecord;

/**
 * Gives tasks to one worker. Whoever does so at the same time passes over the rows that this one has locked, for as long as the
 * statements take; while a task runs, nothing is locked.
 */
final class Claim {

    private final LeaseRequest request;
    private final List<Map.Entry<String, String>> signatures;

    Claim(LeaseRequest request) {
        this.request = request;
        signatures = List.copyOf(request.signatures().entrySet());
    }

    TaskRows run(Connections connections) {
        return connections.returnsWhatItChanged()
                ? connections.statement(this::inOneStatement)
                : connections.transaction(this::inTwoStatements);
    }

    private TaskRows inOneStatement(Session session) throws SQLException {
        return TaskRows.of(session, session.sql().leaseAndReturn(signatures.size()), parameters -> {
            parameters.text(request.holder().worker()).text(request.holder().nodeId());
            bindClaimable(parameters);
        });
    }

    private TaskRows inTwoStatements(Session session) throws SQLException {
        TaskRows rows = TaskRows.of(session, session.sql().lockClaimable(signatures.size()), this::bindClaimable);
        Lease holder = request.holder();
        for (List<TaskRecord> some : Lists.parts(rows.tasks(), Sql.MAX_LIST)) {
            List<String> ids = Lists.padded(some.stream().map(TaskRecord::id).toList());
            session.update(session.sql().lease(ids.size()), parameters -> parameters
                    .text(holder.worker())
                    .text(holder.nodeId())
                    .texts(ids));
        }
        return rows.map(task -> task.leasedTo(holder).withVersion(task.version() + 1));
    }

    private void bindClaimable(Parameters parameters) throws SQLException {
        for (Map.Entry<String, String> signature : signatures) {
            parameters.text(signature.getKey()).text(signature.getValue());
        }
        parameters
                .text(request.holder().nodeId())
                .number(request.leaveToOthers().toMillis())
                .text(request.holder().worker())
                .number(request.atMost());
    }
}
