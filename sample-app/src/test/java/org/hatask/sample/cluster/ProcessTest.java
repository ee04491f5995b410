package org.hatask.sample.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.hatask.process.UnpackedJar;
import org.hatask.sample.PricingDeskApplication;
import org.hatask.sample.cluster.MasterWatch.Sighting;
import org.hatask.sample.pricing.Contracts;
import org.hatask.sample.pricing.OptionContract;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;

/**
 * Three nodes and a ZooKeeper, each a process of its own, or three nodes that host the quorum themselves; with callers that
 * count; all gone after the test.
 */
abstract class ProcessTest {

    static final Duration PATIENCE = Duration.ofSeconds(60);
    static final Duration TICK = Duration.ofMillis(500);
    private static final Duration CALL_PATIENCE = Duration.ofSeconds(20);

    final Path directory =
            Path.of("target/process-tests/" + getClass().getSimpleName()).toAbsolutePath();
    private final List<AutoCloseable> opened = new ArrayList<>();

    ZooKeeperProcess zooKeeper;
    DeskCluster cluster;
    MasterWatch watch;
    Rotation rotation;
    Load load;

    void startCluster(Duration session, String... moreProperties) {
        startCluster(session, CALL_PATIENCE, moreProperties);
    }

    /** @param callPatience how long a caller waits for an answer */
    void startCluster(Duration session, Duration callPatience, String... moreProperties) {
        startCluster(session, callPatience, NodeProcess.Program.DESK, null, moreProperties);
    }

    /** @param database one that runs already; null for one of the cluster's own */
    void startCluster(
            Duration session,
            Duration callPatience,
            NodeProcess.Program program,
            Database database,
            String... moreProperties) {
        Ports ports = emptyDirectory();
        zooKeeper = open(new ZooKeeperProcess(directory.resolve("zookeeper"), ports.zooKeeper(), TICK));
        List<String> properties = new ArrayList<>(properties(
                session,
                Stream.concat(
                        Stream.of("--ha.zookeeper.tick-time=" + TICK.toMillis() + "ms"), Stream.of(moreProperties))));
        if (database != null) {
            properties.addAll(database.nodeArguments());
        }
        cluster = open(DeskCluster.withZooKeeper(
                directory.resolve("desk"), ports, zooKeeper.connectString(), database, program, properties));
        zooKeeper.startAndAwait();
        startNodes(callPatience);
    }

    /** Without a ZooKeeper beside the nodes. */
    void startClusterWithItsOwnQuorum(Duration session, String... moreProperties) {
        Ports ports = emptyDirectory();
        cluster = open(DeskCluster.withEmbeddedQuorum(
                directory.resolve("desk"), ports, null, properties(session, Stream.of(moreProperties))));
        startNodes(CALL_PATIENCE);
    }

    @BeforeAll
    static void unpack() throws Exception {
        UnpackedJar.prepare("sample", PricingDeskApplication.class.getName());
    }

    private Ports emptyDirectory() {
        DeskCluster.delete(directory);
        open(() -> DeskCluster.delete(directory));
        return Ports.free();
    }

    private static List<String> properties(Duration session, Stream<String> more) {
        return Stream.concat(
                        Stream.of(
                                "--ha.zookeeper.session-timeout=" + session.toMillis() + "ms",
                                "--logging.level.org.hatask.sample.booking=DEBUG",
                                // What a valuation costs is not what is tested.
                                "--desk.lattice-steps=60"),
                        more)
                .toList();
    }

    private void startNodes(Duration callPatience) {
        cluster.start();
        watch = open(new MasterWatch(
                cluster.targets(),
                seen -> say("%s is master of epoch %d, seen by %s", seen.master(), seen.epoch(), seen.seenBy())));
        rotation = open(new Rotation(cluster.targets()));
        load = open(new Load(
                rotation,
                new DeskClient(callPatience),
                new Contracts().all().stream().map(OptionContract::id).toList()));
    }

    @AfterEach
    void closeAll() throws Exception {
        for (int i = opened.size() - 1; i >= 0; i--) {
            opened.get(i).close();
        }
        opened.clear();
    }

