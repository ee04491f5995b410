package org.hatask.sample.cluster;

import java.io.IOException;
import java.io.PrintStream;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.hatask.sample.cluster.MasterWatch.Sighting;
import org.hatask.sample.pricing.Contracts;
import org.hatask.sample.pricing.OptionContract;

/** Kills the master under load, starts it again later, and says whether anybody was hurt. */
final class Drill {

    private static final Duration CALM = Duration.ofSeconds(10);
    private static final Duration AFTER_TAKEOVER = Duration.ofSeconds(5);
    private static final Duration AFTER_RETURN = Duration.ofSeconds(10);
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final Duration WHOLE_FILE = Duration.ofSeconds(180);
    private static final Duration START = Duration.ofSeconds(120);
    private static final Duration BETWEEN_BOOKINGS = Duration.ofMillis(20);

    /** Three machines are played by one here: without a breath of the callers it has no time to start a node. */
    private static final Duration BETWEEN_VALUATIONS = Duration.ofMillis(50);

    private final DeskCluster cluster;
    private final PrintStream out;
    private final int pricers;
    private final int bookers;

    Drill(DeskCluster cluster, PrintStream out, int pricers, int bookers) {
        this.cluster = cluster;
        this.out = out;
        this.pricers = pricers;
        this.bookers = bookers;
    }

    /**
     * Starts the cluster and drills. The cluster is left running.
     *
     * @return what was promised, and whether it was kept
     * @throws ClusterFailure when the drill cannot be held at all
     */
    Verdict run() {
        requireEmptyFence();
        out.println("Starting " + Ports.NODES + " nodes; their logs are in " + cluster.directory());
        cluster.start();
        Contracts contracts = new Contracts();
        Timeline timeline = new Timeline(out);
        try (MasterWatch watch = new MasterWatch(
                        cluster.targets(),
                        seen -> timeline.add(
                                seen.at(),
                                seen.master() + " is master of epoch " + seen.epoch() + ", first seen by "
                                        + seen.seenBy()));
                Rotation rotation = new Rotation(cluster.targets());
                Load load = new Load(
                        rotation,
                        new DeskClient(Duration.ofSeconds(20)),
                        contracts.all().stream().map(OptionContract::id).toList())) {
            return drill(watch, rotation, load, contracts.all().size(), timeline);
        }
    }

    private Verdict drill(MasterWatch watch, Rotation rotation, Load load, int contracts, Timeline timeline) {
        Sighting old = awaitAgreement(watch);
        timeline.add("all nodes are ready and agree on " + old.master() + " as master of epoch " + old.epoch());

        Instant start = Instant.now();
        load.pricing(pricers, BETWEEN_VALUATIONS).booking(bookers, BETWEEN_BOOKINGS);
        timeline.add(pricers + " callers value " + contracts + " contracts, " + bookers + " book trades");
        Waiting.pause(CALM);

        NodeProcess victim = cluster.node(watch.agreed(ids()).orElse(old).master());
        long oldEpoch = watch.first().lastKey();
        Instant killed = Instant.now();
        victim.kill9();
        timeline.add(killed, "kill -9 of " + victim.id() + ", master of epoch " + oldEpoch);

        Waiting.until(PATIENCE, () -> watch.after(oldEpoch).isPresent());
        Waiting.until(PATIENCE, () -> firstBooking(load, oldEpoch).isPresent());
        firstBooking(load, oldEpoch)
                .ifPresent(call -> timeline.add(
                        call.end(), "first trade booked by " + call.ranOn() + " in epoch " + call.epoch()));
        Waiting.pause(AFTER_TAKEOVER);

        timeline.add(victim.id() + " is started again");
        victim.start();
        victim.awaitReady(START);
        Waiting.until(PATIENCE, () -> rotation.isIn(victim.id()));
        Instant back = Instant.now();
        timeline.add(back, victim.id() + " is ready again and takes calls");
        Waiting.pause(AFTER_RETURN);
        Waiting.until(WHOLE_FILE, () -> load.valued() == contracts);
        load.close();
        Instant end = Instant.now();
        timeline.add("all callers have finished");

        DrillReport report = new DrillReport(load.calls(), start, killed, back, end);
        TradeAudit audit = TradeAudit.of(cluster.database());
        ConfirmationAudit confirmations = ConfirmationAudit.whenDone(cluster.database(), PATIENCE);
        timeline.add("all confirmations are done");
        report.print(out, ids());
        printMasters(watch, oldEpoch, killed, load);
        Verdict verdict = judge(watch, load, audit, report, contracts, oldEpoch);
        confirmations.judge(verdict);
        out.println();
        out.println("Verdict");
        verdict.print(out);
        return verdict;
    }

    private Sighting awaitAgreement(MasterWatch watch) {
        if (!Waiting.until(PATIENCE, () -> watch.agreed(ids()).isPresent())) {
            throw new ClusterFailure("The nodes do not agree on a master within " + PATIENCE.toSeconds()
                    + " s: see their /actuator/ha and their logs in " + cluster.directory());
        }
        return watch.agreed(ids()).orElseThrow();
    }

