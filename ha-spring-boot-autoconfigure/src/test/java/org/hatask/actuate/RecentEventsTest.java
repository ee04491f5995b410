package org.hatask.actuate;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.hatask.HaNode;
import org.hatask.NodeHealthChangedEvent;
import org.hatask.NodeHealthChangedEvent.Status;
import org.hatask.Role;
import org.hatask.TaskReassignedEvent;
import org.hatask.TaskState;
import org.hatask.cluster.ClusterState;
import org.hatask.cluster.Master;
import org.hatask.cluster.Node;
import org.hatask.cluster.NodeState;
import org.hatask.cluster.Orders;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class RecentEventsTest {

    private static final Instant NOON = Instant.parse("2026-11-29T12:00:00Z");

    private final Set<String> leaving = new HashSet<>();
    private Instant now = NOON;
    private final Clock clock = new Clock() {
        @Override
        public Instant instant() {
            return now;
        }

        @Override
        public ZoneOffset getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            throw new UnsupportedOperationException();
        }
    };

    private final Node n1 = node("n1", "a");
    private final Node n2 = node("n2", "b");
    private final ClusterState cluster = new ClusterState(n1, Runnable::run, clock);
    private final RecentEvents events = new RecentEvents(node -> leaving.contains(node.incarnation()), clock);

    private static Node node(String id, String incarnation) {
        return new Node(id, incarnation, URI.create("http://" + id), NodeState.UP, true, true, 1, null, NOON);
    }

    @BeforeEach
    void listen() {
        cluster.addListener(events);
        members(n1, n2);
    }

    private void members(Node... nodes) {
        cluster.setMembers(List.of(nodes), Orders.NONE);
    }

    private List<String> told() {
        return events.events().stream()
                .map(event -> event.kind() + " " + event.node() + " " + event.text())
                .toList();
    }

    private void health(Node node, Status before, Status after, String reason) {
        HaNode judged = new HaNode(node.id(), node.incarnation(), node.uri(), Role.WORKER);
        events.on(new NodeHealthChangedEvent(judged, before, after, reason, now));
    }

    @Test
    void whatHappensIsToldInItsOrder() {
        cluster.setMaster(new Master("n1", "a", 1, NOON, "first master"));
        members(n1, n2.withState(NodeState.DRAINING));
        members(n1);
        cluster.setMaster(null);

        assertThat(told())
                .containsExactly(
                        "JOINED n1 joined (http://n1)",
                        "JOINED n2 joined (http://n2)",
                        "MASTER n1 leads in epoch 1: first master",
                        "STATE n2 is about to stop",
                        "LEFT n2 left in order",
                        "NO_MASTER n1 leads no more, epoch 1 is over; there is no master");
    }

    @Test
    void aNodeThatCouldNotBeReachedWhenItLeftHasVanished() {
        health(n2, Status.UP, Status.UNREACHABLE, "connection refused");
        members(n1);

        assertThat(events.departed())
                .containsExactly(new HaReport.Departed("n2", "b", NOON, HaReport.Departure.VANISHED));
    }

    @Test
    void aNodeThatWasReachedAgainBeforeItLeftHasNotVanished() {
        health(n2, Status.UP, Status.UNREACHABLE, "connection refused");
        health(n2, Status.UNREACHABLE, Status.UP, "it is well");
        members(n1);

        assertThat(events.departed()).extracting(HaReport.Departed::how).containsExactly(HaReport.Departure.UNKNOWN);
    }

    @Test
    void whatALinkSaidCountsWhereTheRecordWasMissed() {
        leaving.add("b");
        members(n1);

        assertThat(events.departed()).extracting(HaReport.Departed::how).containsExactly(HaReport.Departure.IN_ORDER);
    }

    @Test
    void aMasterThatLeavesWithoutAHandOverHasVanished() {
        cluster.setMaster(new Master("n2", "b", 1, NOON, "first master"));
        cluster.setMaster(null);
        members(n1);

        assertThat(events.departed()).extracting(HaReport.Departed::how).containsExactly(HaReport.Departure.VANISHED);
    }

    @Test
    void aNodeIsMissedForAnHourAndUntilItComesBack() {
        members(n1);
        now = NOON.plus(Duration.ofMinutes(59));
        assertThat(events.departed()).hasSize(1);
        now = NOON.plus(Duration.ofMinutes(61));
        assertThat(events.departed()).isEmpty();

        now = NOON;
        members(n1, node("n2", "another"));
        assertThat(events.departed()).isEmpty();
    }

    @Test
    void aNodeThatIsReplacedAtOnceIsNotMissed() {
        members(n1, node("n2", "another"));

        assertThat(events.departed()).isEmpty();
    }

    @Test
    void theSameThingOverAndOverIsOneEventAndTheOldestAreForgotten() {
        for (int i = 0; i < 1000; i++) {
            events.on(new TaskReassignedEvent("desk.confirm", "t" + i, "n2", TaskState.PENDING));
        }
        assertThat(events.events()).hasSize(3).last().satisfies(event -> assertThat(event.count())
                .isEqualTo(1000));

        for (int i = 0; i < 200; i++) {
            health(n2, Status.UP, Status.SICK, "reason " + i);
        }
        assertThat(events.events()).hasSize(RecentEvents.MOST).first().satisfies(event -> assertThat(event.text())
                .contains("reason 100"));
    }
}
