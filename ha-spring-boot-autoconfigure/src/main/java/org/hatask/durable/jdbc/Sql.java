package org.hatask.durable.jdbc;

import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.hatask.durable.ClaimRequest;

/** The statements for one table name in one dialect. */
final class Sql {

    /** Most values that a list in a statement has. */
    static final int MAX_LIST = 512;

    /** For how long the plan of a statement is kept. */
    private static final int SECONDS_PLANNED = 2;

    /** Columns of a task that stay the same, and those that change, but for its lease, which ended tasks have not. */
    private static final List<String> COMMON = List.of(
            "id",
            "version",
            "task",
            "signature",
            "state",
            "submitted_at",
            "submitted_by",
            "idempotency_key",
            "due_at",
            "expires_at",
            "max_attempts",
            "attempts_before",
            "node_deaths",
            "cancel_requested",
            "last_node_id",
            "ended_at",
            "arguments",
            "attempts",
            "progress",
            "checkpoint",
            "result",
            "failure");

    private static final String COLUMNS = String.join(", ", COMMON);
    private static final String ALL_COLUMNS = COLUMNS + ", worker, node_id";
    private static final String ENDED_COLUMNS = COLUMNS + ", NULL, NULL";
    private static final String ENDED = "state IN ('SUCCEEDED', 'FAILED', 'CANCELLED') AND ended_at IS NOT NULL";
    private static final String READABLE =
            "state IN ('PENDING', 'LEASED', 'RUNNING', 'RETRY_WAIT', 'SUCCEEDED', 'FAILED', 'CANCELLED', 'PARKED')";

    final Dialect dialect;
    final String tasks;
    final String history;
    final String keys;
    final String workers;
    final String paused;

    final String now;
    final String insert;
    final String insertAll;
    final String update;
    final String updateAll;
    final String endAll;
    final String insertKey;
    final String deleteKey;
    final String ownerOf;
    final String moveBack;
    final String outdated;
    final String due;
    final String heldBy;
    final String abandoned;
    final String register;
    final String renew;
    final String release;
    final String expire;
    final String allWorkers;
    final String pause;
    final String resume;
    final String allPaused;
    final String oldestDue;
    final String countByState;
    final String waiting;

