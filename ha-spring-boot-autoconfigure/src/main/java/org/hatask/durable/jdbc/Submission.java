package org.hatask.durable.jdbc;

import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import org.hatask.TaskStoreException;
import org.hatask.durable.TaskRecord;
import org.hatask.jdbc.Database;

/**
 * Writes new tasks, but for those whose idempotency key is known. Keys are in a table of their own, where they stay while their
 * task goes from one table to the other, so that the database itself sees to it that there is one of each.
 */
final class Submission {

    /** How often, in between, somebody else may delete the task whose key was found. */
    private static final int TRIES = 3;

    private final List<TaskRecord> tasks;
    private final Function<Collection<String>, List<TaskRecord>> elsewhere;
    private final Map<TaskKey, TaskRecord> firstByKey = new TreeMap<>();

    /** @param elsewhere finds tasks that this transaction does not see, since it began earlier */
    Submission(List<TaskRecord> tasks, Function<Collection<String>, List<TaskRecord>> elsewhere) {
        this.tasks = tasks;
        this.elsewhere = elsewhere;
        for (TaskRecord task : tasks) {
            TaskKey.of(task).ifPresent(key -> firstByKey.putIfAbsent(key, task));
        }
    }

    boolean isOneStatement() {
        return tasks.size() == 1 && firstByKey.isEmpty();
    }

    /** @return for every task the one that is kept: itself, or that which has its key */
    List<TaskRecord> write(Session session) throws SQLException {
        Map<TaskKey, TaskRecord> owners = firstByKey.isEmpty() ? Map.of() : takeKeys(session);
        List<TaskRecord> kept = new ArrayList<>();
        List<TaskRecord> fresh = new ArrayList<>();
        for (TaskRecord task : tasks) {
            TaskRecord owner = TaskKey.of(task).map(owners::get).orElse(task);
            kept.add(owner.version() == 0 ? owner.withVersion(1) : owner);
            if (owner == task) {
                fresh.add(task);
            }
        }
        insert(session, fresh);
        return kept;
    }

    private static void insert(Session session, List<TaskRecord> fresh) throws SQLException {
        Sql sql = session.sql();
        if (fresh.size() == 1) {
            session.insert(sql.insert, parameters -> TaskRows.bindInsert(parameters, fresh.get(0)));
        } else if (sql.dialect.takesArrays()) {
            for (List<TaskRecord> some : Lists.parts(fresh, Sql.MAX_LIST)) {
                session.insert(sql.insertAll, parameters -> TaskRows.bindInserts(parameters, some));
            }
        } else if (!fresh.isEmpty()) {
            session.batch(sql.insert, fresh, TaskRows::bindInsert);
        }
    }

    /** Inserts the keys that are not there, and finds the tasks that have them. */
    private Map<TaskKey, TaskRecord> takeKeys(Session session) throws SQLException {
        for (int attempt = 1; ; attempt++) {
            insertKeys(session);
            Map<TaskKey, String> ids = readKeys(session);
            Map<TaskKey, TaskRecord> owners = new HashMap<>();
            List<String> others = new ArrayList<>();
            firstByKey.forEach((key, task) -> {
                String id = ids.get(key);
                if (task.id().equals(id)) {
                    owners.put(key, task);
                } else if (id != null) {
                    others.add(id);
                }
            });
            for (TaskRecord known : find(session, others)) {
                TaskKey.of(known).ifPresent(key -> owners.put(key, known));
            }
            if (owners.keySet().containsAll(firstByKey.keySet())) {
                return owners;
            }
            if (attempt == TRIES) {
                throw new TaskStoreException(
                        "There is a task with the idempotency key of one that was submitted, but it cannot be read: one of "
                                + others + ". Mend it, or delete it and its row in " + session.sql().keys + ".",
                        null);
            }
        }
    }

    private List<TaskRecord> find(Session session, List<String> ids) throws SQLException {
        if (ids.isEmpty()) {
            return List.of();
        }
        List<TaskRecord> found = new ArrayList<>(TaskRows.find(session, ids).tasks());
        List<String> missing = new ArrayList<>(ids);
        found.forEach(task -> missing.remove(task.id()));
        if (!missing.isEmpty()) {
            found.addAll(elsewhere.apply(missing));
        }
        return found;
    }

    private void insertKeys(Session session) throws SQLException {
        Sql sql = session.sql();
        Database database = sql.dialect.database();
        if (database.ignoresDuplicates()) {
            session.batch(sql.insertKey, firstByKey.entrySet(), (parameters, entry) -> entry.getKey()
                    .bind(parameters, sql.dialect)
                    .text(entry.getValue().id()));
            return;
        }
        for (Map.Entry<TaskKey, TaskRecord> entry : firstByKey.entrySet()) {
            database.insertUnlessThere(
                    session.connection(),
                    () -> session.insert(sql.insertKey, parameters -> entry.getKey()
                            .bind(parameters, sql.dialect)
                            .text(entry.getValue().id())));
        }
    }

    private Map<TaskKey, String> readKeys(Session session) throws SQLException {
        Sql sql = session.sql();
        Map<TaskKey, String> ids = new HashMap<>();
        for (List<TaskKey> some : Lists.parts(new ArrayList<>(firstByKey.keySet()), Sql.MAX_LIST)) {
            List<TaskKey> keys = Lists.padded(some);
            session.query(
                    sql.ownersOf(keys.size()),
                    parameters -> TaskKey.bindAll(parameters, sql.dialect, keys),
                    row -> ids.put(new TaskKey(row.getString(1), sql.dialect.key(row, 2)), row.getString(3)));
        }
        return ids;
    }
}
