package org.hatask.campaign.rig;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import org.hatask.campaign.rig.Fault.Kind;
import org.hatask.campaign.rig.Schedule.Profile;
import org.junit.jupiter.api.Test;

class ScheduleTest {

    private static final Duration HALF_AN_HOUR = Duration.ofMinutes(30);

    @Test
    void theSameSeedMakesTheSameSchedule() {
        List<Fault> faults = Schedule.of(42, HALF_AN_HOUR, 5, Profile.ALL);

        assertThat(Schedule.of(42, HALF_AN_HOUR, 5, Profile.ALL)).isEqualTo(faults);
        assertThat(Schedule.of(43, HALF_AN_HOUR, 5, Profile.ALL)).isNotEqualTo(faults);
    }

    @Test
    void halfAnHourHasFaultsOfEveryKindOnNodesThatExist() {
        List<Fault> faults = Schedule.of(42, HALF_AN_HOUR, 3, Profile.ALL);

        assertThat(faults).extracting(Fault::kind).containsAll(EnumSet.allOf(Kind.class));
        assertThat(faults).allSatisfy(fault -> {
            assertThat(fault.target()).isBetween(1, 3);
            assertThat(fault.other()).isBetween(1, 3).isNotEqualTo(fault.target());
            assertThat(fault.at()).isLessThan(HALF_AN_HOUR);
            assertThat(fault.length()).isPositive();
        });
    }

    @Test
    void aScheduleOfPausesHasPausesLongerThanASession() {
        assertThat(Schedule.of(42, HALF_AN_HOUR, 3, Profile.PAUSES))
                .isNotEmpty()
                .allSatisfy(fault -> {
                    assertThat(fault.kind()).isEqualTo(Kind.PAUSE);
                    assertThat(fault.length()).isGreaterThan(Duration.ofSeconds(4));
                });
    }
}
