package org.hatask.sample.pricing;

import org.hatask.HaTask;
import org.hatask.Retry;
import org.hatask.Role;
import org.hatask.sample.DeskProperties;
import org.hatask.sample.ThisNode;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.stereotype.Service;

/** Values contracts. Pure computation, so it may run anywhere and more than once. */
@Service
public class PricingService {

    private final DeskProperties properties;
    private final ThisNode node;
    private final ObjectProvider<Faults> faults;

    PricingService(DeskProperties properties, ThisNode node, ObjectProvider<Faults> faults) {
        this.properties = properties;
        this.node = node;
        this.faults = faults;
    }

    @HaTask(
            name = "price",
            role = Role.ANY,
            timeout = "10s",
            retry = @Retry(maxAttempts = 3, delay = "50ms", noRetryFor = IllegalArgumentException.class))
    public Valuation price(OptionContract contract) {
        faults.ifAvailable(Faults::strike);
        return Lattice.value(contract, properties.latticeSteps(), node.id());
    }
}
