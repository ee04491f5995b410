package org.hatask.durable.jdbc;

import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.hatask.durable.TaskRecord;

/** Puts records in the place of those that they were made from, many in one batch. */
final class Changes {

    private final Connections connections;
    private final History history;

    Changes(Connections connections, History history) {
        this.connections = connections;
        this.history = history;
    }

    /** @return for each whether it was changed */
    List<Boolean> replace(List<TaskRecord> changed) {
        if (changed.isEmpty()) {
            return List.of();
        }
        // Two nodes lock the rows that both change in one order; several changes of one task stay in theirs.
        List<Integer> order = IntStream.range(0, changed.size())
                .boxed()
                .sorted(Comparator.comparing(i -> changed.get(i).id()))
                .toList();
        List<TaskRecord> sorted = order.stream().map(changed::get).toList();
        boolean[] done = connections.returnsWhatItChanged() && areOfDifferentTasks(sorted)
                ? replaceTogether(sorted)
                : sorted.size() == 1
                        ? connections.statement(session -> replaceOpen(session, sorted))
                        : connections.transaction(session -> replaceOpen(session, sorted));
        Boolean[] all = new Boolean[done.length];
        for (int i = 0; i < done.length; i++) {
            // Seldom: somebody else was faster, or it had ended and is retried.
            all[order.get(i)] = done[i] || history.moveBack(sorted.get(i));
        }
        return List.copyOf(Arrays.asList(all));
    }

    private static boolean[] replaceOpen(Session session, List<TaskRecord> sorted) throws SQLException {
        if (session.sql().dialect.countsAreUncertain() && sorted.size() > 1) {
            return replaceLocked(session, sorted);
        }
        boolean[] done = new boolean[sorted.size()];
        if (sorted.size() == 1) {
            TaskRecord only = sorted.get(0);
            done[0] = session.update(session.sql().update, parameters -> TaskRows.bindUpdate(parameters, only)) > 0;
            return done;
        }
        int[] counts = session.batch(session.sql().update, sorted, TaskRows::bindUpdate);
        for (int i = 0; i < counts.length; i++) {
            if (counts[i] < 0) {
                throw new IllegalStateException(
                        "The driver of the database does not tell which of the statements of a batch hit a row");
            }
            done[i] = counts[i] > 0;
        }
        return done;
    }

    private static boolean areOfDifferentTasks(List<TaskRecord> sorted) {
        return IntStream.range(1, sorted.size())
                .noneMatch(i -> sorted.get(i).id().equals(sorted.get(i - 1).id()));
    }

    /**
     * All that go on in one statement, and all that end in another, which moves them to the history at once: that costs the
     * database a good deal less than a statement for each.
     */
    private boolean[] replaceTogether(List<TaskRecord> sorted) {
        List<TaskRecord> ended =
                sorted.stream().filter(task -> task.state().isFinal()).toList();
        List<TaskRecord> open =
                sorted.stream().filter(task -> !task.state().isFinal()).toList();
        Set<String> replaced = ended.isEmpty() || open.isEmpty()
                ? connections.statement(session -> changeAll(session, open, ended))
                : connections.transaction(session -> changeAll(session, open, ended));
        boolean[] done = new boolean[sorted.size()];
        for (int i = 0; i < done.length; i++) {
            done[i] = replaced.contains(sorted.get(i).id());
        }
        return done;
    }

    /** @return ids of those that were changed */
    private static Set<String> changeAll(Session session, List<TaskRecord> open, List<TaskRecord> ended)
            throws SQLException {
        Set<String> changed = new HashSet<>();
        if (!open.isEmpty()) {
            changed.addAll(changeAll(session, session.sql().updateAll, open));
        }
        if (!ended.isEmpty()) {
            changed.addAll(changeAll(session, session.sql().endAll, ended));
        }
        return changed;
    }

    private static List<String> changeAll(Session session, String statement, List<TaskRecord> tasks)
            throws SQLException {
        return session.query(statement, parameters -> TaskRows.bindUpdates(parameters, tasks), row -> row.getString(1));
    }

    /** First locks them, to know their versions for certain whatever the driver tells of the batch. */
    private static boolean[] replaceLocked(Session session, List<TaskRecord> sorted) throws SQLException {
        Map<String, Long> versions =
                lock(session, sorted.stream().map(TaskRecord::id).distinct().toList());
        boolean[] done = new boolean[sorted.size()];
        Collection<TaskRecord> matching = new ArrayList<>();
        for (int i = 0; i < done.length; i++) {
            TaskRecord task = sorted.get(i);
            done[i] = versions.replace(task.id(), task.version(), task.version() + 1);
            if (done[i]) {
                matching.add(task);
            }
        }
        if (!matching.isEmpty()) {
            session.batch(session.sql().update, matching, TaskRows::bindUpdate);
        }
        return done;
    }

    private static Map<String, Long> lock(Session session, List<String> ids) throws SQLException {
        Map<String, Long> versions = new HashMap<>();
        for (List<String> some : Lists.parts(ids, Sql.MAX_LIST)) {
            List<String> padded = Lists.padded(some);
            session.query(
                    session.sql().lockVersions(padded.size()),
                    parameters -> parameters.texts(padded),
                    row -> versions.put(row.getString(1), row.getLong(2)));
        }
        return versions;
    }
}
