package org.hatask.dispatch;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.hatask.cluster.ClusterView;
import org.hatask.cluster.Master;
import org.hatask.cluster.Node;
import org.hatask.cluster.NodeState;
import org.hatask.cluster.Orders;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class MasterOutlookTest {

    private static final Instant NOON = Instant.parse("2026-03-01T12:00:00Z");
    private static final Node N1 = node("n1");
    private static final Node N2 = node("n2");
    private static final Master BY_N1 = new Master("n1", "n1", 4, NOON, "first master");

    private final Set<String> unreachable = new HashSet<>();
    private final MasterOutlook outlook = MasterOutlook.operated(node -> !unreachable.contains(node.id()));

    private static Node node(String id) {
        return new Node(id, id, URI.create("http://" + id + ":80"), NodeState.UP, true, true, 1, null, NOON);
    }

    private static ClusterView view(
            List<Node> members, @Nullable Master master, Orders.@Nullable Appointment appointment) {
        return new ClusterView(
                N2,
                members,
                master,
                master == null ? BY_N1 : null,
                master == null ? NOON : null,
                4,
                Orders.NONE.withAppointment(appointment),
                new CompletableFuture<>());
    }

    private static Orders.Appointment appointed(String id) {
        return new Orders.Appointment(id, null, null, null, null, null, NOON, "alice");
    }

    @Test
    void theDeadOneIsNamedWithItsEpochSinceWhenAndWhatToDo() {
        assertThat(outlook.hopeless(view(List.of(N2), null, appointed("n1"))))
                .hasValue(
                        "The appointed master n1 of epoch 4 is gone since 2026-03-01T12:00:00Z, as far as this node knows."
                                + " It is master again when it comes back under this id. To promote another node: POST"
                                + " {\"action\": \"promote\", \"node\": \"n2\"} to the actuator endpoint 'ha' of any node"
                                + " (/actuator/ha unless configured otherwise).");
    }

    @Test
    void aMasterWhoseProcessIsGoneIsGivenUpBeforeItsSessionEnds() {
        ClusterView view = view(List.of(N1, N2), BY_N1, appointed("n1"));
        assertThat(outlook.hopeless(view)).isEmpty();

        unreachable.add("n1");

        assertThat(outlook.hopeless(view)).hasValueSatisfying(text -> assertThat(text)
                .startsWith("The appointed master n1 of epoch 4 cannot be reached."));
    }

    @Test
    void duringAHandOverAndAtTheStartACallWaits() {
        assertThat(outlook.hopeless(view(List.of(N1, N2), BY_N1, appointed("n2"))))
                .isEmpty();
        assertThat(outlook.hopeless(view(List.of(N1, N2), null, appointed("n2"))))
                .isEmpty();
        assertThat(outlook.hopeless(view(List.of(N2), null, null))).isEmpty();
    }

    @Test
    void whoCouldNotTakeItUpIsNamedWithTheReasonUntilItsProcessIsAnotherOne() {
        Orders.Appointment failed = appointed("n1").failedBy(N1, "disk is full");

        assertThat(outlook.hopeless(view(List.of(N1, N2), null, failed))).hasValueSatisfying(text -> assertThat(text)
                .startsWith("The appointed master n1 could not take it up: disk is full.")
                .contains("promote"));
        Node restarted = new Node("n1", "another", N1.uri(), NodeState.UP, true, true, 1, null, NOON);
        assertThat(outlook.hopeless(view(List.of(restarted, N2), null, failed))).isEmpty();
    }

    @Test
    void aDemotedMasterIsNamedWithWhoDidIt() {
        Orders.Appointment demotion = new Orders.Appointment(null, null, "n1", null, null, "n1", NOON, "alice");

        assertThat(outlook.hopeless(view(List.of(N1, N2), null, demotion)))
                .hasValueSatisfying(text ->
                        assertThat(text).contains("n1 was demoted by alice").contains("promote"));
    }

    @Test
    void electedMastersAreAlwaysWorthWaitingFor() {
        assertThat(MasterOutlook.ELECTED.hopeless(view(List.of(N2), null, appointed("n1"))))
                .isEmpty();
    }

    @Test
    void whenTheLastNodeThatCouldLeadStopsNobodyWaitsForAnElection() {
        Node stopping = N2.withState(NodeState.DRAINING);

        assertThat(MasterOutlook.ELECTED.hopeless(stopping(stopping, List.of(stopping))))
                .hasValue("This node is about to stop, and no other node could be master.");
        assertThat(MasterOutlook.ELECTED.hopeless(stopping(stopping, List.of(N1, stopping))))
                .isEmpty();
    }

    private static ClusterView stopping(Node self, List<Node> members) {
        return new ClusterView(self, members, null, BY_N1, NOON, 4, Orders.NONE, new CompletableFuture<>());
    }
}
