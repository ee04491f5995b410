package org.hatask.durable.jdbc;

import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.hatask.durable.TaskRecord;

/** Moves tasks that have ended out of the way, back when somebody retries them, and deletes them in the end. */
final class History {

    /** Rows of one transaction: enough to be cheap, and few enough to be short. */
    private static final int AT_ONCE = 500;

    private static final int MOST_ROUNDS = 100;

    private final Connections connections;

    History(Connections connections) {
        this.connections = connections;
    }

    /** Moves what has ended, as far as others do not have it in hand right now. */
    void moveEnded() {
        for (int round = 0; round < MOST_ROUNDS; round++) {
            int moved = connections.transaction(History::moveSome);
            if (moved < AT_ONCE) {
                return;
            }
        }
    }

    private static int moveSome(Session session) throws SQLException {
        Sql sql = session.sql();
        if (sql.dialect.returnsWhatItChanged()) {
            return session.update(sql.moveAndCount(), parameters -> parameters.number(AT_ONCE));
        }
        List<String> ids =
                session.query(sql.lockEnded(), parameters -> parameters.number(AT_ONCE), row -> row.getString(1));
        if (!ids.isEmpty()) {
            List<String> padded = Lists.padded(ids);
            session.update(sql.copyToHistory(padded.size()), parameters -> parameters.texts(padded));
            session.batch(Sql.delete(sql.tasks), ids, Parameters::text);
        }
        return ids.size();
    }

    /** Changes a task that has ended, whose version is that of the given one, and which then goes on. */
    boolean moveBack(TaskRecord changed) {
        return connections.transaction(session -> {
            int found = session.update(
                    session.sql().moveBack,
                    parameters -> parameters.text(changed.id()).number(changed.version()));
            if (found == 0) {
                return false;
            }
            session.insert(session.sql().insert, parameters -> TaskRows.bindInsert(parameters, changed));
            return true;
        });
    }

    /** Deletes what ended before this time, and its keys. */
    int prune(Instant endedBefore, int atMost) {
        int pruned = 0;
        // First where most of it is.
        for (boolean moved : new boolean[] {true, false}) {
            int some;
            do {
                int wanted = Math.min(AT_ONCE, atMost - pruned);
                some = wanted <= 0
                        ? 0
                        : connections.transaction(session -> pruneSome(session, moved, endedBefore, wanted));
                pruned += some;
            } while (some == AT_ONCE);
        }
        return pruned;
    }

    private record Ended(String id, Optional<TaskKey> key) {}

    private static int pruneSome(Session session, boolean moved, Instant endedBefore, int atMost) throws SQLException {
        Sql sql = session.sql();
        List<Ended> old = session.query(
                sql.endedBefore(moved),
                parameters -> parameters.time(endedBefore).number(atMost),
                row -> new Ended(row.getString(1), TaskKey.of(row.getString(2), row.getString(3))));
        if (old.isEmpty()) {
            return 0;
        }
        List<TaskKey> keys =
                old.stream().flatMap(ended -> ended.key().stream()).sorted().toList();
        if (!keys.isEmpty()) {
            session.batch(sql.deleteKey, keys, (parameters, key) -> key.bind(parameters, sql.dialect));
        }
        session.batch(
                Sql.delete(moved ? sql.history : sql.tasks), old, (parameters, ended) -> parameters.text(ended.id()));
        return old.size();
    }
}