    Sql(Dialect dialect, String table) {
        this.dialect = dialect;
        tasks = table;
        history = table + "_history";
        keys = table + "_key";
        workers = table + "_worker";
        paused = table + "_paused";

        now = "SELECT " + dialect.now();
        String into = "INSERT INTO " + tasks + " (" + each(Column.ALL, Column::name) + ") ";
        insert = into + "VALUES (" + list(Column.ALL.size()) + ")";
        insertAll = into + "SELECT * FROM unnest(" + each(Column.ALL, Column::array) + ")";
        update = "UPDATE " + tasks + " SET " + each(Column.CHANGING, column -> column.name() + " = ?")
                + " WHERE id = ? AND version = ?";
        String changes = "unnest(CAST(? AS text[]), CAST(? AS int8[]), "
                + each(Column.CHANGING, Column::array) + ") AS c (task_id, old_version, "
                + each(Column.CHANGING, Column::name) + ")";
        // Row by row by the primary key, in the order of the changes, so that nobody waits for each other. The outer
        // version matters where the row was changed meanwhile, and PostgreSQL is of before November 2025 ("Add missing
        // EPQ recheck for TID Scan").
        String kept = "LATERAL (SELECT ctid FROM " + tasks
                + " WHERE id = c.task_id AND version = c.old_version OFFSET 0) k WHERE t.ctid = k.ctid AND t.version = c.old_version";
        updateAll =
                "UPDATE " + tasks + " t SET " + each(Column.CHANGING, column -> column.name() + " = c." + column.name())
                        + " FROM " + changes + ", " + kept + " RETURNING t.id";
        Set<String> changing = Column.CHANGING.stream().map(Column::name).collect(Collectors.toSet());
        endAll = "WITH c AS (SELECT * FROM " + changes + "), ended AS (DELETE FROM " + tasks + " t USING c, " + kept
                + " RETURNING t.*) INSERT INTO " + history + " (" + COLUMNS + ") SELECT "
                + COMMON.stream()
                        .map(column -> (changing.contains(column) ? "c." : "ended.") + column)
                        .collect(Collectors.joining(", "))
                + " FROM ended JOIN c ON c.task_id = ended.id RETURNING id";
        insertKey = "INSERT INTO " + keys + " (task, idempotency_key, id) VALUES (?, ?, ?)"
                + dialect.database().unlessItIsThere("task, idempotency_key", "id");
        deleteKey = "DELETE FROM " + keys + " WHERE task = ? AND idempotency_key = ?";
        ownerOf = "SELECT id FROM " + keys + " WHERE task = ? AND idempotency_key = ?";
        moveBack = "DELETE FROM " + history + " WHERE id = ? AND version = ?";
        String select = "SELECT " + ALL_COLUMNS + " FROM " + tasks;
        outdated = select + " WHERE ready_at IS NOT NULL AND expires_at <= " + dialect.now() + " LIMIT ?";
        due = inOrder(ALL_COLUMNS, isNotOutdated() + " AND " + isNotPaused(), "");
        heldBy = select + " WHERE worker = ? AND state IN ('LEASED', 'RUNNING')";
        abandoned = select + " t WHERE worker IS NOT NULL AND state IN ('LEASED', 'RUNNING')"
                + " AND NOT EXISTS (SELECT 1 FROM " + workers + " w WHERE w.worker = t.worker) LIMIT ?";
        register = "INSERT INTO " + workers + " (worker, lease_end) VALUES (?, " + dialect.now() + " + ?)";
        renew = "UPDATE " + workers + " SET lease_end = " + dialect.now() + " + ? WHERE worker = ?";
        release = "DELETE FROM " + workers + " WHERE worker = ?";
        allWorkers = "SELECT worker FROM " + workers;
        pause = "INSERT INTO " + paused + " (task) VALUES (?)"
                + dialect.database().unlessItIsThere("task", "task");
        resume = "DELETE FROM " + paused + " WHERE task = ?";
        allPaused = "SELECT task FROM " + paused;
        expire = "DELETE FROM " + workers + " WHERE lease_end <= " + dialect.now() + " AND " + dialect.now() + " <= ?";
        oldestDue = "SELECT " + dialect.now() + " - MIN(ready_at) FROM " + tasks + " WHERE " + isReady() + " AND "
                + isNotOutdated();
        countByState = "SELECT state, COUNT(*) FROM " + tasks + " GROUP BY state UNION ALL SELECT state, COUNT(*) FROM "
                + history + " GROUP BY state";
        waiting = "SELECT task, signature, COUNT(*) FROM " + tasks
                + " WHERE ready_at IS NOT NULL GROUP BY task, signature";
    }

    /**
     * The statement in a text that is another one every other second. PostgreSQL remembers how to execute a text that comes again
     * and again. What it thinks best when the table of tasks is all but empty, to read it from end to end, it would go on doing
     * while thousands are submitted, until the table is analyzed: for a minute or more.
     */
    String planned(String statement) {
        return dialect == Dialect.POSTGRESQL
                ? statement + " /* " + TimeUnit.NANOSECONDS.toSeconds(System.nanoTime()) / SECONDS_PLANNED + " */"
                : statement;
    }

    private static String each(List<Column> columns, Function<Column, String> sql) {
        return columns.stream().map(sql).collect(Collectors.joining(", "));
    }

    private String isReady() {
        return "ready_at <= " + dialect.now();
    }

    private String isNotOutdated() {
        return "(expires_at IS NULL OR expires_at > " + dialect.now() + ")";
    }

    private String isNotPaused() {
        return "task NOT IN (SELECT p.task FROM " + paused + " p)";
    }

