package org.hatask.sample.web;

import org.hatask.sample.booking.BookingService;
import org.hatask.sample.booking.Report;
import org.hatask.sample.booking.Settlement;
import org.hatask.sample.booking.Trade;
import org.hatask.sample.booking.TradeOrder;
import org.hatask.sample.pricing.Contracts;
import org.hatask.sample.pricing.OptionContract;
import org.hatask.sample.pricing.PricingService;
import org.hatask.sample.pricing.Valuation;
import org.springframework.http.HttpStatus;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.server.ResponseStatusException;

/** Any node takes any call; {@code node} in the answer says which one did the work. */
@RestController
class DeskController {

    private final Contracts contracts;
    private final PricingService pricing;
    private final BookingService booking;

    DeskController(Contracts contracts, PricingService pricing, BookingService booking) {
        this.contracts = contracts;
        this.pricing = pricing;
        this.booking = booking;
    }

    @GetMapping("/price/{contract}")
    Valuation price(@PathVariable String contract) {
        return pricing.price(existing(contract));
    }

    @PostMapping("/trades")
    Trade book(@RequestBody TradeOrder order) {
        existing(order.contract());
        return booking.book(order);
    }

    @GetMapping("/report")
    Report report() {
        return booking.report();
    }

    @PostMapping("/settlements")
    Settlement settle() {
        return booking.settle();
    }

    private OptionContract existing(String id) {
        return contracts
                .find(id)
                .orElseThrow(() -> new ResponseStatusException(HttpStatus.NOT_FOUND, "There is no contract " + id));
    }
}
