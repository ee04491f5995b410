package org.hatask.campaign;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.hatask.campaign.rig.Election;
import org.hatask.campaign.rig.Ensemble;
import org.hatask.campaign.rig.Schedule;
import org.hatask.campaign.rig.Setup;
import org.junit.jupiter.api.Test;

class OptionsTest {

    @Test
    void everyOptionIsTaken() {
        Options options = Options.parse(new String[] {
            "--nodes=5",
            "--minutes=30",
            "--seed=42",
            "--profile=pauses",
            "--election=lowest-node-id",
            "--ensemble=embedded",
            "--mutation=no-fence"
        });

        assertThat(options.setup()).isEqualTo(new Setup(5, Election.LOWEST_NODE_ID, Ensemble.EMBEDDED, "no-fence"));
        assertThat(options.length()).isEqualTo(Duration.ofMinutes(30));
        assertThat(options.seed()).isEqualTo(42);
        assertThat(options.profile()).isEqualTo(Schedule.Profile.PAUSES);
        assertThat(options.again())
                .isEqualTo("--nodes=5 --seconds=1800 --seed=42 --profile=pauses --election=lowest-node-id"
                        + " --ensemble=embedded --mutation=no-fence");
    }

    @Test
    void badOptionsTellWhatToChange() {
        assertThatThrownBy(() -> Options.parse(new String[] {"--nodes=2"}))
                .hasMessage("--nodes is '2' but must be between 3 and 9.");
        assertThatThrownBy(() -> Options.parse(new String[] {"--seed=x"}))
                .hasMessage("--seed is 'x' but must be a whole number.");
        assertThatThrownBy(() -> Options.parse(new String[] {"--hours=1"}))
                .hasMessage("an argument is '--hours=1' but must be one of those below.");
        assertThatThrownBy(() -> Options.parse(new String[] {"--ensemble=3"}))
                .hasMessage("--ensemble is '3' but must be one of external, embedded.");
        assertThatThrownBy(() -> Options.parse(new String[] {"--mutation=all"}))
                .hasMessage("--mutation is 'all' but must be none, no-lease or no-fence.");
    }
}
