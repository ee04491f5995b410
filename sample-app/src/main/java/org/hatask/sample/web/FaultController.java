package org.hatask.sample.web;

import java.time.Duration;
import org.hatask.sample.pricing.Faults;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.format.annotation.DurationFormat;
import org.springframework.http.HttpStatus;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

/** Makes this node slow, failing or stuck, and well again. There is no such resource unless {@code desk.faults=true}. */
@RestController
@RequestMapping("/faults/price")
@ResponseStatus(HttpStatus.NO_CONTENT)
@ConditionalOnProperty(name = "desk.faults", havingValue = "true")
class FaultController {

    private final Faults faults;

    FaultController(Faults faults) {
        this.faults = faults;
    }

    @PostMapping("/delay")
    void delay(@RequestParam @DurationFormat(style = DurationFormat.Style.SIMPLE) Duration time) {
        faults.delay(time);
    }

    @PostMapping("/failure")
    void fail() {
        faults.fail();
    }

    @PostMapping("/hang")
    void hang() {
        faults.hang();
    }

    @DeleteMapping
    void heal() {
        faults.heal();
    }
}