    private static Optional<Load.Call> firstBooking(Load load, long oldEpoch) {
        return load.calls().stream()
                .filter(call -> call.kind() == Load.Kind.BOOK && !call.failed() && call.epoch() > oldEpoch)
                .min((a, b) -> a.end().compareTo(b.end()));
    }

    private void printMasters(MasterWatch watch, long oldEpoch, Instant killed, Load load) {
        out.println();
        out.println("Masters");
        watch.first()
                .forEach((epoch, seen) -> out.println("  epoch " + epoch + "  "
                        + String.join(", ", watch.masters().get(epoch))
                        + seen.since().map(since -> "  since " + since).orElse("")));
        watch.history().forEach(entry -> out.println("  history  " + entry));
        watch.after(oldEpoch)
                .ifPresent(next ->
                        out.println("  without a master for " + Timeline.seconds(Duration.between(killed, next.at()))
                                + " (from the kill to the first sight)"));
        firstBooking(load, oldEpoch)
                .ifPresent(call -> out.println("  without a booking in the new epoch for "
                        + Timeline.seconds(Duration.between(killed, call.end())) + " (from the kill)"));
    }

    private Verdict judge(
            MasterWatch watch, Load load, TradeAudit audit, DrillReport report, int contracts, long oldEpoch) {
        Verdict verdict = new Verdict();
        verdict.check(
                report.failures(Load.Kind.PRICE).isEmpty(), "no price call failed", failures(report, Load.Kind.PRICE));
        verdict.check(
                load.valued() == contracts,
                "the whole file was valued",
                load.valued() + " of " + contracts + " contracts");
        verdict.check(
                load.differing().isEmpty(),
                "all nodes value a contract alike",
                load.differing().size() + " differ");
        verdict.check(report.failures(Load.Kind.BOOK).isEmpty(), "no booking failed", failures(report, Load.Kind.BOOK));
        audit.judge(load.acknowledged(), load.sent().keySet(), verdict);
        Set<Long> split = watch.masters().entrySet().stream()
                .filter(epoch -> epoch.getValue().size() != 1)
                .map(epoch -> epoch.getKey())
                .collect(Collectors.toCollection(TreeSet::new));
        audit.writers().forEach((epoch, writers) -> {
            if (!watch.masters().getOrDefault(epoch, Set.of()).equals(writers)) {
                split.add(epoch);
            }
        });
        verdict.check(
                split.isEmpty(),
                "exactly one master per epoch, and only it wrote",
                split.isEmpty()
                        ? watch.masters().toString()
                        : "not in epochs " + split + ": seen " + watch.masters() + ", wrote " + audit.writers());
        judgeReport(watch, audit, verdict);
        verdict.check(
                watch.after(oldEpoch).isPresent(),
                "another master took over",
                "epoch " + watch.first().lastKey());
        return verdict;
    }

    /** A WORKER task, for once: it must not run on the master. */
    private void judgeReport(MasterWatch watch, TradeAudit audit, Verdict verdict) {
        String master = watch.agreed(ids()).map(Sighting::master).orElse("");
        for (NodeProcess node : cluster.nodes()) {
            try {
                DeskClient.Answer answer = new DeskClient(Duration.ofSeconds(20)).report(node.uri());
                String by = answer.body().path("node").asText();
                boolean whole =
                        answer.body().path("trades").asLong() == audit.rows().size();
                verdict.check(
                        answer.isOk() && whole && !by.equals(master),
                        "asked at " + node.id() + ", a worker reports the whole book",
                        answer.isOk() ? "by " + by + ", master is " + master : answer.toString());
            } catch (IOException e) {
                verdict.check(false, "asked at " + node.id() + ", a worker reports the whole book", e.toString());
            }
        }
    }

    private static String failures(DrillReport report, Load.Kind kind) {
        var failures = report.failures(kind);
        return failures.size() + " of " + report.calls(kind)
                + (failures.isEmpty() ? "" : ", the first: " + failures.get(0).failure());
    }

    private Set<String> ids() {
        return cluster.nodes().stream().map(NodeProcess::id).collect(Collectors.toCollection(TreeSet::new));
    }

    /** A new cluster counts its epochs from 1, which the fence of an old one would refuse, as it must. */
    private void requireEmptyFence() {
        try (Connection connection = cluster.database().connect();
                Statement statement = connection.createStatement();
                ResultSet fence = statement.executeQuery("SELECT MAX(epoch) FROM ha_fence")) {
            if (fence.next() && fence.getLong(1) > 0) {
                throw new ClusterFailure("The database " + cluster.database().url()
                        + " holds the trades of another cluster. Name an empty one by DESK_DB_URL, or drop its tables"
                        + " trade, confirmation, ha_fence and those that begin with ha_task.");
            }
        } catch (SQLException e) {
            // There is no such table yet, or no database: the nodes make the one and complain about the other.
        }
    }
}
