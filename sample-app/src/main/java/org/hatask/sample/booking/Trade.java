package org.hatask.sample.booking;

import java.math.BigDecimal;
import java.time.Instant;

/**
 * A booked trade.
 *
 * @param number 1, 2, 3 … without a gap
 * @param epoch epoch of the master that wrote it; 0 when written without a cluster
 * @param node the node that wrote it
 */
public record Trade(
        long number,
        String reference,
        String contract,
        long quantity,
        BigDecimal price,
        long epoch,
        String node,
        Instant bookedAt) {

    boolean isFor(TradeOrder order) {
        return contract.equals(order.contract()) && quantity == order.quantity() && price.compareTo(order.price()) == 0;
    }
}
