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
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.hatask.campaign.check.History;

/**
 * A database, three ZooKeeper servers and some nodes, each a process of its own, that reach each other over the lines of a
 * {@link Network}. Everything listens on the loopback interface, but for the ports between the ZooKeeper servers: only with the
 * wildcard as its own address does a server not tell the others to go past the lines.
 *
 * <p>Nodes advertise a name, and every node has a hosts file of its own in which the name of a peer is the address of its own line
 * to that peer. So each pair has a line for each direction without any privilege.
 */
public final class Cluster implements AutoCloseable {

    static final int ZOOKEEPERS = 3;
    private static final Duration TO_START = Duration.ofSeconds(90);

    private final Path directory;
    private final int size;
    private final long seed;
    private final String mutation;
    private final Network network;
    private final Http http = new Http();
    private final Ports ports = new Ports();
    private final Map<String, Child> children = new HashMap<>();
    private final Map<String, Clock> clocks = new HashMap<>();
    private final Map<String, Integer> nodePorts = new HashMap<>();
    private final Map<String, String> zooKeeperLines = new HashMap<>();
    private final int databasePort = ports.free();

    public Cluster(Path directory, int size, long seed, String mutation) {
        this.directory = directory.toAbsolutePath();
        this.size = size;
        this.seed = seed;
        this.mutation = mutation;
        this.network = new Network(seed);
    }

    Network network() {
        return network;
    }

    List<String> nodes() {
        return IntStream.rangeClosed(1, size).mapToObj(i -> "n" + i).toList();
    }

    static List<String> zooKeepers() {
        return IntStream.rangeClosed(1, ZOOKEEPERS).mapToObj(i -> "z" + i).toList();
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
            addZooKeepers();
            addNodes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        network.watchDoors();
        child("db").start();
        require("the database", this::createTables);
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
        Map<String, int[]> serverPorts = new HashMap<>();
        for (String name : zooKeepers()) {
            serverPorts.put(name, new int[] {ports.free(), ports.free(), ports.free()});
        }
        for (String name : zooKeepers()) {
            List<String> config = new ArrayList<>(List.of(
                    "dataDir=" + directory.resolve(name),
                    "clientPort=" + serverPorts.get(name)[0],
                    "clientPortAddress=127.0.0.1",
                    "tickTime=500",
                    "initLimit=10",
                    "syncLimit=4",
                    "maxClientCnxns=0"));
            for (String peer : zooKeepers()) {
                String address = peer.equals(name)
                        ? "0.0.0.0:" + serverPorts.get(name)[1] + ":"
                                + serverPorts.get(name)[2]
                        : "127.0.0.1:" + toZooKeeper(name, peer, serverPorts.get(peer)[1]) + ":"
                                + toZooKeeper(name, peer, serverPorts.get(peer)[2]);
                config.add("server." + number(peer) + "=" + address);
            }
            Files.createDirectories(directory.resolve(name));
            Files.writeString(directory.resolve(name).resolve("myid"), Integer.toString(number(name)));
            Path file = directory.resolve(name + ".cfg");
            Files.write(file, config);
            children.put(
                    name,
                    new Child(
                            name,
                            directory,
                            Map.of(),
                            List.of(
                                    "-Xmx128m",
                                    "-Dzookeeper.admin.enableServer=false",
                                    // Processes die here, the machine does not.
                                    "-Dzookeeper.forceSync=no",
                                    "-Dlogback.configurationFile=campaign/logback-quiet.xml"),
                            "org.apache.zookeeper.server.quorum.QuorumPeerMain",
                            List.of(file.toString())));
        }
        for (String node : nodes()) {
            zooKeeperLines.put(
                    node,
                    zooKeepers().stream()
                            .map(server -> "127.0.0.1:"
                                    + toZooKeeper(node, server, serverPorts.get(server)[0]))
                            .collect(Collectors.joining(",")));
        }
    }

    private int toZooKeeper(String from, String to, int port) {
        return network.line(from, to, Ports.loopback(0), Ports.loopback(port), () -> isAlive(to))
                .port();
    }

    private void addNodes() throws IOException {
        Optional<Path> shiftedClock = Clock.library(directory);
        for (String node : nodes()) {
            nodePorts.put(node, ports.free());
        }
        for (String node : nodes()) {
            List<String> hosts = new ArrayList<>(List.of("127.0.0.1 localhost"));
            for (String peer : nodes()) {
                String address = peer.equals(node) ? "127.0.0.1" : "127.11." + number(node) + "." + number(peer);
                hosts.add(address + " " + peer);
                if (!peer.equals(node)) {
                    int port = nodePorts.get(peer);
                    network.line(
                            node,
                            peer,
                            new InetSocketAddress(address, port),
                            Ports.loopback(port),
                            () -> isAlive(peer));
                }
            }
            Path file = directory.resolve(node + ".hosts");
            Files.write(file, hosts);
            clocks.put(node, new Clock(shiftedClock, directory.resolve(node + ".clock")));
            children.put(node, nodeProcess(node, file));
        }
    }

    private Child nodeProcess(String node, Path hosts) {
        return new Child(
                node,
                directory,
                clocks.get(node).environment(),
                List.of("-Xmx160m", "-Djdk.net.hosts.file=" + hosts),
                "org.hatask.campaign.app.CampaignNode",
                List.of(
                        "--server.port=" + nodePorts.get(node),
                        "--ha.node.id=" + node,
                        "--ha.node.host=" + node,
                        "--ha.zookeeper.connect-string=" + zooKeeperLines.get(node),
                        "--spring.datasource.url=" + databaseUrl(),
                        "--campaign.events=" + directory.resolve("events"),
                        "--campaign.unfenced=" + directory.resolve("unfenced.log"),
                        "--campaign.seed=" + (seed * 10 + number(node)),
                        "--campaign.mutation=" + mutation));
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
        http.post(nodePorts.get(node), path);
    }

    /** A server to which the node is connected. */
    OptionalInt zooKeeperOf(String node) {
        int[] connected = IntStream.rangeClosed(1, ZOOKEEPERS)
                .filter(i -> network.connections(node, "z" + i) > 0)
                .toArray();
        return connected.length == 0 ? OptionalInt.empty() : OptionalInt.of(connected[0]);
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
