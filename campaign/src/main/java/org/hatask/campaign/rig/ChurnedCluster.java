package org.hatask.campaign.rig;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Steady nodes, a node that is killed or stopped and restarted all the time, and a process that starts and stops nodes within
 * itself all the time; and a ZooKeeper server. Each a process of its own, all on the loopback interface.
 */
public final class ChurnedCluster implements AutoCloseable {

    /** The process that starts and stops nodes within itself. */
    public static final String RESTARTING = "restarting";

    private static final Duration TO_START = Duration.ofSeconds(180);

    private final Path directory;
    private final List<String> steady;
    private final Election election;
    private final Ports ports = new Ports();
    private final Http http = new Http();
    private final int zooKeeperPort = ports.free();
    private final Map<String, Integer> nodePorts = new HashMap<>();
    private final Map<String, Child> children = new HashMap<>();
    private final Churn churn;

    public ChurnedCluster(Path directory, int steady, long seed, Election election) {
        this.directory = directory.toAbsolutePath();
        this.steady = IntStream.rangeClosed(1, steady).mapToObj(i -> "n" + i).toList();
        this.election = election;
        try {
            Files.createDirectories(this.directory);
            children.put(
                    "z1",
                    ZooKeeperServer.of(
                            "z1", this.directory, zooKeeperPort, List.of(), List.of("4lw.commands.whitelist=mntr")));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        // By id the churning nodes come first: with lowest-node-id, each of their starts and ends is a change of
        // master.
        Stream.concat(this.steady.stream(), Stream.of("k1")).forEach(name -> {
            nodePorts.put(name, ports.free());
            children.put(name, node(name, "SoakNode", nodePorts.get(name), List.of("--ha.node.id=" + name)));
        });
        children.put(RESTARTING, node("r1", "RestartingNode", 0, List.of()));
        this.churn = new Churn(children.get("k1"), () -> answers("k1"), seed);
    }

    private Child node(String name, String mainClass, int port, List<String> more) {
        List<String> args = new ArrayList<>(List.of(
                "--server.port=" + port,
                "--ha.node.host=127.0.0.1",
                "--ha.zookeeper.connect-string=127.0.0.1:" + zooKeeperPort,
                "--soak.restarts=" + directory.resolve("restarts")));
        args.addAll(election.arguments());
        args.addAll(more);
        return new Child(
                name,
                directory,
                Map.of(), // Caches that go when memory is short count as nothing.
                List.of("-Xmx192m", "-XX:SoftRefLRUPolicyMSPerMB=0"),
                "org.hatask.campaign.soak.app." + mainClass,
                args);
    }

    /** Starts everything and returns when it works and churns. */
    public void start() {
        children.get("z1").start();
        steady.forEach(name -> children.get(name).start());
        require("the steady nodes", () -> steady.stream().allMatch(this::answers));
        children.get(RESTARTING).start();
        churn.start();
        require("the churn", () -> churn.ends() > 0 && restartsWithin() > 0);
    }

    private void require(String what, BooleanSupplier works) {
        if (!Waiting.until(TO_START, works)) {
            throw new IllegalStateException(
                    what + " did not come within " + TO_START.toSeconds() + " s; see the logs in " + directory);
        }
    }

    private boolean answers(String node) {
        return http.get(nodePorts.get(node), "/actuator/ha/node").isPresent();
    }

    /** Processes that are to stay as they are, the one with nodes that come and go among them. */
    public List<String> measured() {
        List<String> names = new ArrayList<>(steady);
        names.add(RESTARTING);
        return names;
    }

    public List<String> steady() {
        return steady;
    }

    /** How much a process holds after a full collection; the one with nodes that come and go, between two of them. */
    public Reading read(String process) {
        return process.equals(RESTARTING) ? readBetweenNodes() : probe(process);
    }

    private Reading readBetweenNodes() {
        Path hold = directory.resolve("hold");
        Path held = directory.resolve("held");
        try {
            Files.createFile(hold);
            require("the moment between two nodes", () -> Files.exists(held));
            Reading reading = probe(RESTARTING);
            Files.delete(hold);
            require("the next node", () -> !Files.exists(held));
            return reading;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Reading probe(String process) {
        return Probe.jvm(children.get(process))
                .orElseThrow(() -> new IllegalStateException(
                        process + " is no more; see " + children.get(process).log()));
    }

    public Map<String, Long> readZooKeeper() {
        return Probe.zooKeeper(zooKeeperPort);
    }

    /** The steady node's report of its cluster, if it answers. */
    public Optional<String> report(String node) {
        return http.get(nodePorts.get(node), "/actuator/ha");
    }

    /** Nodes that worked and have ended, by {@code kill -9} or in order. */
    public long restarts() {
        return churn.ends() + restartsWithin();
    }

    /** Those in the process that stays. */
    private long restartsWithin() {
        Path file = directory.resolve("restarts");
        try (Stream<String> lines = Files.exists(file) ? Files.lines(file) : Stream.empty()) {
            return lines.count();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Those of them that were ended by {@code kill -9}. */
    public long kills() {
        return churn.kills();
    }

    @Override
    public void close() {
        churn.close();
        children.values().forEach(Child::close);
    }
}
