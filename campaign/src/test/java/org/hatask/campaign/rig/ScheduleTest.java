package org.hatask.campaign.rig;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import org.hatask.campaign.rig.Fault.Kind;
import org.hatask.campaign.rig.Schedule.Profile;
import org.junit.jupiter.api.Test;

class ScheduleTest {

    private static final Setup THREE = new Setup(3, Election.LEADER_LATCH, Ensemble.EXTERNAL, "none");
    private static final Setup FIVE = new Setup(5, Election.LEADER_LATCH, Ensemble.EXTERNAL, "none");
    private static final Duration HALF_AN_HOUR = Duration.ofMinutes(30);

    @Test
    void theSameSeedMakesTheSameSchedule() {
        List<Fault> faults = Schedule.of(42, HALF_AN_HOUR, FIVE, Profile.ALL);

        assertThat(Schedule.of(42, HALF_AN_HOUR, FIVE, Profile.ALL)).isEqualTo(faults);
        assertThat(Schedule.of(43, HALF_AN_HOUR, FIVE, Profile.ALL)).isNotEqualTo(faults);
    }

    @Test
    void halfAnHourHasFaultsOfEveryKindOnNodesThatExist() {
        List<Fault> faults = Schedule.of(42, HALF_AN_HOUR, THREE, Profile.ALL);

        assertThat(faults).extracting(Fault::kind).containsAll(EnumSet.complementOf(EnumSet.of(Kind.PROMOTE)));
        assertThat(faults).allSatisfy(fault -> {
            assertThat(fault.target()).isBetween(1, 3);
            assertThat(fault.other()).isBetween(1, 3).isNotEqualTo(fault.target());
            assertThat(fault.at()).isLessThan(HALF_AN_HOUR);
            assertThat(fault.length()).isPositive();
        });
    }

    @Test
    void onlyWhereOperatorsDecideDoTheyPromote() {
        Setup operated = new Setup(3, Election.OPERATOR, Ensemble.EXTERNAL, "none");

        assertThat(Schedule.of(42, HALF_AN_HOUR, THREE, Profile.ALL))
                .extracting(Fault::kind)
                .doesNotContain(Kind.PROMOTE);
        assertThat(Schedule.of(42, HALF_AN_HOUR, operated, Profile.ALL))
                .extracting(Fault::kind)
                .containsAll(EnumSet.allOf(Kind.class));
    }

    @Test
    void whereEachNodeHostsAPeerThereAreNoServersToKill() {
        Setup embedded = new Setup(3, Election.LEADER_LATCH, Ensemble.EMBEDDED, "none");

        assertThat(Schedule.of(42, HALF_AN_HOUR, embedded, Profile.ALL))
                .extracting(Fault::kind)
                .contains(Kind.KILL, Kind.ZOOKEEPER_CUT)
                .doesNotContain(Kind.ZOOKEEPER_MINORITY, Kind.ZOOKEEPER_KILL, Kind.ZOOKEEPER_RESTART);
    }

    @Test
    void aScheduleOfPausesHasPausesLongerThanASession() {
        assertThat(Schedule.of(42, HALF_AN_HOUR, THREE, Profile.PAUSES))
                .isNotEmpty()
                .allSatisfy(fault -> {
                    assertThat(fault.kind()).isEqualTo(Kind.PAUSE);
                    assertThat(fault.length()).isGreaterThan(Duration.ofSeconds(4));
                });
    }
}
