package org.hatask.sample.booking;

import java.math.BigDecimal;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import org.hatask.StaleEpochException;
import org.hatask.fence.JdbcFence;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;
import org.springframework.transaction.annotation.Isolation;
import org.springframework.transaction.annotation.Transactional;

/**
 * The trades in the database. Every write first passes the fence, in its own transaction: writers queue there, and one with
 * an older epoch than has written before is refused, however late it wakes up. Read committed, so that whoever got through
 * sees what the one before has written.
 */
@Repository
public class Ledger {

    private final JdbcClient jdbc;
    private final JdbcFence fence;
    private final Confirmations confirmations;

    Ledger(JdbcClient jdbc, JdbcFence fence, Confirmations confirmations) {
        this.jdbc = jdbc;
        this.fence = fence;
        this.confirmations = confirmations;
    }

    /**
     * Books the order under the next number and has it confirmed, or returns the trade that was booked under its reference
     * before.
     *
     * @throws StaleEpochException when a newer epoch has written; nothing is booked
     * @throws ReferenceTakenException when the reference stands for another order
     */
    @Transactional(isolation = Isolation.READ_COMMITTED)
    public Trade book(TradeOrder order, String node) {
        long epoch = fence.pass();
        Optional<Trade> booked = find(order.reference());
        if (booked.isPresent()) {
            return sameOrder(booked.get(), order);
        }
        long number = nextNumber();
        Trade trade = new Trade(
                number, order.reference(), order.contract(), order.quantity(), order.price(), epoch, node, now());
        jdbc.sql("""
                        INSERT INTO trade (trade_number, reference, contract, quantity, price, epoch, node, booked_at)
                        VALUES (:number, :reference, :contract, :quantity, :price, :epoch, :node, :bookedAt)""")
                .param("number", trade.number())
                .param("reference", trade.reference())
                .param("contract", trade.contract())
                .param("quantity", trade.quantity())
                .param("price", trade.price())
                .param("epoch", trade.epoch())
                .param("node", trade.node())
                .param("bookedAt", OffsetDateTime.ofInstant(trade.bookedAt(), ZoneOffset.UTC))
                .update();
        // Submitted in this transaction: with the trade, or not at all.
        confirmations.confirm(trade.number(), trade.reference());
        return trade;
    }

    /** Reads what a booking reads. */
    @Transactional(isolation = Isolation.READ_COMMITTED)
    public void rehearse() {
        find("rehearsal");
        nextNumber();
    }

    private long nextNumber() {
        return jdbc.sql("SELECT COALESCE(MAX(trade_number), 0) + 1 FROM trade")
                .query(Long.class)
                .single();
    }

    /** Marks every open trade of that age as settled. */
    @Transactional(isolation = Isolation.READ_COMMITTED)
    public Settlement settle(Duration age, String node) {
        long epoch = fence.pass();
        Instant now = now();
        int settled = jdbc.sql("""
                        UPDATE trade SET settled_at = :now, settled_epoch = :epoch, settled_node = :node
                        WHERE settled_at IS NULL AND booked_at <= :before""")
                .param("now", OffsetDateTime.ofInstant(now, ZoneOffset.UTC))
                .param("epoch", epoch)
                .param("node", node)
                .param("before", OffsetDateTime.ofInstant(now.minus(age), ZoneOffset.UTC))
                .update();
        return new Settlement(settled, epoch, node);
    }

    @Transactional(readOnly = true)
    public Report report(String node) {
        return jdbc.sql("""
                        SELECT COUNT(*) AS trades, COUNT(settled_at) AS settled,
                               COALESCE(MAX(trade_number), 0) AS last_number,
                               COALESCE(SUM(ABS(quantity) * price), 0) AS turnover
                        FROM trade""")
                .query((row, i) -> new Report(
                        row.getLong("trades"),
                        row.getLong("settled"),
                        row.getLong("last_number"),
                        row.getBigDecimal("turnover"),
                        largest(),
                        node))
                .single();
    }

    public Optional<Trade> find(String reference) {
        return jdbc.sql("""
                        SELECT trade_number, reference, contract, quantity, price, epoch, node, booked_at
                        FROM trade WHERE reference = :reference""").param("reference", reference).query(Ledger::trade).optional();
    }

    private List<Report.Position> largest() {
        return jdbc.sql("""
                        SELECT contract, COUNT(*) AS trades, SUM(quantity) AS quantity,
                               SUM(ABS(quantity) * price) AS turnover
                        FROM trade GROUP BY contract ORDER BY turnover DESC, contract
                        FETCH FIRST 10 ROWS ONLY""")
                .query((row, i) -> new Report.Position(
                        row.getString("contract"),
                        row.getLong("trades"),
                        row.getLong("quantity"),
                        row.getBigDecimal("turnover")))
                .list();
    }

    private static Trade sameOrder(Trade booked, TradeOrder order) {
        if (!booked.isFor(order)) {
            throw new ReferenceTakenException(
                    "Reference " + order.reference() + " stands for another order, booked as trade " + booked.number());
        }
        return booked;
    }

    private static Trade trade(ResultSet row, int index) throws SQLException {
        BigDecimal price = row.getBigDecimal("price");
        return new Trade(
                row.getLong("trade_number"),
                row.getString("reference"),
                row.getString("contract"),
                row.getLong("quantity"),
                price,
                row.getLong("epoch"),
                row.getString("node"),
                row.getObject("booked_at", OffsetDateTime.class).toInstant());
    }

    /** To the microsecond, as the databases keep it. */
    private static Instant now() {
        return Instant.now().truncatedTo(ChronoUnit.MICROS);
    }
}
