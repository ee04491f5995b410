package org.hatask.actuate;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.hatask.Role;
import org.junit.jupiter.api.Test;

class ConcernsTest {

    private static final Instant NOON = Instant.parse("2026-11-29T12:00:00Z");
    private static final URI ADDRESS = URI.create("http://n1");
    private static final HaReport.OwnNode SELF = new HaReport.OwnNode("n1", "a", Role.MASTER, "UP", ADDRESS, NOON, 0);
    private static final HaReport.MasterInfo MASTER = new HaReport.MasterInfo("n1", "a", 3, NOON, "first master");
    private static final HaReport.Health WELL = new HaReport.Health("UP", null, NOON);

    private HaReport.MasterInfo master = MASTER;
    private HaReport.Masterless masterless;
    private HaReport.OwnNode self = SELF;
    private List<HaReport.Departed> departed = List.of();
    private HaReport.FailureDetection failureDetection = new HaReport.FailureDetection(false, List.of());
    private String connection = "CONNECTED";

    private HaReport.Status judge(HaReport.Member... members) {
        HaReport.CoordinationInfo coordination =
                new HaReport.CoordinationInfo(connection, NOON, "zk:2181", Duration.ofSeconds(6), null);
        return Concerns.judge(
                self, master, masterless, List.of(members), departed, coordination, failureDetection, null);
    }

    private static HaReport.Member member(String id, String incarnation, String state, HaReport.Health health) {
        return member(id, incarnation, state, health, null);
    }

    private static HaReport.Member member(
            String id, String incarnation, String state, HaReport.Health health, HaReport.Drained drained) {
        return new HaReport.Member(
                id,
                incarnation,
                null,
                ADDRESS,
                NOON,
                Role.WORKER,
                state,
                drained,
                health,
                true,
                true,
                1,
                null,
                null,
                null,
                null,
                null,
                null);
    }

    private static List<String> texts(HaReport.Status status) {
        return status.concerns().stream()
                .map(concern -> concern.node() + " " + concern.text())
                .toList();
    }

    @Test
    void allIsWellWithAMasterAndHealthyMembers() {
        assertThat(judge(
                        member("n1", "a", "UP", WELL),
                        member("n2", "b", "UP", new HaReport.Health("RAMPING", "back", NOON))))
                .isEqualTo(new HaReport.Status(HaReport.Level.OK, null, List.of()));
    }

    @Test
    void withoutAMasterThatIsWhatCounts() {
        master = null;
        masterless = new HaReport.Masterless(NOON.plusSeconds(7), "n3", 2L);

        HaReport.Status status = judge(member("n1", "a", "UP", WELL));

        assertThat(status.level()).isEqualTo(HaReport.Level.NO_MASTER);
        assertThat(status.since()).isEqualTo(NOON.plusSeconds(7));
    }

    @Test
    void aNodeThatLostZooKeeperAndItsLeaseIsNoMasterAnyMore() {
        connection = "LOST";
        masterless = new HaReport.Masterless(NOON, "n1", 3L);

        HaReport.Status status = judge(member("n1", "a", "UP", WELL));

        assertThat(status.level()).isEqualTo(HaReport.Level.NO_MASTER);
        assertThat(texts(status)).singleElement().asString().contains("ZooKeeper is out of reach (LOST)");
    }

    @Test
    void whatIsAmissIsToldWithWhomAndSinceTheFirstOfIt() {
        departed = List.of(
                new HaReport.Departed("n8", "h", NOON, HaReport.Departure.IN_ORDER),
                new HaReport.Departed("n9", "i", NOON.minusSeconds(5), HaReport.Departure.VANISHED));
        failureDetection = new HaReport.FailureDetection(
                true, List.of(new HaReport.SickTask("desk.price", List.of("n2", "n3"), NOON)));

        HaReport.Status status = judge(
                member("n1", "a", "UP", WELL),
                member("n2", "b", "DRAINED", WELL, new HaReport.Drained(NOON, "olga", "new fans")),
                member("n3", "c", "UP", new HaReport.Health("UNREACHABLE", "connection refused", NOON)));

        assertThat(status.level()).isEqualTo(HaReport.Level.DEGRADED);
        assertThat(status.since()).isEqualTo(NOON.minusSeconds(5));
        assertThat(texts(status))
                .containsExactly(
                        "n2 was drained by olga: new fans",
                        "n3 is UNREACHABLE: connection refused",
                        "n9 is gone and did not sign off",
                        "null Task desk.price is overdue wherever it runs: n2, n3",
                        "null So many nodes look sick that all of them are used");
    }

    @Test
    void aMasterThatIsNoMemberAndANodeThatHasNotJoinedAreAmiss() {
        self = new HaReport.OwnNode("n1", "a", Role.WORKER, "JOINING", ADDRESS, NOON, 0);

        assertThat(texts(judge(member("n1", "another", "UP", WELL))))
                .containsExactly("n1 is no member of the cluster", "n1 is master and no member");
    }
}
