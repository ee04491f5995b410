package org.hatask.campaign;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.hatask.campaign.check.Checker;
import org.junit.jupiter.api.Test;

/**
 * Three minutes of faults: three nodes for two of them, five for one. Always the same schedule, so that a build that fails can be
 * repeated; {@code -Dcampaign.seed} gives another.
 */
class CampaignIT {

    private static Checker.Verdict run(String... args) {
        List<String> all = new ArrayList<>(List.of(args));
        all.add("--seed=" + System.getProperty("campaign.seed", "11"));
        return new Campaign(Options.parse(all.toArray(String[]::new)), System.out).judge();
    }

    @Test
    void threeNodesKeepTheirPromisesUnderFaults() {
        assertThat(run("--nodes=3", "--seconds=120").findings()).isEmpty();
    }

    @Test
    void fiveNodesKeepTheirPromisesUnderFaults() {
        assertThat(run("--nodes=5", "--seconds=60").findings()).isEmpty();
    }
}
