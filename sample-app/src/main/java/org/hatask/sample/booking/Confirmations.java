package org.hatask.sample.booking;

import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import org.hatask.Delivery;
import org.hatask.HaTask;
import org.hatask.PrimaryOnly;
import org.hatask.Retry;
import org.hatask.sample.ThisNode;
import org.springframework.dao.DuplicateKeyException;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Service;

/**
 * Confirms trades to whom they were made with; here, a row in a table stands for the message. A real one would hold the
 * connection to whatever sends it, which is the primary's alone, as booking is.
 */
@Service
@PrimaryOnly
public class Confirmations {

    private final JdbcClient jdbc;
    private final ThisNode node;

    Confirmations(JdbcClient jdbc, ThisNode node) {
        this.jdbc = jdbc;
        this.node = node;
    }

    /**
     * Confirms the trade, on any node, sooner or later. May run more than once, since it is retried when its node fails: the
     * number of the trade makes one confirmation of it.
     *
     * @throws IllegalStateException when another trade was confirmed under this number
     */
    @HaTask(
            name = "confirm",
            delivery = Delivery.DURABLE,
            timeout = "15s",
            retry = @Retry(maxAttempts = 10, delay = "200ms"))
    public void confirm(long number, String reference) {
        try {
            jdbc.sql("""
                            INSERT INTO confirmation (trade_number, reference, node, confirmed_at)
                            VALUES (:number, :reference, :node, :confirmedAt)""")
                    .param("number", number)
                    .param("reference", reference)
                    .param("node", node.id())
                    .param("confirmedAt", OffsetDateTime.ofInstant(Instant.now(), ZoneOffset.UTC))
                    .update();
        } catch (DuplicateKeyException e) {
            String confirmed = jdbc.sql("SELECT reference FROM confirmation WHERE trade_number = :number")
                    .param("number", number)
                    .query(String.class)
                    .single();
            if (!confirmed.equals(reference)) {
                throw new IllegalStateException(
                        "Trade " + number + " was confirmed as " + confirmed + ", but it is " + reference, e);
            }
        }
    }
}
