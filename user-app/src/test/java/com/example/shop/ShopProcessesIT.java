package com.example.shop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.awaitility.core.ConditionFactory;
import org.hatask.HaCluster;
import org.hatask.HaNode;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.util.FileSystemUtils;

/** The application in other ways than from its jar, each time beside a node of this process that is never master. */
@Timeout(180)
class ShopProcessesIT {

    private static final Path CLASSES = Path.of("target", "classes").toAbsolutePath();
    private static final String DEVTOOLS = "spring-boot-devtools";

    @TempDir
    static Path directory;

    private static List<String> common;
    private static ConfigurableApplicationContext here;
    private static HaCluster cluster;

    @BeforeAll
    static void startTheNodeHere() throws IOException {
        common = List.of(
                "spring.application.name=shop",
                "ha.zookeeper.embedded.port=" + freePort(),
                "ha.zookeeper.embedded.data-dir=" + directory.resolve("zookeeper"));
        List<String> properties = new ArrayList<>(common);
        properties.addAll(List.of("ha.node.id=here", "ha.node.master-eligible=false", "server.port=0"));
        here = new SpringApplicationBuilder(ShopApplication.class)
                .properties(properties.toArray(String[]::new))
                .run();
        cluster = here.getBean(HaCluster.class);
    }

    @AfterAll
    static void stopTheNodeHere() {
        here.close();
    }

    @Test
    void processedAheadOfTimeItLeadsAndExecutesWhatOthersCall() throws Exception {
        try (ShopProcess process = new ShopProcess(
                CLASSES,
                jar -> !jar.startsWith(DEVTOOLS),
                directory.resolve("ahead.log"),
                List.of("-Dspring.aot.enabled=true"),
                properties("ahead", "server.port=0"))) {
            eventually().until(() -> master().equals(Optional.of("ahead")));

            assertThat(here.getBean(Shop.class).order(new Order("tea", 2))).isEqualTo("2 tea by ahead");
            assertThat(process.log()).contains("Starting AOT-processed ShopApplication");
        }
        eventually().until(() -> cluster.members().size() == 1);
    }

    @Test
    void processedAheadOfTimeItHasHintsForItsTasks() throws IOException {
        JsonNode hints = new ObjectMapper()
                .readTree(CLASSES.resolve("META-INF/native-image/com.example/user-app/reflect-config.json")
                        .toFile());

        assertThat(methods(hints, Shop.class)).contains("order", "pack");
        assertThat(methods(hints, Order.class)).contains("article", "pieces");
    }

    private static List<String> methods(JsonNode hints, Class<?> type) {
        List<String> methods = new ArrayList<>();
        for (JsonNode hint : hints) {
            if (hint.path("name").asText().equals(type.getName())) {
                hint.path("methods")
                        .forEach(method -> methods.add(method.path("name").asText()));
            }
        }
        return methods;
    }

    @Test
    void restartedByDevtoolsItLeavesAndJoinsAgainAndLeaksNothing() throws Exception {
        Path classes = directory.resolve("classes");
        FileSystemUtils.copyRecursively(CLASSES, classes);
        int port = freePort();
        try (ShopProcess process = new ShopProcess(
                classes,
                jar -> true,
                directory.resolve("devtools.log"),
                List.of(),
                properties(
                        "dev",
                        "server.port=" + port,
                        "spring.devtools.restart.poll-interval=200ms",
                        "spring.devtools.restart.quiet-period=100ms",
                        "management.endpoints.web.exposure.include=ha,threaddump"))) {
            eventually().until(() -> master().equals(Optional.of("dev")));
            assertThat(process.log()).contains("restartedMain");
            assertThat(here.getBean(Shop.class).order(new Order("tea", 2))).isEqualTo("2 tea by dev");
            Map<String, Long> before = threads(port);
            assertThat(before).containsKey("ha-events-#");

            for (int restart = 1; restart <= 2; restart++) {
                String incarnation = incarnation().orElseThrow();
                Files.setLastModifiedTime(
                        classes.resolve("com/example/shop/Shop.class"),
                        FileTime.from(Instant.now().plusSeconds(restart)));

                eventually()
                        .until(() -> master().equals(Optional.of("dev"))
                                && !incarnation().equals(Optional.of(incarnation)));
                assertThat(cluster.members()).extracting(HaNode::id).containsExactlyInAnyOrder("here", "dev");
                assertThat(here.getBean(Shop.class).order(new Order("tea", 2))).isEqualTo("2 tea by dev");
            }
            eventually().untilAsserted(() -> assertThat(threads(port)).allSatisfy((kind, count) -> assertThat(count)
                    .as(kind)
                    .isLessThanOrEqualTo(before.getOrDefault(kind, 1L))));
        }
        eventually().until(() -> cluster.members().size() == 1);
    }

    private static Optional<String> incarnation() {
        return cluster.members().stream()
                .filter(node -> node.id().equals("dev"))
                .map(HaNode::incarnation)
                .findFirst();
    }

    /** How many threads the node has of each kind that the engine, ZooKeeper's client and the web server start, but for those of requests. */
    private static Map<String, Long> threads(int port) throws IOException {
        URL endpoint = URI.create("http://localhost:" + port + "/actuator/threaddump").toURL();
        JsonNode dump = new ObjectMapper().readTree(endpoint.openStream());
        return dump.path("threads")
                .findValues("threadName")
                .stream()
                .map(name -> name.asText().replaceAll("\\(.*\\)", "").replaceAll("[0-9]+", "#"))
                .filter(name -> name.matches("ha-.*|Curator-.*|.*-(Event|Send)Thread|WebSocket.*|container-.*"))
                .collect(Collectors.groupingBy(Function.identity(), TreeMap::new, Collectors.counting()));
    }

    private static Optional<String> master() {
        return cluster.master().map(HaNode::id);
    }

    private static ConditionFactory eventually() {
        return await().atMost(Duration.ofSeconds(60));
    }

    private static String[] properties(String id, String... more) {
        List<String> properties = new ArrayList<>(common);
        properties.add("ha.node.id=" + id);
        properties.addAll(List.of(more));
        return properties.toArray(String[]::new);
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }
}
