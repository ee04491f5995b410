package org.hatask.sample.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import org.hatask.sample.booking.TradeOrder;
import org.hatask.sample.cluster.DeskClient.Answer;
import org.hatask.sample.cluster.MasterWatch.Sighting;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The architectures in which an operator decides, with a master that is really killed. */
@Timeout(300)
class OperatedTopologiesIT extends ProcessTest {

    private static final Duration SESSION = Duration.ofSeconds(2);
    private static final String OPERATOR = "--management.endpoint.ha.access=unrestricted";

    private final DeskClient client = new DeskClient(Duration.ofSeconds(40));
    private int orders;

    private Answer book(String node) throws IOException {
        String reference = "by-hand-" + ++orders;
        return client.book(
                cluster.node(node).uri(), new TradeOrder(reference, "OPT-0001", 1, BigDecimal.valueOf(100, 2)));
    }

    private String other(String id) {
        return ids().stream().filter(each -> !each.equals(id)).findFirst().orElseThrow();
    }

    /** The trades were booked by hand, so that only calls, confirmations and masters are to be judged. */
    private void judge() {
        load.close();
        assertThat(load.calls()).filteredOn(Load.Call::failed).isEmpty();
        Verdict verdict = new Verdict();
        ConfirmationAudit.whenDone(cluster.database(), PATIENCE).judge(verdict);
        assertThat(verdict.broken()).isEmpty();
        assertThat(watch.masters().values())
                .as("one master per epoch: %s", watch.masters())
                .allSatisfy(masters -> assertThat(masters).hasSize(1));
    }

    private void assertNobodyTakesOver(Sighting dead) {
        Waiting.pause(SESSION.multipliedBy(3));
        assertThat(watch.after(dead.epoch())).as("no automatic failover, ever").isEmpty();
    }

    /** Asks until the killed one is missed, and returns the last answer. */
    private Answer awaitRefusal(String node) throws IOException {
        long end = System.nanoTime() + PATIENCE.toNanos();
        Answer answer = book(node);
        while (answer.status() != 503 && System.nanoTime() - end < 0) {
            answer = book(node);
        }
        return answer;
    }

    @Test
    void withADeadPrimaryCallsFailAtOnceUntilItIsBackOrABackupIsPromoted() throws IOException {
        startCluster(SESSION, "--ha.topology=primary-backup", OPERATOR);
        Sighting primary = awaitAgreement();
        String backup = other(primary.master());
        Answer priced = client.price(cluster.node(backup).uri(), "OPT-0001");
        assertThat(priced.body().path("node").asText()).isEqualTo(primary.master());
        assertThat(book(backup).status()).isEqualTo(200);

        Instant killed = Instant.now();
        cluster.node(primary.master()).kill9();
        Answer refused = awaitRefusal(backup);
        Instant failed = Instant.now();
        assertThat(refused.body().toString())
                .contains("The appointed master " + primary.master())
                .contains("\\\"action\\\": \\\"promote\\\"");
        assertNobodyTakesOver(primary);
        Instant asked = Instant.now();
        assertThat(book(backup).status()).isEqualTo(503);
        Duration clear = Duration.between(asked, Instant.now());

        cluster.node(primary.master()).start();
        cluster.node(primary.master()).awaitReady(PATIENCE);
        Sighting again = awaitAgreementAfter(primary.epoch());
        assertThat(again.master()).isEqualTo(primary.master());
        assertThat(book(backup).status()).isEqualTo(200);

        cluster.node(primary.master()).kill9();
        Instant promoted = Instant.now();
        Answer answer = client.order(cluster.node(backup).uri(), "promote", backup);
        assertThat(answer.status()).as(answer.body().toString()).isEqualTo(200);
        Instant done = Instant.now();
        Answer booked = book(backup);
        assertThat(booked.body().path("node").asText()).isEqualTo(backup);
        say(
                "FIGURE primary-backup, session %d s: clear error %s after kill -9 and within %d ms later on; promotion right"
                        + " after kill -9 done after %s, first booking after %s",
                SESSION.toSeconds(),
                millis(killed, failed),
                clear.toMillis(),
                millis(promoted, done),
                millis(promoted, Instant.now()));
        judge();
    }

    @Test
    void aColdStandbyStartsItsBusinessWhenItIsPromoted() throws IOException {
        startCluster(SESSION, "--ha.topology=primary-backup", "--ha.standby=cold", OPERATOR);
        Sighting primary = awaitAgreement();
        String backup = other(primary.master());
        assertThat(Waiting.until(PATIENCE, () -> standby(primary.master()).equals("ACTIVE 2 of 2")))
                .as(standby(primary.master()))
                .isTrue();
        assertThat(standby(backup)).isEqualTo("STANDBY 0 of 2");
        assertThat(book(backup).body().path("node").asText()).isEqualTo(primary.master());

        cluster.node(primary.master()).kill9();
        Answer refused = awaitRefusal(backup);
        assertThat(refused.body().toString()).contains("The appointed master " + primary.master());
        Instant promoted = Instant.now();
        Answer answer = client.order(cluster.node(backup).uri(), "promote", backup);
        assertThat(answer.status()).as(answer.body().toString()).isEqualTo(200);
        Instant done = Instant.now();
        Answer booked = book(backup);

        assertThat(booked.body().path("node").asText()).isEqualTo(backup);
        assertThat(standby(backup)).isEqualTo("ACTIVE 2 of 2");
        say(
                "FIGURE cold standby: promotion done after %s, first booking after %s",
                millis(promoted, done), millis(promoted, Instant.now()));
        judge();
    }

    private String standby(String node) {
        return client.ha(cluster.node(node).uri())
                .map(ha -> ha.path("standby"))
                .map(standby -> standby.path("state").asText() + " "
                        + standby.path("started").asInt() + " of "
                        + standby.path("total").asInt())
                .orElse("no answer");
    }

    @Test
    void withADeadMasterTheSlavesGoOnUntouched() throws IOException {
        startCluster(SESSION, "--ha.topology=master-slave", OPERATOR);
        Sighting master = awaitAgreement();
        String slave = other(master.master());
        load.pricing(6, Duration.ofMillis(30));
        awaitValuations(50);
        assertThat(book(slave).status()).isEqualTo(200);

        cluster.node(master.master()).kill9();
        Answer refused = awaitRefusal(slave);
        assertThat(refused.body().toString()).contains("The appointed master " + master.master());
        assertNobodyTakesOver(master);
        awaitValuations(100);
        Answer report = client.report(cluster.node(slave).uri());
        assertThat(report.status()).isEqualTo(200);
        assertThat(report.body().path("node").asText()).isNotEqualTo(master.master());

        Instant promoted = Instant.now();
        Answer answer = client.order(cluster.node(slave).uri(), "promote", slave);
        assertThat(answer.status()).as(answer.body().toString()).isEqualTo(200);
        Answer booked = book(slave);
        assertThat(booked.body().path("node").asText()).isEqualTo(slave);
        say("FIGURE master-slave: promotion of a slave and first booking after %s", millis(promoted, Instant.now()));
        judge();
    }
}
