package org.hatask;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.curator.test.TestingServer;
import org.hatask.cluster.MasterElection;
import org.hatask.cluster.Mastership;
import org.hatask.cluster.Operations;
import org.hatask.cluster.OperatorAction;
import org.springframework.boot.Banner;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.web.context.WebServerApplicationContext;
import org.springframework.context.ConfigurableApplicationContext;

/** Several nodes of one application in this process, each with its own web server, over a real ZooKeeper. */
public final class TestNodes implements AutoCloseable {

    /** Long enough for any election on a busy machine. */
    public static final Duration PATIENCE = Duration.ofSeconds(30);

    private final Class<?> application;
    private final List<String> properties;
    private final TestingServer zooKeeper;
    private final Map<String, ConfigurableApplicationContext> nodes = new LinkedHashMap<>();

    /**
     * @param properties for every node
     */
    public TestNodes(Class<?> application, String... properties) throws Exception {
        this.application = application;
        this.properties = List.of(properties);
        // Ticks of 200 ms allow quick leases. The session is a usual one: a busy machine stands still for a second or
        // two.
        this.zooKeeper = TestZooKeeper.start(200);
    }

    public TestingServer zooKeeper() {
        return zooKeeper;
    }

    /** Starts a node without waiting for it to join. */
    public ConfigurableApplicationContext start(String id, String... moreProperties) {
        return start(application, id, moreProperties);
    }

    /** The same with another application, such as another version of it. */
    public ConfigurableApplicationContext start(Class<?> other, String id, String... moreProperties) {
        List<String> all = new ArrayList<>(List.of(
                "server.port=0",
                "spring.application.name=test",
                "spring.jmx.enabled=false",
                "management.tracing.enabled=false",
                // The class path has databases for other tests.
                "spring.autoconfigure.exclude=org.springframework.boot.autoconfigure.jdbc.DataSourceAutoConfiguration",
                "ha.node.id=" + id,
                "ha.zookeeper.connect-string=" + zooKeeper.getConnectString(),
                "ha.zookeeper.session-timeout=6s",
                "ha.zookeeper.tick-time=200ms",
                "logging.level.org.apache.zookeeper=ERROR",
                "logging.level.org.apache.curator=ERROR"));
        all.addAll(properties);
        all.addAll(List.of(moreProperties));
        ConfigurableApplicationContext context = new SpringApplicationBuilder(other)
                .bannerMode(Banner.Mode.OFF)
                .properties(all.toArray(String[]::new))
                .run();
        nodes.put(id, context);
        return context;
    }

    /** Starts nodes and waits until all see each other and the same master. */
    public TestNodes startAll(String... ids) {
        for (String id : ids) {
            start(id);
        }
        awaitAgreement();
        return this;
    }

    public void awaitAgreement() {
        await().atMost(PATIENCE).until(() -> nodes.values().stream().allMatch(context -> {
            HaCluster cluster = context.getBean(HaCluster.class);
            return cluster.members().size() == nodes.size()
                    && cluster.master().isPresent()
                    && cluster.master()
                            .get()
                            .equals(master(nodes.values().iterator().next()))
                    && mastership(cluster.master().get().id()).isHeld();
        }));
    }

    private static HaNode master(ConfigurableApplicationContext context) {
        return context.getBean(HaCluster.class).master().orElse(null);
    }

    public Mastership mastership(String id) {
        return node(id).getBean(MasterElection.class).mastership();
    }

    public ConfigurableApplicationContext node(String id) {
        return nodes.get(id);
    }

    public <T> T bean(String id, Class<T> type) {
        return node(id).getBean(type);
    }

    public int port(String id) {
        return ((WebServerApplicationContext) node(id)).getWebServer().getPort();
    }

    public String masterId() {
        return bean(nodes.keySet().iterator().next(), HaCluster.class)
                .master()
                .orElseThrow()
                .id();
    }

    /** Gives an order at a node and waits for its end. */
    public OperatorAction order(String at, OperatorAction.Kind kind, String node) {
        return bean(at, Operations.class)
                .order(new Operations.Command(kind, node, null, "alice", "test"))
                .join();
    }

    /**
     * Makes sure that the node is master, by an order where it is not. Which one is after the start depends on the strategy, and
     * with {@code lowest-node-id} the first master may be about to give way to a smaller id.
     */
    public void lead(String id) {
        if (!mastership(id).isHeld()) {
            order(id, OperatorAction.Kind.PROMOTE, id);
        }
        await().atMost(PATIENCE)
                .until(() -> mastership(id).isHeld()
                        && nodes.values().stream().allMatch(context -> context.getBean(HaCluster.class)
                                .master()
                                .filter(master -> master.id().equals(id))
                                .isPresent()));
    }

    /** Ids of all running nodes but the master, ordered. */
    public List<String> workerIds() {
        String master = masterId();
        return nodes.keySet().stream().filter(id -> !id.equals(master)).sorted().toList();
    }

    /** Stops a node in order. */
    public void stop(String id) {
        nodes.remove(id).close();
    }

    @Override
    public void close() throws IOException {
        List.copyOf(nodes.values()).forEach(ConfigurableApplicationContext::close);
        zooKeeper.close();
    }
}
