package org.hatask.campaign;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.hatask.campaign.app.CampaignNode;
import org.hatask.campaign.check.Checker;
import org.hatask.process.UnpackedJar;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Three minutes of faults: three nodes for two of them, five for one. Always the same schedule, so that a build that fails can be
 * repeated; {@code -Dcampaign.seed} gives another.
 */
class CampaignIT {

    @BeforeAll
    static void unpack() throws Exception {
        Path notes = Files.createTempDirectory("campaign");
        UnpackedJar.prepare(
                "campaign",
                CampaignNode.class.getName(),
                "--campaign.events=" + notes,
                "--campaign.unfenced=" + notes.resolve("unfenced.log"));
    }

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
