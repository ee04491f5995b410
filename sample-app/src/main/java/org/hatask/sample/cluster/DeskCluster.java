package org.hatask.sample.cluster;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.hatask.sample.cluster.Rotation.Target;

/**
 * Three nodes and their database, in one directory. Closing ends all processes and removes the directory; that happens at
 * the end of this JVM, too.
 */
final class DeskCluster implements AutoCloseable {

    private static final Duration START = Duration.ofSeconds(120);
    private static final Duration STOP = Duration.ofSeconds(20);

    private final Path directory;
    private final Ports ports;
    private final H2Process h2;
    private final Database database;
    private final List<NodeProcess> nodes;
    private final Runnable atExit = this::close;
    private volatile boolean ownsDirectory;
    private volatile boolean keepDirectory;
    private boolean closed;

    private DeskCluster(
            Path directory,
            Ports ports,
            Database configured,
            NodeProcess.Program program,
            IntFunction<List<String>> nodeProperties) {
        this.directory = directory;
        this.ports = ports;
        DeskClient client = new DeskClient(Duration.ofSeconds(2));
        this.h2 = configured == null ? new H2Process(directory, ports.database()) : null;
        this.database = configured == null ? h2.database() : configured;
        this.nodes = IntStream.range(0, Ports.NODES)
                .mapToObj(i -> {
                    List<String> properties = new ArrayList<>(nodeProperties.apply(i));
                    if (h2 != null) {
                        properties.addAll(database.nodeArguments());
                    }
                    return new NodeProcess(id(i), ports.node(i), directory, program, properties, client);
                })
                .toList();
        AtExit.run(atExit);
    }

    /**
     * Nodes that host the ZooKeeper quorum themselves.
     *
     * @param configured the database to use, which the nodes know from the environment; null for one of its own
     * @param properties more properties for every node
     */
    static DeskCluster withEmbeddedQuorum(Path directory, Ports ports, Database configured, List<String> properties) {
        String ensemble = IntStream.range(0, Ports.NODES)
                .mapToObj(i -> id(i) + "@127.0.0.1:" + ports.zooKeeperClient(i) + ":" + ports.zooKeeperPeer(i) + ":"
                        + ports.zooKeeperElection(i))
                .collect(Collectors.joining(","));
        return new DeskCluster(directory, ports, configured, NodeProcess.Program.DESK, i -> {
            List<String> all = new ArrayList<>(properties);
            all.add("--ha.zookeeper.embedded.ensemble=" + ensemble);
            all.add("--ha.zookeeper.embedded.data-dir=" + directory.resolve(id(i)));
            return all;
        });
    }

    /** Nodes that use a ZooKeeper of somebody else. */
    static DeskCluster withZooKeeper(Path directory, Ports ports, String connectString, List<String> properties) {
        return withZooKeeper(directory, ports, connectString, null, NodeProcess.Program.DESK, properties);
    }

    /**
     * Nodes of any application that use a ZooKeeper of somebody else.
     *
     * @param configured the database to use, of which the properties tell the nodes; null for one of its own
     */
    static DeskCluster withZooKeeper(
            Path directory,
            Ports ports,
            String connectString,
            Database configured,
            NodeProcess.Program program,
            List<String> properties) {
        return new DeskCluster(directory, ports, configured, program, i -> {
            List<String> all = new ArrayList<>(properties);
            all.add("--ha.zookeeper.connect-string=" + connectString);
            return all;
        });
    }

    Database database() {
        return database;
    }

    List<NodeProcess> nodes() {
        return nodes;
    }

    NodeProcess node(String id) {
        return nodes.stream()
                .filter(node -> node.id().equals(id))
                .findFirst()
                .orElseThrow(() -> new ClusterFailure("There is no node " + id + " here"));
    }

    /** Whether the node hosts the leader of the quorum; for nodes that host it themselves. */
    boolean leadsQuorum(NodeProcess node) {
        return ZooKeeperProcess.mode(ports.zooKeeperClient(nodes.indexOf(node))).equals("leader");
    }

    List<Target> targets() {
        return nodes.stream().map(node -> new Target(node.id(), node.uri())).toList();
    }

    Path directory() {
        return directory;
    }

    /** Leaves the logs for somebody to read. */
    void keepDirectory() {
        keepDirectory = true;
    }

    /** Starts all and waits until all are ready. */
    void start() {
        ports.requireFree();
        if (h2 == null) {
            database.requireReachable();
        }
        // Whoever has the ports has the directory.
        ownsDirectory = true;
        delete(directory);
        if (h2 != null) {
            h2.startAndAwait();
        }
        nodes.forEach(NodeProcess::start);
        nodes.forEach(node -> node.awaitReady(START));
    }

    @Override
    public void close() {
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
        }
        AtExit.forget(atExit);
        // All at once, as they wait for each other a little.
        nodes.stream().filter(NodeProcess::isAlive).forEach(node -> {
            node.resume();
            node.terminate();
        });
        nodes.forEach(node -> node.stop(STOP));
        if (h2 != null) {
            h2.close();
        }
        if (ownsDirectory && !keepDirectory) {
            delete(directory);
        }
    }

    static void delete(Path directory) {
        if (!Files.exists(directory)) {
            return;
        }
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot remove " + directory, e);
        }
    }

    private static String id(int index) {
        return "n" + (index + 1);
    }
}
