package org.hatask.sample.cluster;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/** The book as it stands in the database, and what is wrong with it. */
final class TradeAudit {

    /** A row. */
    record Row(long number, String reference, long epoch, String node, Instant bookedAt) {}

    private final List<Row> rows;

    TradeAudit(List<Row> rowsByNumber) {
        this.rows = List.copyOf(rowsByNumber);
    }

    static TradeAudit of(Database database) {
        List<Row> rows = new ArrayList<>();
        try (Connection connection = database.connect();
                Statement statement = connection.createStatement();
                ResultSet result = statement.executeQuery(
                        "SELECT trade_number, reference, epoch, node, booked_at FROM trade ORDER BY trade_number")) {
            while (result.next()) {
                rows.add(new Row(
                        result.getLong(1),
                        result.getString(2),
                        result.getLong(3),
                        result.getString(4),
                        result.getObject(5, OffsetDateTime.class).toInstant()));
            }
        } catch (SQLException e) {
            throw new ClusterFailure("The trades cannot be read: " + e.getMessage());
        }
        return new TradeAudit(rows);
    }

    List<Row> rows() {
        return rows;
    }

    /** Numbers that are missing or there twice. */
    List<Long> numbersOutOfLine() {
        List<Long> wrong = new ArrayList<>();
        long expected = 1;
        for (Row row : rows) {
            if (row.number != expected) {
                wrong.add(row.number);
            }
            expected = row.number + 1;
        }
        return wrong;
    }

    /** References that were booked more than once. */
    Set<String> doubled() {
        Set<String> seen = new HashSet<>();
        Set<String> doubled = new TreeSet<>();
        for (Row row : rows) {
            if (!seen.add(row.reference)) {
                doubled.add(row.reference);
            }
        }
        return doubled;
    }

    /** Acknowledged bookings that are not there, or under another number. */
    Set<String> lost(Map<String, Long> acknowledged) {
        Map<String, Long> numbers = new HashMap<>();
        rows.forEach(row -> numbers.put(row.reference, row.number));
        Set<String> lost = new TreeSet<>();
        acknowledged.forEach((reference, number) -> {
            if (!number.equals(numbers.get(reference))) {
                lost.add(reference);
            }
        });
        return lost;
    }

    /** Numbers of trades that an older epoch wrote after a newer one. */
    List<Long> epochsOutOfOrder() {
        List<Long> wrong = new ArrayList<>();
        long newest = Long.MIN_VALUE;
        for (Row row : rows) {
            if (row.epoch < newest) {
                wrong.add(row.number);
            }
            newest = Math.max(newest, row.epoch);
        }
        return wrong;
    }

    /** The nodes that wrote, by epoch. */
    SortedMap<Long, Set<String>> writers() {
        SortedMap<Long, Set<String>> writers = new TreeMap<>();
        rows.forEach(row ->
                writers.computeIfAbsent(row.epoch, epoch -> new TreeSet<>()).add(row.node));
        return writers;
    }

    /** Adds what must hold of every book to the verdict. */
    void judge(Map<String, Long> acknowledged, Set<String> sent, Verdict verdict) {
        List<Long> outOfLine = numbersOutOfLine();
        verdict.check(
                outOfLine.isEmpty(),
                "trades are numbered without gap or double",
                outOfLine.isEmpty() ? "1 to " + rows.size() : "after a gap or double: " + some(outOfLine));
        Set<String> doubled = doubled();
        verdict.check(doubled.isEmpty(), "no trade is booked twice", doubled.isEmpty() ? "0 doubled" : some(doubled));
        Set<String> lost = lost(acknowledged);
        verdict.check(
                lost.isEmpty(),
                "no acknowledged trade is lost",
                lost.isEmpty() ? acknowledged.size() + " acknowledged, all there" : "lost: " + some(lost));
        Set<String> strange = new TreeSet<>();
        rows.forEach(row -> strange.add(row.reference));
        strange.removeAll(sent);
        verdict.check(strange.isEmpty(), "no trade is there that nobody sent", some(strange));
        List<Long> outOfOrder = epochsOutOfOrder();
        verdict.check(
                outOfOrder.isEmpty(),
                "no older epoch wrote after a newer one",
                outOfOrder.isEmpty() ? "epochs " + writers().keySet() : "trades " + some(outOfOrder));
    }

    private static String some(java.util.Collection<?> wrong) {
        List<?> all = List.copyOf(wrong);
        return all.size() + (all.isEmpty() ? "" : " " + all.subList(0, Math.min(5, all.size())));
    }
}
