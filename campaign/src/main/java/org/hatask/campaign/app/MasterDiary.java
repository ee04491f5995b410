package org.hatask.campaign.app;

import org.hatask.MasterElectedEvent;
import org.hatask.MasterGainedEvent;
import org.hatask.MasterLostEvent;
import org.springframework.context.event.EventListener;
import org.springframework.stereotype.Component;

/** Writes down what this node hears of the mastership. */
@Component
class MasterDiary {

    private final EventLog events;

    MasterDiary(EventLog events) {
        this.events = events;
    }

    @EventListener
    void elected(MasterElectedEvent event) {
        events.record("elected", event.epoch(), event.nodeId(), event.cause());
    }

    @EventListener
    void gained(MasterGainedEvent event) {
        events.record("gained", event.epoch());
    }

    @EventListener
    void lost(MasterLostEvent event) {
        events.record("lost", event.epoch(), event.cause());
    }
}
