package org.hatask.zookeeper;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.hatask.cluster.ClusterView;
import org.hatask.cluster.Master;
import org.hatask.cluster.Node;
import org.hatask.cluster.NodeState;
import org.hatask.cluster.Orders;
import org.hatask.zookeeper.Word.Meaning;
import org.junit.jupiter.api.Test;

class WordTest {

    private static final Instant NOON = Instant.parse("2026-03-01T12:00:00Z");
    private static final Node N1 = node("n1", NodeState.UP, true);
    private static final Node N2 = node("n2", NodeState.UP, true);

    private static Node node(String id, NodeState state, boolean eligible) {
        return new Node(id, "i-" + id, URI.create("http://" + id + ":80"), state, eligible, true, 1, null, NOON);
    }

    private static Word word(Node self, List<Node> members, Orders orders, boolean inVain) {
        Master master = new Master("n9", "i-n9", 4, NOON, "x");
        return Word.of(
                new ClusterView(self, members, master, null, null, 4, orders, new CompletableFuture<>()), null, inVain);
    }

    private static Meaning meaning(Node self, List<Node> members, Orders orders) {
        return word(self, members, orders, false).meaning();
    }

    private static Orders promoted(Node node) {
        return Orders.NONE.withAppointment(
                new Orders.Appointment(node.id(), node.incarnation(), null, null, "a1", null, NOON, "alice"));
    }

    private static Orders demoted(Node node) {
        return Orders.NONE.withAppointment(
                new Orders.Appointment(null, null, node.id(), node.incarnation(), "a1", node.id(), NOON, "alice"));
    }

    @Test
    void withoutOrdersTheStrategyDecides() {
        assertThat(meaning(N1, List.of(N1, N2), Orders.NONE)).isEqualTo(Meaning.ELECTABLE);
        assertThat(meaning(N1, List.of(N2), Orders.NONE)).isEqualTo(Meaning.NO_MEMBER);
        Node pure = node("n3", NodeState.UP, false);
        assertThat(meaning(pure, List.of(N1, pure), Orders.NONE)).isEqualTo(Meaning.BARRED);
        Node stopping = node("n1", NodeState.DRAINING, true);
        assertThat(word(stopping, List.of(stopping), Orders.NONE, false))
                .isEqualTo(new Word(Meaning.BARRED, "shutdown of n1"));
    }

    @Test
    void theOthersDeferToThePromotedProcessAsLongAsItLives() {
        assertThat(word(N1, List.of(N1, N2), promoted(N2), false))
                .isEqualTo(new Word(Meaning.DEFERS, "promotion of n2 by alice"));
        assertThat(meaning(N2, List.of(N1, N2), promoted(N2))).isEqualTo(Meaning.APPOINTED);
        assertThat(meaning(N1, List.of(N1), promoted(N2))).isEqualTo(Meaning.ELECTABLE);
        Node restarted = new Node("n2", "another", URI.create("http://n2:80"), NodeState.UP, true, true, 1, null, NOON);
        assertThat(meaning(N1, List.of(N1, restarted), promoted(N2))).isEqualTo(Meaning.ELECTABLE);
        Node leaving = N2.withState(NodeState.DRAINING);
        assertThat(meaning(N1, List.of(N1, leaving), promoted(N2))).isEqualTo(Meaning.ELECTABLE);
    }

    @Test
    void aPromotedNodeThatNeverTakesOverIsNotWaitedForForEver() {
        assertThat(word(N1, List.of(N1, N2), promoted(N2), true).meaning()).isEqualTo(Meaning.ELECTABLE);
        assertThat(word(N2, List.of(N1, N2), promoted(N2), true).meaning()).isEqualTo(Meaning.APPOINTED);
    }

    @Test
    void aDemotedProcessIsTakenAgainWhenTheOthersDoNotTakeOver() {
        assertThat(word(N1, List.of(N1, N2), demoted(N1), true).meaning()).isEqualTo(Meaning.ELECTABLE);
    }

    @Test
    void aDemotedProcessIsOutWhileAnotherCanLead() {
        assertThat(meaning(N1, List.of(N1, N2), demoted(N1))).isEqualTo(Meaning.BARRED);
        assertThat(meaning(N1, List.of(N1), demoted(N1))).isEqualTo(Meaning.ELECTABLE);
        assertThat(meaning(N1, List.of(N1, node("n2", NodeState.UP, false)), demoted(N1)))
                .isEqualTo(Meaning.ELECTABLE);
        assertThat(meaning(N2, List.of(N1, N2), demoted(N1))).isEqualTo(Meaning.ELECTABLE);
    }

    @Test
    void whoStandsAsideDoesSoWhileAnotherCanLeadEvenIfPromoted() {
        assertThat(aside(N1, List.of(N1, N2), Orders.NONE)).isEqualTo(new Word(Meaning.STANDS_ASIDE, "stuck"));
        assertThat(aside(N1, List.of(N1, N2), promoted(N1)).meaning()).isEqualTo(Meaning.STANDS_ASIDE);
        assertThat(aside(N1, List.of(N1), Orders.NONE).meaning()).isEqualTo(Meaning.ELECTABLE);
        assertThat(aside(N1, List.of(N1, node("n2", NodeState.UP, false)), promoted(N1))
                        .meaning())
                .isEqualTo(Meaning.APPOINTED);
    }

    private static Word aside(Node self, List<Node> members, Orders orders) {
        return Word.of(
                new ClusterView(self, members, null, null, null, 4, orders, new CompletableFuture<>()), "stuck", false);
    }

    @Test
    void aDrainStandsAboveEverything() {
        Orders.Drain drain = new Orders.Drain(NOON, "bob", null);
        Orders orders = promoted(N1).withDrained("n1", drain);

        assertThat(word(N1, List.of(N1, N2), orders, false)).isEqualTo(new Word(Meaning.BARRED, "drain of n1 by bob"));
        assertThat(orders.drained()).isEqualTo(Map.of("n1", drain));
    }
}
