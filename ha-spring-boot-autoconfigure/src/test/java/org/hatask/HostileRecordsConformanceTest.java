package org.hatask;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.ZooDefs;
import org.apache.zookeeper.ZooKeeper;
import org.hatask.cluster.ClusterState;
import org.hatask.cluster.OperatorAction;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/**
 * Whoever reaches ZooKeeper writes what he likes where he likes, while a cluster runs: calls go on, there is a master, the log
 * tells it once, and operators are obeyed. What was written stays there for all tests that follow.
 */
@Timeout(300)
@TestInstance(Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
abstract class HostileRecordsConformanceTest {

    static class Desk {

        private final HaCluster cluster;

        Desk(HaCluster cluster) {
            this.cluster = cluster;
        }

        @HaTask
        public String any() {
            return cluster.self().id();
        }

        @HaTask(role = Role.MASTER)
        public String master() {
            return cluster.self().id();
        }
    }

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    static class Application {

        @Bean
        Desk desk(HaCluster cluster) {
            return new Desk(cluster);
        }
    }

    private static final String ROOT = "/ha/test/";

    /** More than a handful of lines for one record, from two nodes, would fill a log in time. */
    private static final int MAX_LINES = 12;

    private final String strategy;
    private final List<ILoggingEvent> logged = new CopyOnWriteArrayList<>();
    private final AppenderBase<ILoggingEvent> appender = new AppenderBase<>() {
        @Override
        protected void append(ILoggingEvent event) {
            if (event.getLevel().isGreaterOrEqual(Level.WARN)) {
                logged.add(event);
            }
        }
    };
    private TestNodes nodes;
    private ZooKeeper stranger;

    HostileRecordsConformanceTest(String strategy) {
        this.strategy = strategy;
    }

    @BeforeAll
    void start() throws Exception {
        nodes = new TestNodes(Application.class, "ha.election.strategy=" + strategy).startAll("n1", "n2");
        stranger = new ZooKeeper(nodes.zooKeeper().getConnectString(), 10_000, event -> {});
        appender.start();
        ((Logger) LoggerFactory.getLogger("org.hatask")).addAppender(appender);
    }

    @AfterAll
    void stop() throws Exception {
        ((Logger) LoggerFactory.getLogger("org.hatask")).detachAppender(appender);
        stranger.close();
        nodes.close();
    }

    /** What can be wrong with any record. */
    private static Map<String, String> nonsense() {
        Map<String, String> kinds = new LinkedHashMap<>();
        kinds.put("nothing", "");
        kinds.put("no JSON", "junk");
        kinds.put("half of a record", "{\"id\":");
        kinds.put("null", "null");
        kinds.put("a list of null", "[null]");
        kinds.put("a number", "1e1000000000");
        kinds.put("huge", "{\"id\": \"" + "x".repeat(900_000) + "\"}");
        kinds.put("deep", "[".repeat(200_000));
        kinds.put("deep and well-formed", "{\"a\":".repeat(900) + "1" + "}".repeat(900));
        kinds.put(
                "another encoding", new String(new byte[] {(byte) 0xff, (byte) 0xfe, 0}, StandardCharsets.ISO_8859_1));
        return kinds;
    }

    private static String member(String id, String field, String value) {
        Map<String, String> fields = new LinkedHashMap<>(Map.of(
                "id", "\"" + id + "\"",
                "incarnation", "\"abc\"",
                "uri", "\"http://127.0.0.1:1\"",
                "state", "\"UP\"",
                "masterEligible", "true",
                "acceptsTasks", "true",
                "weight", "1",
                "startedAt", "\"2026-01-01T00:00:00Z\""));
        fields.put(field, value);
        return json(fields);
    }

    private static String master(String field, String value) {
        Map<String, String> fields = new LinkedHashMap<>(Map.of(
                "nodeId", "\"n9\"",
                "incarnation", "\"abc\"",
                "epoch", "1",
                "since", "\"2026-01-01T00:00:00Z\"",
                "cause", "\"because\""));
        fields.put(field, value);
        return json(fields);
    }

    private static String json(Map<String, String> fields) {
        List<String> pairs = new ArrayList<>();
        fields.forEach((name, value) -> pairs.add("\"" + name + "\": " + value));
        return "{" + String.join(", ", pairs) + "}";
    }

    private static Map<String, String> members() {
        Map<String, String> kinds = nonsense();
        kinds.put("an id of somebody else", member("n1", "weight", "7"));
        kinds.put("an address that is a page", member("odd", "uri", "\"http://127.0.0.1:1/delete?all=true&x=\""));
        kinds.put("an address of a file", member("odd", "uri", "\"file:///etc/passwd\""));
        kinds.put("an address that is none", member("odd", "uri", "\"http://127.0.0.1:99999\""));
        kinds.put("an address with a user", member("odd", "uri", "\"http://a:b@127.0.0.1:1\""));
        kinds.put("a negative weight", member("odd", "weight", "-1"));
        kinds.put("too much weight", member("odd", "weight", "99999999999999999999"));
        kinds.put("an unknown state", member("odd", "state", "\"SUPERIOR\""));
        kinds.put("a line break in the incarnation", member("odd", "incarnation", "\"a\\n2026 INFO all is well\""));
        kinds.put("a time out of all time", member("odd", "startedAt", "\"+1000000000-12-31T23:59:59Z\""));
        kinds.put("a time that is huge", member("odd", "startedAt", "1e999999999"));
        kinds.put("tasks that are none", member("odd", "tasks", "{\"a\\r\\nb\": {\"c\": []}}"));
        kinds.put("a node that is not there", member("odd", "zone", "\"x\\u001b[31m\""));
        return kinds;
    }

    private static Map<String, String> masters() {
        Map<String, String> kinds = nonsense();
        kinds.put("an epoch of the far future", master("epoch", "2147483647"));
        kinds.put("an epoch out of range", master("epoch", "9223372036854775807"));
        kinds.put("a negative epoch", master("epoch", "-5"));
        kinds.put("a line break in the id", master("nodeId", "\"n\\n9\""));
        kinds.put("a master that is not there", master("epoch", "1"));
        return kinds;
    }

    private static Map<String, String> histories() {
        Map<String, String> kinds = nonsense();
        String change =
                "[{\"epoch\": 1, \"nodeId\": \"n1\", \"incarnation\": \"a\", \"cause\": \"c\", \"since\": %s, \"gap\": %s}]";
        kinds.put("a gap without end", change.formatted("\"2026-01-01T00:00:00Z\"", "\"PT2562047788015215H\""));
        kinds.put("a time out of all time", change.formatted("\"-1000000000-01-01T00:00:00Z\"", "null"));
        return kinds;
    }

    private static Map<String, String> orders() {
        Map<String, String> kinds = nonsense();
        String appointment =
                "{\"appointment\": {\"nodeId\": %s, \"at\": %s, \"by\": \"a\\nb\"}, \"drained\": {}, \"actions\": []}";
        kinds.put("an appointment of nobody", appointment.formatted("\"nobody\"", "\"2026-01-01T00:00:00Z\""));
        kinds.put("an appointment out of all time", appointment.formatted("\"n1\"", "\"+1000000000-12-31T23:59:59Z\""));
        kinds.put("a drain of null", "{\"drained\": {\"n1\": null}, \"actions\": []}");
        kinds.put(
                "an unknown command",
                "{\"drained\": {}, \"actions\": [{\"id\": \"1\", \"kind\": \"EXPLODE\", \"node\": \"n1\"}]}");
        kinds.put(
                "a command that never ends",
                "{\"drained\": {}, \"actions\": [{\"id\": \"1\", \"kind\": \"PROMOTE\", \"node\": \"n1\", \"by\": \"x\","
                        + " \"at\": \"9998-01-01T00:00:00Z\", \"result\": \"UNDER_WAY\"}]}");
        return kinds;
    }

    private static Map<String, String> leases() {
        Map<String, String> kinds = nonsense();
        kinds.put(
                "a candidate elsewhere",
                "{\"nodeId\": \"n1\", \"incarnation\": \"a\", \"epoch\": 1, \"state\": \"HELD\", \"candidate\":"
                        + " \"/ha/test/election/../secret\"}");
        kinds.put(
                "a cause with a line break",
                "{\"nodeId\": \"n1\", \"incarnation\": \"a\", \"epoch\": 1, \"state\": \"RELEASED\", \"cause\":"
                        + " \"x\\nWARN you are lost\"}");
        return kinds;
    }

    /**
     * @param place below the cluster's root
     * @param kind what is wrong with it
     * @param replaces whether what stands there is deleted first and not only overwritten
     */
    record Case(String place, String kind, String content, boolean replaces) {

        @Override
        public String toString() {
            return kind + (replaces ? " instead of " : " in ") + "/" + place;
        }
    }

    static Stream<Case> cases() {
        List<Case> cases = new ArrayList<>();
        members().forEach((kind, content) -> {
            cases.add(new Case("members/odd", kind, content, false));
            cases.add(new Case("members/n2", kind, content.replace("\"odd\"", "\"n2\""), false));
        });
        // Before the master is deposed for the first time: they stand in the way of the next one.
        for (String name :
                List.of("0~0", "~", "latch-0000000000", "_c_x-latch-0000000000", "latch-", "latch-x", "zzz")) {
            cases.add(new Case("election/" + name, "a candidate", "n9/abc", false));
        }
        // Without a master's record nobody else can become master before the one that took its place is gone.
        Stream.of("no JSON", "a master that is not there")
                .forEach(kind -> cases.add(new Case("master", kind, masters().get(kind), true)));
        Stream.of("no JSON", "a negative weight", "a node that is not there")
                .forEach(kind -> cases.add(
                        new Case("members/n2", kind, members().get(kind).replace("\"odd\"", "\"n2\""), true)));
        masters().forEach((kind, content) -> cases.add(new Case("master", kind, content, false)));
        histories().forEach((kind, content) -> cases.add(new Case("history", kind, content, false)));
        orders().forEach((kind, content) -> cases.add(new Case("assigned", kind, content, false)));
        leases().forEach((kind, content) -> cases.add(new Case("lease", kind, content, false)));
        nonsense().forEach((kind, content) -> cases.add(new Case("epoch", kind, content, false)));
        nonsense().forEach((kind, content) -> cases.add(new Case("secret", kind, content, false)));
        for (String name :
                List.of("1~n1", "1~n9", "~", "99999999999999999999~n1", "nothing", "1~" + "x".repeat(10_000))) {
            cases.add(new Case("gone/" + name, "a witness", "", false));
        }
        return cases.stream();
    }

    @Order(1)
    @ParameterizedTest
    @MethodSource("cases")
    void callsGoOnThereIsAMasterAndTheLogTellsItOnce(Case wrong) throws Exception {
        logged.clear();
        long epoch = nodes.mastership(nodes.masterId()).heldEpoch();

        write(wrong);
        callsGoOn();
        if (wrong.place().startsWith("master") || wrong.place().equals("epoch")) {
            // Whoever writes there deposes the master.
            await().atMost(TestNodes.PATIENCE).until(() -> Stream.of("n1", "n2")
                    .anyMatch(id -> nodes.mastership(id).heldEpoch() > epoch));
        }
        callsGoOn();

        assertThat(logged.stream()
                        .filter(event -> event.getThrowableProxy() != null)
                        .map(Object::toString))
                .isEmpty();
        assertThat(logged.stream().map(ILoggingEvent::getFormattedMessage))
                .hasSizeLessThan(MAX_LINES)
                .noneMatch(line -> line.contains("\n") || line.contains("\r") || line.contains("\u001b"))
                .allMatch(line -> line.length() < 1000);
        if (!wrong.place().equals("assigned")) {
            return;
        }
        assertThat(nodes.order("n1", OperatorAction.Kind.DRAIN, "n2").result()).isEqualTo(OperatorAction.Result.DONE);
        assertThat(nodes.order("n2", OperatorAction.Kind.RESUME, "n2").result()).isEqualTo(OperatorAction.Result.DONE);
        // What the next case overwrites before a node has read it, that node cannot know.
        await().atMost(TestNodes.PATIENCE).until(() -> Stream.of("n1", "n2")
                .noneMatch(
                        id -> nodes.bean(id, ClusterState.class).view().orders().isDrained("n2")));
    }

    @Order(2)
    @ParameterizedTest
    @ValueSource(strings = {"n2", "n1"})
    void withAllOfItThereAnOperatorIsObeyedAndTheLogIsQuietAgain(String next) {
        nodes.lead(next.equals("n1") ? "n2" : "n1");
        OperatorAction promotion = nodes.order("n1", OperatorAction.Kind.PROMOTE, next);
        assertThat(promotion.result()).as(promotion.message()).isEqualTo(OperatorAction.Result.DONE);
        callsGoOn();
        assertThat(nodes.masterId()).isEqualTo(next);

        logged.clear();
        await().during(Duration.ofSeconds(3)).atMost(TestNodes.PATIENCE).untilAsserted(this::callsGoOn);
        assertThat(logged.stream().map(ILoggingEvent::getFormattedMessage)).hasSizeLessThan(4);
    }

    private void write(Case wrong) throws KeeperException, InterruptedException {
        String path = ROOT + wrong.place();
        byte[] content = wrong.content().getBytes(StandardCharsets.UTF_8);
        if (wrong.replaces()) {
            await().atMost(TestNodes.PATIENCE).until(() -> {
                delete(path);
                return create(path, content);
            });
        } else if (stranger.exists(path, false) == null) {
            create(path, content);
        } else {
            stranger.setData(path, content, -1);
        }
    }

    private void delete(String path) throws KeeperException, InterruptedException {
        try {
            stranger.delete(path, -1);
        } catch (KeeperException.NoNodeException e) {
            // Deleted already.
        }
    }

    /** False where somebody was quicker. */
    private boolean create(String path, byte[] content) throws KeeperException, InterruptedException {
        try {
            stranger.create(path, content, ZooDefs.Ids.OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
            return true;
        } catch (KeeperException.NodeExistsException e) {
            return false;
        }
    }

    private void callsGoOn() {
        for (String id : List.of("n1", "n2")) {
            Desk desk = nodes.bean(id, Desk.class);
            assertThat(desk.any()).isIn("n1", "n2");
            assertThatCode(() -> assertThat(desk.master()).isIn("n1", "n2")).doesNotThrowAnyException();
        }
    }
}
