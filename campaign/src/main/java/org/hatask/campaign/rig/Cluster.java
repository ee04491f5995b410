package org.hatask.campaign.rig;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.hatask.campaign.check.History;

/**
 * A database, ZooKeeper servers and some nodes that reach each other over the lines of a {@link Network}; each a process of its
 * own, unless the servers are embedded in the nodes. Everything listens on the loopback interface.
 *
 * <p>Nodes and servers go by a name, and each has a hosts file of its own in which the name of a peer is the address of its own
 * line to that peer. So each pair has a line for each direction without any privilege.
 */
public final class Cluster implements AutoCloseable {

    private static final int ZOOKEEPERS = 3;
    private static final Duration TO_START = Duration.ofSeconds(180);

    private final Path directory;
    private final Setup setup;
    private final long seed;
    private final Network network;
    private final Http http = new Http();
    private final Ports ports = new Ports();
    private final Map<String, Child> children = new HashMap<>();
    private final Map<String, Clock> clocks = new HashMap<>();
    private final Map<String, Integer> nodePorts = new HashMap<>();
    private final Map<String, int[]> serverPorts = new HashMap<>();
    private final int databasePort = ports.free();

    public Cluster(Path directory, Setup setup, long seed) {
        this.directory = directory.toAbsolutePath();
        this.setup = setup;
        this.seed = seed;
        this.network = new Network(seed);
    }

    Network network() {
        return network;
    }

    List<String> nodes() {
        return IntStream.rangeClosed(1, setup.nodes()).mapToObj(i -> "n" + i).toList();
    }

    /** Names of the ZooKeeper servers, which are the nodes' own where they are embedded. */
    List<String> zooKeepers() {
        return setup.ensemble() == Ensemble.EMBEDDED
                ? nodes()
                : IntStream.rangeClosed(1, ZOOKEEPERS).mapToObj(i -> "z" + i).toList();
    }

    /** Those that a node needs the network for. */
    List<String> zooKeepersBeyond(String node) {
        return zooKeepers().stream().filter(server -> !server.equals(node)).toList();
    }

    Setup setup() {
        return setup;
    }

    Child child(String name) {
        return children.get(name);
    }

    Clock clock(String node) {
        return clocks.get(node);
    }

