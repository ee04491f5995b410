package org.hatask.sample.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.function.Predicate;
import org.hatask.sample.cluster.Load.Call;
import org.hatask.sample.cluster.Rotation.Target;
import org.hatask.sample.pricing.Contracts;
import org.hatask.sample.pricing.OptionContract;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** One of three nodes is slowed, stopped, made to fail and healed, while callers of the two others value contracts. */
@Timeout(300)
class SickNodeIT extends ProcessTest {

    private static final Duration HEARTBEAT = Duration.ofSeconds(1);
    private static final Duration SLOW = Duration.ofSeconds(1);
    private static final int CALLERS = 16;

    private final DeskClient client = new DeskClient(Duration.ofSeconds(20));
    private List<Target> judges;
    private Target sick;
    private Load callers;

    @Test
    void sickNodeGetsNoTasksAndNoCallFailsAndItsShareComesBack() throws Exception {
        // A session that outlives the stop below: the hung node stays a member.
        startCluster(
                Duration.ofSeconds(10),
                "--desk.faults=true",
                // A third of all calls fails at first, for longer than the default can pay for what was saved before.
                "--ha.dispatch.retry-budget=50%",
                "--ha.failure-detection.window=4s",
                "--ha.failure-detection.minimum-calls=5",
                "--ha.failure-detection.quarantine=2s");
        String master = awaitAgreement().master();
        sick = cluster.targets().stream()
                .filter(target -> !target.id().equals(master))
                .findFirst()
                .orElseThrow();
        judges = cluster.targets().stream()
                .filter(target -> !target.id().equals(sick.id()))
                .toList();
        try (Rotation homes = new Rotation(judges)) {
            callers = new Load(
                    homes,
                    client,
                    new Contracts().all().stream().map(OptionContract::id).toList());
            try {
                callers.pricing(CALLERS, Duration.ofMillis(40));
                awaitShare("before");
                slowed();
                failing();
                stopped();
            } finally {
                callers.close();
            }
        }
        List<Call> failed = callers.calls().stream().filter(Call::failed).toList();
        say("%d calls, %d failed", callers.calls().size(), failed.size());
        assertThat(failed).isEmpty();
    }

    private void slowed() throws IOException {
        Instant start = Instant.now();
        client.makeSick(sick.uri(), "delay?time=2s");
        await("both judges know", judges, status -> status.equals("SICK"));
        Instant known = Instant.now();
        Waiting.pause(Duration.ofMillis(1500));
        long suffered = callers.calls().stream()
                .filter(call -> call.start().isAfter(start) && call.duration().compareTo(SLOW) > 0)
                .count();
        Instant last = callers.calls().stream()
                .filter(call -> call.ranOn().equals(sick.id()))
                .map(Call::start)
                .max(Comparator.naturalOrder())
                .orElse(start);
        Instant healed = Instant.now();
        client.heal(sick.uri());
        Instant share = awaitShare("after the slowness");
        say(
                "FIGURE slowed to 2 s, window 4 s: left out after %s, last task went there after %s, %d calls took longer"
                        + " than 1 s, share again %s after healing",
                millis(start, known), millis(start, last), suffered, millis(healed, share));
    }

    /** An exception tells of the task and not of the node, so the node stays, and every call that meets it goes elsewhere. */
    private void failing() throws IOException {
        Instant start = Instant.now();
        client.makeSick(sick.uri(), "failure");
        Waiting.pause(Duration.ofSeconds(3));
        Instant healed = Instant.now();
        List<Call> calls = between(start, healed);
        assertThat(calls).noneMatch(Call::failed);
        for (Target judge : judges) {
            assertThat(status(judge)).isEqualTo("UP");
        }
        client.heal(sick.uri());
        Instant share = awaitShare("after the failures");
        say(
                "FIGURE made to throw for 3 s: %d calls, none failed, longest %d ms, share again %s after healing",
                calls.size(), longest(calls), millis(healed, share));
    }

    private void stopped() {
        Instant before = Instant.now();
        Waiting.pause(Duration.ofSeconds(2));
        NodeProcess process = cluster.node(sick.id());
        Instant start = Instant.now();
        double usual = throughputOfJudges(before, start);
        process.pause();
        Waiting.pause(HEARTBEAT.multipliedBy(7));
        Instant resumed = Instant.now();
        process.resume();
        Instant share = awaitShare("after the stop");

        // It may go well for a moment before the callers are all caught.
        Instant caught = start;
        for (Instant at = start; at.isBefore(resumed.minusMillis(500)); at = at.plusMillis(50)) {
            if (throughputOfJudges(at, at.plusMillis(500)) < 0.8 * usual) {
                caught = at;
            }
        }
        List<Call> met = callers.calls().stream()
                .filter(call -> call.end().isAfter(start) && call.start().isBefore(resumed))
                .filter(call -> call.duration().compareTo(SLOW) > 0)
                .toList();
        say(
                "FIGURE kill -STOP, %d callers: throughput of the others above 80 %% for good %s after the stop, %d calls took"
                        + " longer than 1 s, longest %d ms, none failed, share again %s after kill -CONT",
                CALLERS, millis(start, caught), met.size(), longest(met), millis(resumed, share));
        assertThat(callers.calls()).noneMatch(Call::failed);
        // A single moment tells little of a busy machine: this is about callers that would hang for all of the pause.
        assertThat(throughputOfJudges(resumed.minus(HEARTBEAT.multipliedBy(2)), resumed))
                .as("throughput of the others at the end of the pause, " + usual + " before it")
                .isGreaterThan(0.5 * usual);
    }

    private double throughputOfJudges(Instant from, Instant to) {
        long calls = callers.calls().stream()
                .filter(call -> !call.ranOn().equals(sick.id()))
                .filter(call -> !call.end().isBefore(from) && call.end().isBefore(to))
                .count();
        return calls * 1000.0 / Duration.between(from, to).toMillis();
    }

    private List<Call> between(Instant from, Instant to) {
        return callers.calls().stream()
                .filter(call -> call.start().isAfter(from) && call.end().isBefore(to))
                .toList();
    }

    private static long longest(List<Call> calls) {
        return calls.stream()
                .mapToLong(call -> call.duration().toMillis())
                .max()
                .orElse(0);
    }

    /** Waits until the node executes at least a fifth of what is called, where a third is its share. */
    private Instant awaitShare(String when) {
        assertThat(Waiting.until(PATIENCE, () -> {
                    Instant now = Instant.now();
                    List<Call> last = between(now.minusMillis(1000), now);
                    long there = last.stream()
                            .filter(call -> call.ranOn().equals(sick.id()))
                            .count();
                    return last.size() > 50 && there * 5 >= last.size();
                }))
                .as("the node has its share " + when)
                .isTrue();
        Instant share = Instant.now();
        await("both judges trust it " + when, judges, "UP"::equals);
        return share;
    }

    private void await(String what, List<Target> by, Predicate<String> expected) {
        assertThat(Waiting.until(PATIENCE, () -> by.stream().allMatch(judge -> expected.test(status(judge)))))
                .as(what)
                .isTrue();
    }

    private String status(Target judge) {
        for (JsonNode member : client.ha(judge.uri()).orElseThrow().path("members")) {
            if (member.path("id").asText().equals(sick.id())) {
                return member.path("health").path("status").asText();
            }
        }
        return "no member";
    }
}