    /** Tasks in the order in which they are due. */
    private String inOrder(String columns, String condition, String more) {
        return "SELECT " + columns + " FROM " + tasks + " t" + dialect.keptTo(plainName() + "_ready") + " WHERE "
                + isReady() + " AND " + dialect.seldomFalse(condition) + more + " ORDER BY ready_at LIMIT ?";
    }

    /**
     * Worker, node; first attempts of tasks and their names, the node of those; and what {@link #lockClaimable} says. They are given
     * to the worker and returned, those in their first attempt, as far as {@link ClaimRequest#give} begins it, begun.
     */
    String claim(int signatures, boolean inAdvance) {
        String begun = "CASE WHEN attempts = '" + TaskRows.NO_ATTEMPTS + "'"
                + (inAdvance ? " AND max_attempts > 1" : "") + " THEN ";
        // An array makes sure that the inner query is run once: a join might run it again, and lock more.
        return "UPDATE " + tasks + " SET version = version + 1, worker = ?, node_id = ?, state = " + begun
                + "'RUNNING' ELSE 'LEASED' END, attempts = " + begun
                + "(CAST(? AS text[]))[array_position(CAST(? AS text[]), task)] ELSE attempts END, last_node_id = "
                + begun + "? ELSE last_node_id END WHERE id = ANY (ARRAY(" + claimable("id", signatures)
                + ")) RETURNING " + ALL_COLUMNS;
    }

    String lockClaimable(int signatures) {
        return claimable(ALL_COLUMNS, signatures);
    }

    /**
     * Of the tasks that may be given to a worker: what {@link #wanted} says, itself, where the dialect
     * {@linkplain Dialect#sortsWhatItLocks sorts what it locks} until when they are due, how many.
     */
    private String claimable(String columns, int signatures) {
        return inOrder(
                        columns,
                        wanted(signatures),
                        " AND EXISTS (SELECT 1 FROM " + workers + " w WHERE w.worker = ?)"
                                + (dialect.sortsWhatItLocks() ? " AND ready_at <= ?" : ""))
                + " FOR UPDATE" + (dialect == Dialect.POSTGRESQL ? " OF t" : "") + " SKIP LOCKED";
    }

    /** Signatures by name, the node of the worker, milliseconds, and as many names of tasks for which there is no other node. */
    private String wanted(int signatures) {
        return isNotOutdated() + " AND " + isNotPaused() + " AND (task, signature) IN ("
                + String.join(", ", Collections.nCopies(signatures, "(?, ?)")) + ")"
                + " AND (last_node_id IS NULL OR last_node_id <> ? OR due_at <= " + dialect.now() + " - ? OR task IN ("
                + list(signatures) + "))";
    }

    /** What {@link #wanted} says and a number: until when so many of them are due. */
    String dueUntil(int signatures) {
        return "SELECT MAX(f.ready_at) FROM (" + inOrder("ready_at", wanted(signatures), "") + ") f";
    }

    String lockVersions(int ids) {
        return "SELECT id, version FROM " + tasks + dialect.keptTo("PRIMARY") + " WHERE id IN (" + list(ids)
                + ") ORDER BY id FOR UPDATE";
    }

    /** Ids, twice. */
    String find(int ids) {
        return "SELECT " + ALL_COLUMNS + " FROM " + tasks + " WHERE id IN (" + list(ids) + ") UNION ALL SELECT "
                + ENDED_COLUMNS + " FROM " + history + " WHERE id IN (" + list(ids) + ")";
    }

    /** Names and keys. A lock, where it is held already, sees the newest row whatever the transaction's snapshot shows. */
    String ownersOf(int keyed) {
        return "SELECT task, idempotency_key, id FROM " + keys + dialect.keptTo("PRIMARY") + " WHERE "
                + String.join(" OR ", Collections.nCopies(keyed, "task = ? AND idempotency_key = ?"))
                + (dialect == Dialect.MYSQL ? " FOR UPDATE" : "");
    }

