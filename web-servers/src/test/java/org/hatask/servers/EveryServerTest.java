package org.hatask.servers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.OutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.apache.curator.test.InstanceSpec;
import org.apache.curator.test.TestingServer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** One cluster of five processes, each of another kind: so each calls each, over whatever client and server the two have. */
@Timeout(120)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class EveryServerTest {

    static final String PASSWORD = "changeit";

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private static final Set<String> EXECUTORS = Set.of("tomcat", "jetty", "undertow", "netty");

    private static final Map<Kind, NodeProcess> nodes = new EnumMap<>(Kind.class);

    private static TestingServer zooKeeper;
    private static Path keyStore;
    private static Path trustStore;

    @BeforeAll
    static void startOneOfEachKind(@TempDir Path directory) throws Exception {
        zooKeeper = new TestingServer(new InstanceSpec(null, -1, -1, -1, true, -1, 500, -1), true);
        keyStore = keyStore(directory);
        trustStore = trustStore(keyStore);
        for (Kind kind : Kind.values()) {
            start(kind, kind.isSecure());
        }
        awaitAgreement();
    }

    private static void start(Kind kind, boolean secure) throws Exception {
        nodes.put(kind, new NodeProcess(kind, secure, zooKeeper.getConnectString(), keyStore, trustStore));
    }

    private static void awaitAgreement() throws Exception {
        for (NodeProcess node : nodes.values()) {
            node.awaitStart();
        }
        await().atMost(PATIENCE).until(() -> {
            Set<String> views = new TreeSet<>();
            for (NodeProcess node : nodes.values()) {
                views.add(node.order("members"));
            }
            return views.size() == 1 && views.iterator().next().matches("5 of master (?!none).*");
        });
    }

    private static Path keyStore(Path directory) throws Exception {
        Path keyStore = directory.resolve("node.p12");
        Process keytool = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "keytool")
                                .toString(),
                        "-genkeypair",
                        "-keyalg",
                        "EC",
                        "-alias",
                        "node",
                        "-dname",
                        "CN=node",
                        "-ext",
                        "san=ip:127.0.0.1",
                        "-storetype",
                        "PKCS12",
                        "-keystore",
                        keyStore.toString(),
                        "-storepass",
                        PASSWORD)
                .inheritIO()
                .start();
        assertThat(keytool.waitFor()).isZero();
        return keyStore;
    }

    private static Path trustStore(Path keyStore) throws Exception {
        KeyStore key = KeyStore.getInstance(keyStore.toFile(), PASSWORD.toCharArray());
        KeyStore trust = KeyStore.getInstance("PKCS12");
        trust.load(null, null);
        trust.setCertificateEntry("node", key.getCertificate("node"));
        Path trustStore = keyStore.resolveSibling("trust.p12");
        try (OutputStream out = Files.newOutputStream(trustStore)) {
            trust.store(out, PASSWORD.toCharArray());
        }
        return trustStore;
    }

    @AfterAll
    static void stopAll() throws Exception {
        for (NodeProcess node : nodes.values()) {
            node.close();
        }
        zooKeeper.close();
    }

    /**
     * What is answered until all that is expected has been. Round robin needs a few calls more than there are nodes; one that
     * on a busy machine was too slow for its first caller gets none for half a minute.
     */
    private static Set<String> answers(NodeProcess caller, String order, List<String> expected) throws Exception {
        Set<String> answers = new TreeSet<>();
        for (long begin = System.nanoTime();
                System.nanoTime() - begin < PATIENCE.toNanos() && !answers.containsAll(expected); ) {
            answers.add(caller.order(order));
        }
        return answers;
    }

    private static void assertExecutedEverywhere(Kind caller, String order, String suffix) throws Exception {
        List<String> expected = EXECUTORS.stream().map(node -> node + suffix).toList();
        assertThat(answers(nodes.get(caller), order, expected))
                .as(
                        "nodes called by %s, whose log is %s",
                        caller, nodes.get(caller).log())
                .containsExactlyInAnyOrderElementsOf(expected);
    }

    @ParameterizedTest
    @EnumSource
    @Order(1)
    void nodesOfEveryKindExecuteTasksForIt(Kind caller) throws Exception {
        assertExecutedEverywhere(caller, "where", " got 1");
        assertExecutedEverywhere(caller, "large", " got 1000000");
        assertThat(EXECUTORS).contains(nodes.get(caller).order("master").replace(" got 0", ""));
    }

    /** And nowhere on an event loop, not even where the caller's own node executes it. */
    @ParameterizedTest
    @EnumSource
    @Order(2)
    void aMonoIsExecutedOnThreadsOfTheExecutor(Kind caller) throws Exception {
        assertExecutedEverywhere(caller, "mono", " got 1 on ha-task-");
        assertExecutedEverywhere(caller, "mono on an event loop", " got 1 on ha-task-");
    }

    @Test
    @Order(3)
    void aCallThatWaitsIsRefusedOnAnEventLoop() throws Exception {
        assertThat(nodes.get(Kind.NETTY).order("where on an event loop"))
                .contains("TaskRejectedException", "desk.where was not started", "parallel-", "Mono");
    }

    @Test
    @Order(3)
    void whereNobodyCanComeInTheNodeOnlyCallsAndSaysWhy() {
        assertThat(nodes.get(Kind.NOTHING).log()).anySatisfy(line -> assertThat(line)
                .contains("WARN", "Node nothing only calls tasks", "it has no web server", "spring-boot-starter-web"));
        for (Kind kind : Kind.values()) {
            if (kind != Kind.NOTHING) {
                assertThat(nodes.get(kind).log())
                        .as("log of %s", kind)
                        .noneMatch(line -> line.contains("only calls tasks"));
            }
        }
    }

    private static URI uri(Kind kind) throws Exception {
        return URI.create(nodes.get(kind).order("uri"));
    }

    private static SSLContext trustingTheNodes() throws Exception {
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(KeyStore.getInstance(trustStore.toFile(), PASSWORD.toCharArray()));
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), null);
        return context;
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "NOTHING")
    @Order(3)
    void theConsoleIsThere(Kind kind) throws Exception {
        HttpClient browser =
                HttpClient.newBuilder().sslContext(trustingTheNodes()).build();
        for (String path : List.of("/ha", "/ha/console.js")) {
            HttpResponse<String> answer = browser.send(
                    HttpRequest.newBuilder(URI.create(uri(kind) + path)).build(), BodyHandlers.ofString());

            assertThat(answer.statusCode()).as(path).isEqualTo(200);
            assertThat(answer.headers().firstValue("Content-Security-Policy").orElseThrow())
                    .contains("default-src 'none'");
        }
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "NOTHING")
    @Order(4)
    void strangersNeitherFillTheLogNorStopTheNode(Kind kind) throws Exception {
        URI uri = uri(kind);
        SSLContext tls = trustingTheNodes();
        int before = nodes.get(kind).log().size();

        String answer = "";
        for (HostileRequest request : HostileRequest.values()) {
            answer = request.send(uri, tls);
            assertThat(answer).as("%s", request).doesNotContain(" 429 ", " 500 ");
        }
        assertThat(answer).as("the last one, which is upgraded").startsWith("HTTP/1.1 101");

        String executed = kind.id() + " got 1";
        assertThat(answers(nodes.get(Kind.NOTHING), "where", List.of(executed))).contains(executed);
        List<String> told = nodes.get(kind).log();
        assertThat(told.subList(before, told.size())).allMatch(line -> line.contains("Refused a link from 127.0.4."));
    }

    @Test
    @Order(5)
    void whenOneIsKilledItsCallEndsAndTheOthersGoOn() throws Exception {
        NodeProcess caller = nodes.get(Kind.NOTHING);
        caller.order("wait");
        List<String> alive = new ArrayList<>(EXECUTORS.stream().sorted().toList());

        for (Kind victim : List.of(Kind.TOMCAT, Kind.JETTY, Kind.NETTY)) {
            nodes.get(victim).kill();
            alive.remove(victim.id());

            await().atMost(Duration.ofSeconds(30)).until(() -> caller.ended().contains("unknown on " + victim.id()));
            List<String> expected = alive.stream().map(node -> node + " got 1").toList();
            assertThat(answers(caller, "where", expected)).containsExactlyInAnyOrderElementsOf(expected);
        }
        assertThat(caller.ended()).hasSize(3);

        nodes.get(Kind.UNDERTOW).kill();

        await().atMost(Duration.ofSeconds(30)).until(() -> caller.ended().contains("unknown on undertow"));
        assertThat(caller.order("where")).contains("NoNodeAvailableException");
    }

    @Test
    @Order(6)
    void whoComesBackSpeaksTlsWhereItDidNotBeforeAndTheOtherWayRound() throws Exception {
        for (Kind kind : Kind.values()) {
            nodes.get(kind).close();
            start(kind, kind.isServer() && !kind.isSecure());
        }
        awaitAgreement();

        for (Kind kind : Kind.values()) {
            assertThat(uri(kind)).hasScheme(kind == Kind.JETTY || kind == Kind.UNDERTOW ? "https" : "http");
            assertExecutedEverywhere(kind, "large", " got 1000000");
        }
    }
}
