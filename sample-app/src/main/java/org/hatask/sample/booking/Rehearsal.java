package org.hatask.sample.booking;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.context.event.ApplicationReadyEvent;
import org.springframework.context.event.EventListener;
import org.springframework.dao.DataAccessException;
import org.springframework.stereotype.Component;
import org.springframework.transaction.TransactionException;

/**
 * Goes the way of a booking once when the node has started. A node that becomes master has never booked anything, and loading
 * the classes for it would take longer than the whole change of master.
 */
@Component
class Rehearsal {

    private static final Logger log = LoggerFactory.getLogger(Rehearsal.class);

    private final Ledger ledger;

    Rehearsal(Ledger ledger) {
        this.ledger = ledger;
    }

    @EventListener(ApplicationReadyEvent.class)
    void rehearse() {
        try {
            ledger.rehearse();
        } catch (DataAccessException | TransactionException e) {
            log.info(
                    "The ledger cannot be read yet, so the first booking of this node may be slow: {}", e.getMessage());
        }
    }
}
