package org.hatask.sample.cluster;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** What {@code sample-app/cluster} runs: {@code up} starts a cluster to look at, {@code drill} kills one and judges it. */
public final class ClusterTool {

    private static final String USAGE = """
            Usage: sample-app/cluster up | drill [--session-timeout=6s] [--callers=16] [--bookers=3]

              up      starts three nodes with a ZooKeeper quorum of their own and a database, and follows their logs
              drill   does the same, kills the master under load and says whether anybody was hurt

            Environment:
              BASE_PORT     port of the first node (8081); the others are counted from it
              DESK_DB_URL, DESK_DB_USER, DESK_DB_PASSWORD
                            a PostgreSQL to use instead of an H2 of its own, e.g. jdbc:postgresql://localhost/desk
            """;

    private final Map<String, String> environment;
    private final List<String> arguments;

    private ClusterTool(Map<String, String> environment, List<String> arguments) {
        this.environment = environment;
        this.arguments = arguments;
    }

    public static void main(String[] args) throws Exception {
        System.exit(new ClusterTool(System.getenv(), List.of(args)).run());
    }

    private int run() throws IOException {
        String command = arguments.isEmpty() ? "" : arguments.get(0);
        if (!command.equals("up") && !command.equals("drill") || hasUnknownOption()) {
            System.err.print(USAGE);
            return 2;
        }
        try (DeskCluster cluster = cluster()) {
            if (command.equals("up")) {
                up(cluster);
                return 0;
            }
            return drill(cluster);
        } catch (ClusterFailure e) {
            // Ctrl-C reaches the nodes as well as this process: that they end is no news then.
            if (!AtExit.isEnding()) {
                System.err.println(e.getMessage());
            }
            return 2;
        }
    }

    private DeskCluster cluster() {
        Ports ports = Ports.of(environment.getOrDefault("BASE_PORT", "8081"));
        Path directory = Path.of(System.getProperty("sample.run-directory", "target/cluster"))
                .toAbsolutePath()
                .resolve("port-" + ports.base());
        String url = environment.get("DESK_DB_URL");
        Database configured = url == null
                ? null
                : new Database(
                        url,
                        environment.getOrDefault("DESK_DB_USER", "sa"),
                        environment.getOrDefault("DESK_DB_PASSWORD", ""));
        // The nodes listen on the loopback address only, so whoever sits here may look and command.
        List<String> properties =
                new ArrayList<>(List.of("--ha.console.enabled=true", "--management.endpoint.ha.access=unrestricted"));
        String session = option("session-timeout", "");
        if (!session.isEmpty()) {
            properties.add("--ha.zookeeper.session-timeout=" + session);
        }
        return DeskCluster.withEmbeddedQuorum(directory, ports, configured, properties);
    }

    private static void up(DeskCluster cluster) throws IOException {
        System.out.println("Starting " + Ports.NODES + " nodes; their logs are in " + cluster.directory());
        cluster.start();
        for (NodeProcess node : cluster.nodes()) {
            System.out.println(
                    "  " + node.id() + "  " + node.uri() + "  " + node.uri() + "/ha  " + node.uri() + "/actuator/ha");
        }
        System.out.println("""

                Try   curl -s %1$s/price/OPT-0001
                      curl -s %1$s/trades -H 'Content-Type: application/json' \\
                        -d '{"reference": "mine-1", "contract": "OPT-0001", "quantity": 10, "price": 2.5}'
                      curl -s %1$s/report
                Ctrl-C stops all.
                """.formatted(cluster.nodes().get(0).uri()));
        List<LogFollower> logs = new ArrayList<>();
        for (NodeProcess node : cluster.nodes()) {
            logs.add(new LogFollower(node.id(), node.log(), System.out).fromNow());
        }
        while (cluster.nodes().stream().anyMatch(NodeProcess::isAlive)) {
            for (LogFollower log : logs) {
                log.print();
            }
            Waiting.pause(Duration.ofMillis(200));
        }
        throw new ClusterFailure("All nodes have ended.");
    }

    private int drill(DeskCluster cluster) {
        int callers = Integer.parseInt(option("callers", "16"));
        int bookers = Integer.parseInt(option("bookers", "3"));
        Verdict verdict = new Drill(cluster, System.out, callers, bookers).run();
        if (!verdict.allKept()) {
            cluster.keepDirectory();
            System.out.println("The logs are kept in " + cluster.directory());
        }
        return verdict.allKept() ? 0 : 1;
    }

    private boolean hasUnknownOption() {
        return arguments.stream()
                .skip(1)
                .anyMatch(argument -> !argument.matches("--(session-timeout=\\w+|callers=\\d+|bookers=\\d+)"));
    }

    private String option(String name, String otherwise) {
        String prefix = "--" + name + "=";
        return arguments.stream()
                .filter(argument -> argument.startsWith(prefix))
                .map(argument -> argument.substring(prefix.length()))
                .findFirst()
                .orElse(otherwise);
    }
}
