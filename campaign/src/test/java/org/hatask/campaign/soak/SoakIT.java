package org.hatask.campaign.soak;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** A minute: enough for what every restart leaves behind. What takes longer is found by the hour of {@code campaign/soak}. */
class SoakIT {

    @Test
    void nothingGrowsWhileNodesComeAndGo() {
        Verdict verdict = new Soak(SoakOptions.parse(new String[] {"--seconds=60", "--seed=11"}), System.out).run();

        assertThat(verdict.proves()).isTrue();
        assertThat(verdict.classes()).isEmpty();
        assertThat(verdict.figures()).allMatch(Trend::isFlat);
    }
}
