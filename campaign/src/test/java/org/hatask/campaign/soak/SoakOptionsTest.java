package org.hatask.campaign.soak;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.hatask.campaign.rig.Election;
import org.junit.jupiter.api.Test;

class SoakOptionsTest {

    private static SoakOptions parse(String... args) {
        return SoakOptions.parse(args);
    }

    @Test
    void anHourWithARowEveryMinuteIsTheDefault() {
        assertThat(parse().length()).isEqualTo(Duration.ofHours(1));
        assertThat(parse().interval()).isEqualTo(Duration.ofMinutes(1));
        assertThat(parse().election()).isEqualTo(Election.LEADER_LATCH);
    }

    @Test
    void everyOptionIsTaken() {
        SoakOptions options = parse("--seconds=90", "--steady=3", "--election=lowest-node-id", "--seed=7");

        assertThat(options.interval()).isEqualTo(Duration.ofSeconds(2));
        assertThat(options.steady()).isEqualTo(3);
        assertThat(options.election()).isEqualTo(Election.LOWEST_NODE_ID);
        assertThat(options.seed()).isEqualTo(7);
    }

    @Test
    void badOptionsTellWhatToChange() {
        assertThatThrownBy(() -> parse("--seconds=10")).hasMessage("--seconds is '10' but must be at least 30.");
        assertThatThrownBy(() -> parse("--election=operator"))
                .hasMessage("--election is 'operator' but must be leader-latch or lowest-node-id.");
        assertThatThrownBy(() -> parse("--nodes=3"))
                .hasMessage("an argument is '--nodes=3' but must be one of those below.");
    }
}
