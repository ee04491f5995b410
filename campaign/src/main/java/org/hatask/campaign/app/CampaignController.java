package org.hatask.campaign.app;

import org.hatask.HaCluster;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RestController;

/** For the campaign, which asks by the back door that no fault closes. */
@RestController
class CampaignController {

    private final HaCluster cluster;
    private final Callers callers;

    CampaignController(HaCluster cluster, Callers callers) {
        this.cluster = cluster;
        this.callers = callers;
    }

    /** Epoch while this node is master, else 0. */
    @GetMapping("/campaign/held")
    long held() {
        return cluster.isMaster() ? cluster.epoch().orElse(0) : 0;
    }

    /** Calls without a result yet. */
    @GetMapping("/campaign/open")
    int open() {
        return callers.open();
    }

    @PostMapping("/campaign/quiet")
    void quiet() {
        callers.quiet();
    }
}