    Sighting awaitAgreement() {
        assertThat(Waiting.until(PATIENCE, () -> watch.agreed(ids()).isPresent()))
                .as("all nodes agree on a master; seen so far: " + watch.first())
                .isTrue();
        return watch.agreed(ids()).orElseThrow();
    }

    /** Views are asked every 100 ms and may agree on the past for a moment: this is about what came after that epoch. */
    Sighting awaitAgreementAfter(long epoch) {
        assertThat(Waiting.until(PATIENCE, () -> watch.agreed(ids())
                        .filter(seen -> seen.epoch() > epoch)
                        .isPresent()))
                .as("all nodes agree on a master after epoch " + epoch + "; seen so far: " + watch.first())
                .isTrue();
        return watch.agreed(ids()).orElseThrow();
    }

    Sighting awaitMasterAfter(long epoch) {
        assertThat(Waiting.until(PATIENCE, () -> watch.after(epoch).isPresent()))
                .as("there is a master after epoch " + epoch)
                .isTrue();
        return watch.after(epoch).orElseThrow();
    }

    /** The first booking that was acknowledged in this epoch or a later one and began after that moment. */
    Load.Call awaitBooking(long epoch, Instant after) {
        assertThat(Waiting.until(PATIENCE, () -> booking(epoch, after).isPresent()))
                .as("a trade is booked in epoch " + epoch + " or later")
                .isTrue();
        return booking(epoch, after).orElseThrow();
    }

    private Optional<Load.Call> booking(long epoch, Instant after) {
        return load.calls().stream()
                .filter(call -> call.kind() == Load.Kind.BOOK && !call.failed() && call.epoch() >= epoch)
                .filter(call -> call.end().isAfter(after))
                .min((a, b) -> a.end().compareTo(b.end()));
    }

    void awaitValuations(int more) {
        int before = load.calls().size();
        assertThat(Waiting.until(PATIENCE, () -> load.calls().size() >= before + more))
                .as("calls go on")
                .isTrue();
    }

    /**
     * Stops the callers and checks what must hold of every run: no failed call, a clean book, all of it
     * confirmed, one master per epoch.
     */
    TradeAudit stopLoadAndJudge() {
        load.close();
        TradeAudit audit = TradeAudit.of(cluster.database());
        Verdict verdict = new Verdict();
        audit.judge(load.acknowledged(), load.sent().keySet(), verdict);
        ConfirmationAudit.whenDone(cluster.database(), PATIENCE).judge(verdict);
        List<Load.Call> failed = load.calls().stream().filter(Load.Call::failed).toList();
        say(
                "%d calls, %d failed, %d sent again; bookings refused at first: %s",
                load.calls().size(),
                failed.size(),
                load.calls().stream().filter(call -> call.resends() > 0).count(),
                load.refusals());
        verdict.check(failed.isEmpty(), "no call failed", some(failed));
        watch.masters()
                .forEach((epoch, masters) ->
                        verdict.check(masters.size() == 1, "one master in epoch " + epoch, masters.toString()));
        audit.writers()
                .forEach((epoch, writers) -> verdict.check(
                        writers.equals(watch.masters().get(epoch)),
                        "only the master wrote in epoch " + epoch,
                        writers.toString()));
        if (!verdict.broken().isEmpty()) {
            cluster.nodes().forEach(node -> System.out.println(node.tail()));
        }
        assertThat(verdict.broken()).isEmpty();
        return audit;
    }

    Set<String> ids() {
        return cluster.nodes().stream().map(NodeProcess::id).collect(Collectors.toCollection(TreeSet::new));
    }

    static void say(String format, Object... values) {
        System.out.println("    " + String.format(Locale.ROOT, format, values));
    }

    static String millis(Instant from, Instant to) {
        return Duration.between(from, to).toMillis() + " ms";
    }

    <T extends AutoCloseable> T open(T resource) {
        opened.add(resource);
        return resource;
    }

    private static String some(Collection<?> all) {
        return all.size() + " " + all.stream().limit(3).toList();
    }
}
