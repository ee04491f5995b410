package org.hatask.sample.cluster;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Which trades were confirmed, and what became of the tasks that do it.
 *
 * @param trades reference by number, of what is booked
 * @param confirmed reference by number, of what is confirmed
 * @param tasks how many tasks are in which state
 */
record ConfirmationAudit(Map<Long, String> trades, Map<Long, String> confirmed, Map<String, Long> tasks) {

    /** Tasks are read first: where all of them are over by then, what they confirmed is in the tables that are read next. */
    static ConfirmationAudit of(Database database) {
        try (Connection connection = database.connect()) {
            Map<String, Long> tasks = tasks(connection);
            return new ConfirmationAudit(
                    references(connection, "trade"), references(connection, "confirmation"), tasks);
        } catch (SQLException e) {
            throw new ClusterFailure("The confirmations cannot be read: " + e.getMessage());
        }
    }

    /**
     * Waits until nothing is left to be done, for as long as some of it gets done, and after that no longer than this. Nobody
     * must be booking any more.
     */
    static ConfirmationAudit whenDone(Database database, Duration patience) {
        ConfirmationAudit last = of(database);
        long progress = System.nanoTime();
        while (!last.isDone() && System.nanoTime() - progress < patience.toNanos()) {
            Waiting.pause(Duration.ofMillis(200));
            ConfirmationAudit next = of(database);
            if (next.confirmed.size() > last.confirmed.size()) {
                progress = System.nanoTime();
            }
            last = next;
        }
        return last;
    }

    private static Map<Long, String> references(Connection connection, String table) throws SQLException {
        Map<Long, String> references = new TreeMap<>();
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("SELECT trade_number, reference FROM " + table)) {
            while (row.next()) {
                references.put(row.getLong(1), row.getString(2));
            }
        }
        return references;
    }

    /** Those that have ended are in the one table or the other; UNION as one may move meanwhile. */
    private static Map<String, Long> tasks(Connection connection) throws SQLException {
        Map<String, Long> tasks = new TreeMap<>();
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("SELECT state, COUNT(*) FROM (SELECT id, state FROM ha_task"
                        + " UNION SELECT id, state FROM ha_task_history) all_tasks GROUP BY state")) {
            while (row.next()) {
                tasks.put(row.getString(1), row.getLong(2));
            }
        }
        return tasks;
    }

    private boolean isDone() {
        return tasks.keySet().stream().allMatch(Set.of("SUCCEEDED", "FAILED", "CANCELLED", "PARKED")::contains);
    }

    /** Adds what must hold once nothing is left to be done to the verdict. */
    void judge(Verdict verdict) {
        Set<Long> lost = new TreeSet<>(trades.keySet());
        lost.removeAll(confirmed.keySet());
        verdict.check(
                lost.isEmpty(),
                "every booked trade is confirmed",
                lost.isEmpty() ? confirmed.size() + " confirmed" : some(lost));
        Set<Long> wrong = confirmed.keySet().stream()
                .filter(number -> !confirmed.get(number).equals(trades.get(number)))
                .collect(Collectors.toCollection(TreeSet::new));
        verdict.check(wrong.isEmpty(), "nothing is confirmed that is not booked", some(wrong));
        long submitted = tasks.values().stream().mapToLong(Long::longValue).sum();
        verdict.check(
                submitted == trades.size() && tasks.getOrDefault("SUCCEEDED", 0L) == submitted,
                "one confirmation was ordered per trade, and succeeded",
                "tasks " + tasks);
    }

    private static String some(Set<Long> numbers) {
        return numbers.size()
                + (numbers.isEmpty() ? "" : " " + numbers.stream().limit(5).toList());
    }
}