    /** Starts everything and returns when it works. */
    public void start() {
        try {
            Files.createDirectories(directory);
            addDatabase();
            for (String name : zooKeepers()) {
                serverPorts.put(name, new int[] {ports.free(), ports.free(), ports.free()});
            }
            if (setup.ensemble() == Ensemble.EXTERNAL) {
                addZooKeepers();
            }
            addNodes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        network.watchDoors();
        child("db").start();
        require("the database", this::createTables);
        // Where they are embedded, these are the nodes.
        zooKeepers().forEach(name -> child(name).start());
        nodes().forEach(name -> child(name).start());
        require("the cluster", () -> complaints().isEmpty());
    }

    private void require(String what, BooleanSupplier works) {
        if (!Waiting.until(TO_START, works)) {
            throw new IllegalStateException(what + " did not start within " + TO_START.toSeconds()
                    + " s; see the logs in " + directory + (nodePorts.isEmpty() ? "" : ": " + complaints()));
        }
    }

    private void addDatabase() {
        children.put(
                "db",
                new Child(
                        "db",
                        directory,
                        Map.of(),
                        List.of("-Xmx256m", "-Dh2.bindAddress=127.0.0.1"),
                        "org.h2.tools.Server",
                        List.of(
                                "-tcp",
                                "-tcpPort",
                                Integer.toString(databasePort),
                                "-ifNotExists",
                                "-baseDir",
                                directory.resolve("h2").toString())));
    }

    private void addZooKeepers() throws IOException {
        for (String name : zooKeepers()) {
            List<String> settings = new ArrayList<>(List.of("initLimit=10", "syncLimit=4"));
            for (String peer : zooKeepers()) {
                // What a server tells the others of its address is this name, which to them is that of their line to
                // it.
                settings.add("server." + number(peer) + "=" + peer + ":"
                        + serverPorts.get(peer)[1] + ":" + serverPorts.get(peer)[2]);
            }
            Files.createDirectories(directory.resolve(name));
            Files.writeString(directory.resolve(name).resolve("myid"), Integer.toString(number(name)));
            children.put(
                    name,
                    ZooKeeperServer.of(
                            name,
                            directory,
                            serverPorts.get(name)[0],
                            List.of("-Djdk.net.hosts.file=" + hosts(name, zooKeepers(), 12)),
                            settings));
            for (String peer : zooKeepersBeyond(name)) {
                lines(name, peer, 12, serverPorts.get(peer)[1], serverPorts.get(peer)[2]);
            }
        }
    }

    private void addNodes() throws IOException {
        Optional<Path> shiftedClock = Clock.library(directory);
        for (String node : nodes()) {
            nodePorts.put(node, ports.free());
        }
        for (String node : nodes()) {
            for (String peer : nodes()) {
                if (!peer.equals(node)) {
                    lines(node, peer, 11, nodePorts.get(peer));
                    if (setup.ensemble() == Ensemble.EMBEDDED) {
                        lines(node, peer, 11, serverPorts.get(peer));
                    }
                }
            }
            clocks.put(node, new Clock(shiftedClock, directory.resolve(node + ".clock")));
            children.put(node, nodeProcess(node));
        }
    }

    /** A hosts file in which the party itself is at the usual address, and each other one where the line to it begins. */
    private Path hosts(String party, List<String> all, int net) throws IOException {
        List<String> hosts = new ArrayList<>(List.of("127.0.0.1 localhost"));
        for (String peer : all) {
            hosts.add((peer.equals(party) ? "127.0.0.1" : lineAddress(party, peer, net)) + " " + peer);
        }
        return Files.write(directory.resolve(party + ".hosts"), hosts);
    }

    private static String lineAddress(String from, String to, int net) {
        return "127." + net + "." + number(from) + "." + number(to);
    }

    private void lines(String from, String to, int net, int... targetPorts) {
        for (int port : targetPorts) {
            network.line(
                    from,
                    to,
                    new InetSocketAddress(lineAddress(from, to, net), port),
                    Ports.loopback(port),
                    () -> isAlive(to));
        }
    }

    private Child nodeProcess(String node) throws IOException {
        List<String> args = new ArrayList<>(List.of(
                "--server.port=" + nodePorts.get(node),
                "--ha.node.id=" + node,
                "--ha.node.host=" + node,
                "--spring.datasource.url=" + databaseUrl(),
                "--campaign.events=" + directory.resolve("events"),
                "--campaign.unfenced=" + directory.resolve("unfenced.log"),
                "--campaign.seed=" + (seed * 10 + number(node)),
                "--campaign.mutation=" + setup.mutation()));
        args.addAll(setup.election().arguments());
        args.addAll(zooKeeperArguments(node));
        return new Child(
                node,
                directory,
                clocks.get(node).environment(),
                List.of(
                        "-Xmx160m",
                        "-Djdk.net.hosts.file=" + hosts(node, nodes(), 11),
                        // Of its own peer, where it has one.
                        "-Dzookeeper.forceSync=no"),
                "org.hatask.campaign.app.CampaignNode",
                args);
    }

    private List<String> zooKeeperArguments(String node) {
        return switch (setup.ensemble()) {
            case EXTERNAL ->
                List.of("--ha.zookeeper.connect-string="
                        + zooKeepers().stream()
                                .map(server -> "127.0.0.1:" + lineToZooKeeper(node, server))
                                .collect(Collectors.joining(",")));
            case EMBEDDED ->
                List.of(
                        "--ha.zookeeper.embedded.data-dir=" + directory.resolve(node + ".zookeeper"),
                        "--ha.zookeeper.embedded.ensemble="
                                + nodes().stream().map(this::ensemblePeer).collect(Collectors.joining(",")));
        };
    }

    private int lineToZooKeeper(String node, String server) {
        int port = serverPorts.get(server)[0];
        return network.line(node, server, Ports.loopback(0), Ports.loopback(port), () -> isAlive(server))
                .port();
    }

    private String ensemblePeer(String node) {
        return node + "@" + node + ":"
                + Arrays.stream(serverPorts.get(node))
                        .mapToObj(Integer::toString)
                        .collect(Collectors.joining(":"));
    }

    boolean isAlive(String name) {
        Child child = children.get(name);
        return child != null && child.isAlive();
    }

    private String databaseUrl() {
        // A writer that was stopped holds its lock: nobody waits for it for long.
        return "jdbc:h2:tcp://127.0.0.1:" + databasePort + "/./campaign;DB_CLOSE_DELAY=-1;LOCK_TIMEOUT=1000;USER=sa";
    }

    private boolean createTables() {
        try (Connection connection = DriverManager.getConnection(databaseUrl());
                Statement statement = connection.createStatement()) {
            statement.execute("CREATE TABLE IF NOT EXISTS register (content VARCHAR(100) NOT NULL)");
            statement.execute("CREATE TABLE IF NOT EXISTS writes (number BIGINT AUTO_INCREMENT PRIMARY KEY, "
                    + "id VARCHAR(100) NOT NULL, epoch BIGINT NOT NULL, node VARCHAR(20) NOT NULL)");
            statement.execute("INSERT INTO register SELECT '' WHERE NOT EXISTS (SELECT 1 FROM register)");
            return true;
        } catch (SQLException e) {
            return false;
        }
    }

    /** What the register holds. */
    public List<History.Row> rows() {
        List<History.Row> rows = new ArrayList<>();
        try (Connection connection = DriverManager.getConnection(databaseUrl());
                Statement statement = connection.createStatement();
                ResultSet result =
                        statement.executeQuery("SELECT number, id, epoch, node FROM writes ORDER BY number")) {
            while (result.next()) {
                rows.add(new History.Row(
                        result.getLong(1), result.getString(2), result.getLong(3), result.getString(4)));
            }
            return rows;
        } catch (SQLException e) {
            throw new IllegalStateException("the register cannot be read", e);
        }
    }

    /** Which node is master by its own word, the newest epoch's if there are several. */
    Optional<String> master() {
        String master = null;
        long newest = 0;
        for (String node : nodes()) {
            long held = ask(node, "/campaign/held").map(Long::parseLong).orElse(0L);
            if (held > newest) {
                master = node;
                newest = held;
            }
        }
        return Optional.ofNullable(master);
    }

    /** What is missing to full health; empty when nothing is. */
    public List<String> complaints() {
        List<String> complaints = new ArrayList<>();
        Set<String> masters = new HashSet<>();
        for (String node : nodes()) {
            Optional<String> report = ask(node, "/actuator/ha");
            if (report.isEmpty()) {
                complaints.add(node + " does not answer");
                continue;
            }
            complaints.addAll(ClusterReport.complaints(node, report.get(), nodes(), masters));
        }
        if (masters.size() != 1) {
            complaints.add("the nodes know these masters: " + masters);
        }
        return complaints;
    }

    /** Everybody stops to call and to run, and ends in order. */
    public void stop() {
        nodes().forEach(node -> post(node, "/campaign/quiet"));
        Waiting.until(Duration.ofSeconds(20), () -> nodes().stream()
                .allMatch(node -> ask(node, "/campaign/open").orElse("0").equals("0")));
        nodes().forEach(node -> child(node).terminate());
        nodes().forEach(node -> child(node).awaitEnd(Duration.ofSeconds(20)));
    }

    private Optional<String> ask(String node, String path) {
        if (!child(node).isWell()) {
            return Optional.empty();
        }
        return http.get(nodePorts.get(node), path);
    }

    private void post(String node, String path) {
        http.post(nodePorts.get(node), path, "");
    }

    /** Whether a node took the operator's command to promote another, or itself. */
    boolean promote(String via, String node) {
        return http.post(
                        nodePorts.get(via),
                        "/actuator/ha",
                        "{\"action\": \"promote\", \"node\": \"" + node + "\", \"why\": \"campaign\"}")
                .isPresent();
    }

    /** A server to which the node is connected. */
    Optional<String> zooKeeperOf(String node) {
        return zooKeepersBeyond(node).stream()
                .filter(server -> network.connections(node, server) > 0)
                .findFirst();
    }

    private static int number(String name) {
        return Integer.parseInt(name.substring(1));
    }

    @Override
    public void close() {
        children.values().forEach(Child::close);
        network.close();
    }
}
