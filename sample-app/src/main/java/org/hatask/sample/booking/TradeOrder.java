package org.hatask.sample.booking;

import java.math.BigDecimal;
import java.math.RoundingMode;

/**
 * What a client wants to trade.
 *
 * @param reference the client's own name for this order: however often it is sent, it is booked once
 * @param contract id of the contract
 * @param quantity how many, negative when sold; not 0
 * @param price of one, with six decimals
 */
public record TradeOrder(String reference, String contract, long quantity, BigDecimal price) {

    public TradeOrder {
        if (reference == null || reference.isBlank() || reference.length() > 80) {
            throw new IllegalArgumentException("reference: 1 to 80 characters are needed");
        }
        if (contract == null || contract.isBlank()) {
            throw new IllegalArgumentException("contract: the id of a contract is needed");
        }
        if (quantity == 0) {
            throw new IllegalArgumentException("quantity: must not be 0");
        }
        if (price == null || price.signum() < 0) {
            throw new IllegalArgumentException("price: must not be missing or negative");
        }
        price = price.setScale(6, RoundingMode.HALF_UP);
    }
}
