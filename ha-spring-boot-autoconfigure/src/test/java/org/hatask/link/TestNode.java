package org.hatask.link;

import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.function.Supplier;
import org.hatask.cluster.Node;
import org.hatask.cluster.NodeState;
import org.hatask.execute.Outcome;

/** A node with a real web server below the context path {@code /app}: a Tomcat unless said otherwise. */
final class TestNode implements AutoCloseable {

    static final byte[] KEY = "a key of at least thirty-two bytes!".getBytes(StandardCharsets.US_ASCII);

    final TestTasks tasks;
    final LinkTransport transport;
    private final TestServer server;
    private volatile Node node;

    private TestNode(
            String id,
            String cluster,
            ClusterKeys keys,
            LinkSettings settings,
            TestTasks tasks,
            Function<LinkTransport, TestServer> server) {
        this.tasks = tasks;
        this.node = node(id, 1);
        this.transport = new LinkTransport(
                cluster,
                () -> node,
                keys,
                new TestTasks.Codec(),
                tasks.receiver,
                () -> NodeReport.ofThisProcess(tasks.executed.size(), List.of(), null, List.of()),
                settings,
                ClientTls::ofPlatform);
        this.server = server.apply(transport);
    }

    static TestNode start(String id) {
        return start(id, LinkSettings.defaults());
    }

    static TestNode start(String id, LinkSettings settings) {
        return start(id, "test", () -> List.of(KEY), settings, new TestTasks());
    }

    static TestNode start(String id, String cluster, ClusterKeys keys, LinkSettings settings, TestTasks tasks) {
        return start(id, cluster, keys, settings, tasks, TestTomcat::new);
    }

    static TestNode start(
            String id,
            String cluster,
            ClusterKeys keys,
            LinkSettings settings,
            TestTasks tasks,
            Function<LinkTransport, TestServer> server) {
        TestNode created = new TestNode(id, cluster, keys, settings, tasks, server);
        created.node = node(created.node, created.port());
        return created;
    }

    static LinkSettings settings(Duration heartbeat, int maxHandshakes) {
        return new LinkSettings(
                Duration.ofSeconds(3),
                heartbeat,
                3,
                16 * 1024 * 1024,
                64 * 1024 * 1024,
                Duration.ofMillis(300),
                maxHandshakes,
                100,
                Duration.ofSeconds(1));
    }

    static Node node(String id, int port) {
        return new Node(
                id,
                UUID.randomUUID().toString(),
                URI.create("http://localhost:" + port + "/app"),
                NodeState.UP,
                true,
                true,
                1,
                null,
                Instant.EPOCH);
    }

    /** The same process at another port. */
    static Node node(Node process, int port) {
        return new Node(
                process.id(),
                process.incarnation(),
                URI.create("http://localhost:" + port + "/app"),
                process.state(),
                true,
                true,
                1,
                null,
                Instant.EPOCH);
    }

    /** What every other request does, on a Tomcat. */
    void onRequest(int threads, Supplier<String> task) {
        ((TestTomcat) server).onRequest(threads, task);
    }

    Node node() {
        return node;
    }

    int port() {
        return server.port();
    }

    CompletableFuture<Outcome> call(TestNode target, String argument) {
        return call(target.node(), argument);
    }

    CompletableFuture<Outcome> call(Node target, String argument) {
        return transport.send(target, TestTasks.attempt(UUID.randomUUID().toString()), new Object[] {argument});
    }

    void stopServer() {
        server.stop();
    }

    @Override
    public void close() {
        transport.close();
        stopServer();
    }
}
