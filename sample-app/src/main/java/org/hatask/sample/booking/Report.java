package org.hatask.sample.booking;

import java.math.BigDecimal;
import java.util.List;

/**
 * The book in figures.
 *
 * @param lastNumber number of the newest trade; 0 when there is none
 * @param node the node that made the report
 */
public record Report(
        long trades, long settled, long lastNumber, BigDecimal turnover, List<Position> largest, String node) {

    /** What the desk holds of one contract. */
    public record Position(String contract, long trades, long quantity, BigDecimal turnover) {}
}
