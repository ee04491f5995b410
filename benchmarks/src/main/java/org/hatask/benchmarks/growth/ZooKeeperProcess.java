package org.hatask.benchmarks.growth;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.zookeeper.ZooDefs.OpCode;
import org.apache.zookeeper.metrics.impl.DefaultMetricsProvider;
import org.apache.zookeeper.server.Request;
import org.apache.zookeeper.server.ServerCnxnFactory;
import org.apache.zookeeper.server.ServerMetrics;
import org.apache.zookeeper.server.ZooKeeperServer;
import org.hatask.benchmarks.calls.Child;
import org.hatask.benchmarks.calls.Member;

/** A ZooKeeper server in a process of its own, which tells by its own counters what it had to do. */
public final class ZooKeeperProcess implements AutoCloseable {

    private static final int TICK_MILLIS = 2000;

    private final Child child;
    private final int port;

    private ZooKeeperProcess(Child child, int port) {
        this.child = child;
        this.port = port;
    }

    public static ZooKeeperProcess start() throws IOException {
        Child child = Child.start(List.of("-Xmx512m"), "zookeeper");
        return new ZooKeeperProcess(child, Integer.parseInt(child.answer()));
    }

    public int port() {
        return port;
    }

    Counters counters() throws IOException {
        return Counters.parse(child.ask("counters"));
    }

    @Override
    public void close() throws Exception {
        child.close();
    }

    /**
     * What it has done since it started, and what it holds now.
     *
     * @param pings signs of life of the sessions
     * @param reads all other requests that change nothing
     * @param writes requests that go to the log, and in an ensemble to all servers; also beginnings and ends of sessions
     * @param notifications watches that fired
     * @param bytesSent to the clients
     * @param watches that are set
     * @param connections of clients
     */
    record Counters(
            long pings, long reads, long writes, long notifications, long bytesSent, long watches, long connections) {

        /** What was done since then; what it holds stays as it is now. */
        Counters since(Counters before) {
            return new Counters(
                    pings - before.pings,
                    reads - before.reads,
                    writes - before.writes,
                    notifications - before.notifications,
                    bytesSent - before.bytesSent,
                    watches,
                    connections);
        }

        @Override
        public String toString() {
            return Stream.of(pings, reads, writes, notifications, bytesSent, watches, connections)
                    .map(String::valueOf)
                    .collect(Collectors.joining(" "));
        }

        static Counters parse(String text) {
            List<Long> all = Stream.of(text.split(" ")).map(Long::valueOf).toList();
            return new Counters(all.get(0), all.get(1), all.get(2), all.get(3), all.get(4), all.get(5), all.get(6));
        }
    }

    /** The main part of the process. */
    public static void serve() throws Exception {
        DefaultMetricsProvider metrics = new DefaultMetricsProvider();
        ServerMetrics.metricsProviderInitialized(metrics);
        File data = Files.createTempDirectory("ha-benchmark-zookeeper-").toFile();
        CountingServer server = new CountingServer(data);
        ServerCnxnFactory connections =
                ServerCnxnFactory.createFactory(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        connections.startup(server);
        Member.say("" + connections.getLocalPort());
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        while (in.readLine() != null) {
            Member.say(server.counters(metrics).toString());
        }
        connections.shutdown();
    }

    private static final class CountingServer extends ZooKeeperServer {

        private final AtomicLong pings = new AtomicLong();
        private final AtomicLong reads = new AtomicLong();
        private final AtomicLong writes = new AtomicLong();

        CountingServer(File data) throws IOException {
            super(data, data, TICK_MILLIS);
        }

        @Override
        public void submitRequestNow(Request request) {
            AtomicLong counter =
                    switch (request.type) {
                        case OpCode.ping -> pings;
                        case OpCode.create,
                                OpCode.create2,
                                OpCode.createContainer,
                                OpCode.createTTL,
                                OpCode.delete,
                                OpCode.deleteContainer,
                                OpCode.setData,
                                OpCode.setACL,
                                OpCode.multi,
                                OpCode.check,
                                OpCode.createSession,
                                OpCode.closeSession -> writes;
                        default -> reads;
                    };
            counter.incrementAndGet();
            super.submitRequestNow(request);
        }

        Counters counters(DefaultMetricsProvider metrics) {
            Map<String, Number> own = new HashMap<>();
            metrics.dump((name, value) -> {
                if (value instanceof Number number) {
                    own.put(name, number);
                }
            });
            long fired = Stream.of("created", "deleted", "changed", "children")
                    .mapToLong(what -> sum(own, "sum_node_" + what + "_watch_count"))
                    .sum();
            long bytes = sum(own, "response_bytes") + sum(own, "watch_bytes");
            return new Counters(
                    pings.get(),
                    reads.get(),
                    writes.get(),
                    fired,
                    bytes,
                    getZKDatabase().getDataTree().getWatchCount(),
                    getNumAliveConnections());
        }

        private static long sum(Map<String, Number> metrics, String name) {
            Number number = metrics.get(name);
            if (number == null) {
                List<String> names = new ArrayList<>(metrics.keySet());
                throw new IllegalStateException("The server does not count " + name + " but " + names);
            }
            return number.longValue();
        }
    }
}
