package org.hatask.link;

import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.apache.catalina.Context;
import org.apache.catalina.LifecycleException;
import org.apache.catalina.startup.Tomcat;
import org.apache.coyote.AbstractProtocol;
import org.apache.tomcat.util.descriptor.web.FilterDef;
import org.apache.tomcat.util.descriptor.web.FilterMap;
import org.apache.tomcat.websocket.server.WsSci;
import org.hatask.cluster.Node;
import org.hatask.cluster.NodeState;
import org.hatask.execute.Outcome;
import org.springframework.util.FileSystemUtils;

/** A node with a real Tomcat below the context path {@code /app}. */
final class TestNode implements AutoCloseable {

    static final byte[] KEY = "a key of at least thirty-two bytes!".getBytes(StandardCharsets.US_ASCII);

    final TestTasks tasks;
    final LinkTransport transport;
    private final Tomcat tomcat = new Tomcat();
    private volatile Node node;
    private volatile Supplier<String> work = () -> "";

    private TestNode(String id, String cluster, ClusterKeys keys, LinkSettings settings, TestTasks tasks) {
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
    }

    static TestNode start(String id) {
        return start(id, LinkSettings.defaults());
    }

    static TestNode start(String id, LinkSettings settings) {
        return start(id, "test", () -> List.of(KEY), settings, new TestTasks());
    }

    static TestNode start(String id, String cluster, ClusterKeys keys, LinkSettings settings, TestTasks tasks) {
        TestNode created = new TestNode(id, cluster, keys, settings, tasks);
        try {
            Path base = Files.createTempDirectory("ha-link");
            // For nodes whose server a test has stopped itself.
            base.toFile().deleteOnExit();
            created.tomcat.setBaseDir(base.toString());
            created.tomcat.setSilent(true);
            created.tomcat.setPort(0);
            Context context = created.tomcat.addContext("/app", null);
            context.addServletContainerInitializer(new WsSci(), null);
            FilterDef filter = new FilterDef();
            filter.setFilterName("link");
            filter.setFilter(new LinkServer(created.transport));
            context.addFilterDef(filter);
            FilterMap mapping = new FilterMap();
            mapping.setFilterName("link");
            mapping.addURLPattern(LinkServer.PATH);
            context.addFilterMapBefore(mapping);
            Tomcat.addServlet(context, "all", created.new Work());
            context.addServletMappingDecoded("/", "all");
            created.tomcat.getConnector();
            created.tomcat.start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (LifecycleException e) {
            throw new IllegalStateException(e);
        }
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

    /** What every other request of this node does. */
    private final class Work extends HttpServlet {

        @Override
        protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
            response.getWriter().print(work.get());
        }
    }

    void onRequest(int threads, Supplier<String> task) {
        AbstractProtocol<?> protocol =
                (AbstractProtocol<?>) tomcat.getConnector().getProtocolHandler();
        protocol.setMinSpareThreads(threads);
        protocol.setMaxThreads(threads);
        work = task;
    }

    Node node() {
        return node;
    }

    int port() {
        return tomcat.getConnector().getLocalPort();
    }

    CompletableFuture<Outcome> call(TestNode target, String argument) {
        return call(target.node(), argument);
    }

    CompletableFuture<Outcome> call(Node target, String argument) {
        return transport.send(target, TestTasks.attempt(UUID.randomUUID().toString()), new Object[] {argument});
    }

    void stopServer() {
        try {
            tomcat.stop();
            tomcat.destroy();
        } catch (LifecycleException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        transport.close();
        if (tomcat.getServer().getState().isAvailable()) {
            stopServer();
        }
        FileSystemUtils.deleteRecursively(tomcat.getServer().getCatalinaBase());
    }
}