    /**
     * A page of tasks. One part of the statement for the table of tasks and one for each state of those in the history, since
     * these are many, and indexed by it. Every part may have a name of a task, the end of the page before as
     * {@code submitted_at, submitted_at, id}, and has its limit; then, of several parts, the limit again.
     */
    String list(boolean ofTask, List<String> states, List<String> endedStates, boolean after) {
        String rest = (ofTask ? " AND task = ?" : "")
                + (after ? " AND (submitted_at < ? OR submitted_at = ? AND id < ?)" : "")
                + " ORDER BY submitted_at DESC, id DESC LIMIT ?";
        String wanted = states.isEmpty() ? READABLE : "state IN ('" + String.join("', '", states) + "')";
        String open = "SELECT " + ALL_COLUMNS + " FROM " + tasks + " WHERE " + wanted + rest;
        if (endedStates.isEmpty()) {
            return open;
        }
        StringBuilder parts = new StringBuilder("(" + open + ")");
        for (String state : endedStates) {
            parts.append(" UNION ALL (SELECT " + ENDED_COLUMNS + " FROM " + history + " WHERE state = '" + state + "'"
                    + rest + ")");
        }
        return parts + " ORDER BY submitted_at DESC, id DESC LIMIT ?";
    }

    /** How many. */
    String moveAndCount() {
        return "WITH moved AS (DELETE FROM " + tasks + " WHERE id = ANY (ARRAY(" + lockEnded() + ")) RETURNING "
                + COLUMNS + ") INSERT INTO " + history + " (" + COLUMNS + ") SELECT " + COLUMNS + " FROM moved";
    }

    /** How many. */
    String lockEnded() {
        return "SELECT id FROM " + tasks + dialect.keptTo(plainName() + "_ended") + " WHERE " + ENDED
                + " ORDER BY ended_at LIMIT ? FOR UPDATE SKIP LOCKED";
    }

    String copyToHistory(int ids) {
        return "INSERT INTO " + history + " (" + COLUMNS + ") SELECT " + COLUMNS + " FROM " + tasks + " WHERE id IN ("
                + list(ids) + ")";
    }

    /** Time and how many. */
    String endedBefore(boolean moved) {
        String index = plainName() + (moved ? "_history_ended" : "_ended");
        return "SELECT id, task, idempotency_key FROM " + (moved ? history : tasks) + dialect.keptTo(index) + " WHERE "
                + ENDED + " AND ended_at < ? ORDER BY ended_at LIMIT ? FOR UPDATE SKIP LOCKED";
    }

    /** New state, id, version, old state. */
    static String setState(String table) {
        return "UPDATE " + table + " SET state = ? WHERE id = ? AND version = ? AND state = ?";
    }

    /** New state, old state. */
    static String setStateOfAll(String table) {
        return "UPDATE " + table + " SET state = ? WHERE state = ?";
    }

    /** For one id, as MariaDB would search a small table from end to end for several, and cannot be told an index here. */
    static String delete(String table) {
        return "DELETE FROM " + table + " WHERE id = ?";
    }

    /** Statements that fail unless the tables and their columns are there. */
    List<String> probes() {
        return List.of(
                "SELECT " + ALL_COLUMNS + ", ready_at FROM " + tasks + " WHERE 1 = 0",
                "SELECT " + COLUMNS + " FROM " + history + " WHERE 1 = 0",
                "SELECT task, idempotency_key, id FROM " + keys + " WHERE 1 = 0",
                "SELECT worker, lease_end FROM " + workers + " WHERE 1 = 0",
                "SELECT task FROM " + paused + " WHERE 1 = 0");
    }

    /** The script that makes the tables. */
    String ddl() {
        return dialect.database()
                .ddlFor(Sql.class)
                .replace("INDEX IF NOT EXISTS ha_task", "INDEX IF NOT EXISTS " + plainName())
                .replaceAll("(?<=TABLE IF NOT EXISTS |ON )ha_task", tasks.replace("$", "\\$"));
    }

    private String plainName() {
        return tasks.substring(tasks.lastIndexOf('.') + 1);
    }

    private static String list(int size) {
        return String.join(", ", Collections.nCopies(size, "?"));
    }
}
