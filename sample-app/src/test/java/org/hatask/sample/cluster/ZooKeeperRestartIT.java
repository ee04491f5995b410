package org.hatask.sample.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.hatask.sample.booking.TradeOrder;
import org.hatask.sample.cluster.DeskClient.Answer;
import org.hatask.sample.cluster.MasterWatch.Sighting;
import org.hatask.sample.cluster.Rotation.Target;
import org.hatask.sample.pricing.Contracts;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** All of ZooKeeper is gone for a while, under load: first it comes back with its data, then empty. */
@Timeout(400)
class ZooKeeperRestartIT extends ProcessTest {

    private static final Duration SESSION = Duration.ofSeconds(2);
    private static final Duration ELECTION_WAIT = Duration.ofSeconds(3);

    /** Longer for a figure to be quoted: {@code -Dzookeeper.outage=60}, in seconds. */
    private static final Duration OUTAGE = Duration.ofSeconds(Integer.getInteger("zookeeper.outage", 12));

    private static final Duration SHORT_OUTAGE = SESSION.multipliedBy(3);

    private final DeskClient client = new DeskClient(Duration.ofSeconds(20));
    private final Contracts contracts = new Contracts();

    @Test
    void onlyTasksForTheMasterMissZooKeeperAndAllHealsWhenItIsBackEvenEmpty() throws Exception {
        startCluster(SESSION, "--ha.election.wait=" + ELECTION_WAIT.toMillis() + "ms");
        Sighting old = awaitAgreement();
        load.pricing(8, Duration.ofMillis(20)).booking(3, Duration.ofMillis(10));
        awaitBooking(old.epoch(), Instant.now());
        awaitValuations(200);
        NodeProcess victim = cluster.nodes().stream()
                .filter(node -> !node.id().equals(old.master()))
                .findFirst()
                .orElseThrow();

        Instant gone = Instant.now();
        zooKeeper.kill9();
        Waiting.pause(SESSION);
        Instant killed = Instant.now();
        victim.kill9();
        Waiting.pause(Duration.ofSeconds(1));
        Instant avoided = Instant.now();
        bookingWaitsAndFailsClearly(target(old.master()));
        victim.start();
        int reports = reportsUntil(gone.plus(OUTAGE), target(old.master()));
        Instant restarted = Instant.now();
        assertThat(Waiting.until(PATIENCE, () -> client.ha(victim.uri()).isPresent()))
                .as("the node that was started without ZooKeeper answers")
                .isTrue();
        assertThat(victim.isReady()).as("it is ready before it could join").isFalse();
        List<Load.Call> valued = valuations(gone, Instant.now());
        Instant returned = Instant.now();
        zooKeeper.startAndAwait();
        Sighting after = healed(old, returned, "with its data");

        assertThat(valued).as("valuations while ZooKeeper was away").hasSizeGreaterThan(50);
        assertThat(valued).noneMatch(Load.Call::failed);
        assertThat(valued)
                .as("valuations on the dead node, sent after its death was known")
                .noneMatch(
                        call -> call.ranOn().equals(victim.id()) && call.start().isAfter(avoided));
        say(
                "FIGURE ZooKeeper away for %s: %d valuations and %d reports meanwhile, none failed; the slowest after a node"
                        + " had been killed took %d ms",
                millis(gone, returned), valued.size(), reports, slowest(valued, killed));

        Instant goneAgain = Instant.now();
        zooKeeper.kill9();
        zooKeeper.wipe();
        Waiting.pause(SHORT_OUTAGE);
        Instant empty = Instant.now();
        zooKeeper.startAndAwait();
        Sighting last = healed(after, empty, "empty");
        assertThat(last.epoch()).as("epochs go on").isGreaterThan(after.epoch());

        TradeAudit audit = stopLoadAndJudge();
        assertThat(audit.rows())
                .as("trades after the master's lease had run out and before ZooKeeper was back")
                .noneMatch(row -> isBetween(row.bookedAt(), gone.plus(SESSION), restarted)
                        || isBetween(row.bookedAt(), goneAgain.plus(SESSION), empty));
    }

    private static boolean isBetween(Instant at, Instant from, Instant to) {
        return at.isAfter(from) && at.isBefore(to);
    }

    private Target target(String id) {
        return new Target(id, cluster.node(id).uri());
    }

    private void bookingWaitsAndFailsClearly(Target node) throws IOException {
        TradeOrder order =
                new TradeOrder("without-zookeeper", contracts.all().get(0).id(), 1, BigDecimal.TEN);
        Instant sent = Instant.now();
        Answer answer = client.book(node.uri(), order);
        Duration waited = Duration.between(sent, Instant.now());
        String detail = answer.body().path("detail").asText();
        say("a booking without ZooKeeper was answered after %d ms: %s", waited.toMillis(), detail);
        assertThat(answer.status()).as(detail).isEqualTo(503);
        assertThat(detail).contains("was not executed").containsIgnoringCase("master");
        assertThat(waited).isGreaterThanOrEqualTo(ELECTION_WAIT);
    }

    /** Tasks for the workers; says how many, and that none failed. */
    private int reportsUntil(Instant end, Target node) throws IOException {
        List<Answer> answers = new ArrayList<>();
        do {
            answers.add(client.report(node.uri()));
            Waiting.pause(Duration.ofMillis(200));
        } while (Instant.now().isBefore(end));
        assertThat(answers).allMatch(Answer::isOk);
        return answers.size();
    }

    private List<Load.Call> valuations(Instant from, Instant to) {
        return load.calls().stream()
                .filter(call -> call.kind() == Load.Kind.PRICE)
                .filter(call -> call.start().isAfter(from) && call.end().isBefore(to))
                .toList();
    }

    private static long slowest(List<Load.Call> calls, Instant from) {
        return calls.stream()
                .filter(call -> call.end().isAfter(from))
                .mapToLong(call -> call.duration().toMillis())
                .max()
                .orElse(0);
    }

    /** Nothing but ZooKeeper was started. */
    private Sighting healed(Sighting before, Instant returned, String how) {
        Load.Call booked = awaitBooking(before.epoch(), Instant.now());
        Sighting after = awaitAgreement();
        assertThat(Waiting.until(PATIENCE, () -> cluster.nodes().stream().allMatch(NodeProcess::isReady)))
                .as("every node is ready again")
                .isTrue();
        Instant ready = Instant.now();
        awaitValuations(200);
        say(
                "FIGURE ZooKeeper back %s: first booking %s after its start, all ready %s after it, master %s of epoch %d",
                how, millis(returned, booked.end()), millis(returned, ready), after.master(), after.epoch());
        return after;
    }
}
