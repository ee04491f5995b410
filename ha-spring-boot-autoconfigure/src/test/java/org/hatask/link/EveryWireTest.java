package org.hatask.link;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.net.http.WebSocketHandshakeException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.hatask.cluster.Node;
import org.hatask.execute.Outcome;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.springframework.context.ApplicationContext;
import org.springframework.context.support.StaticApplicationContext;
import org.springframework.http.server.reactive.ContextPathCompositeHandler;
import org.springframework.http.server.reactive.ReactorHttpHandlerAdapter;
import org.springframework.web.server.adapter.WebHttpHandlerBuilder;
import reactor.netty.DisposableServer;
import reactor.netty.http.server.HttpServer;

/** The same over each server that this module knows. All other tests of links use Tomcat's. */
@Timeout(120)
class EveryWireTest {

    private static final LinkSettings SETTINGS = TestNode.settings(Duration.ofSeconds(1), 32);

    private final List<AutoCloseable> opened = new ArrayList<>();

    enum Door {
        TOMCAT,
        NETTY
    }

    @AfterEach
    void closeAll() throws Exception {
        Collections.reverse(opened);
        for (AutoCloseable closeable : opened) {
            closeable.close();
        }
    }

    /** A node with a server that can be stopped alone. */
    private record Server(Node node, TestTasks tasks, LinkTransport transport, Runnable stop) {}

    private Server server(Door door) {
        if (door == Door.NETTY) {
            return netty(TestNode.KEY);
        }
        TestNode tomcat = TestNode.start("b", SETTINGS);
        opened.add(tomcat);
        return new Server(tomcat.node(), tomcat.tasks, tomcat.transport, tomcat::stopServer);
    }

    private Server netty(byte[] key) {
        return netty(key, null);
    }

    /** Below the context path {@code /app}, as the others; all other requests are answered with 404. */
    private Server netty(byte[] key, ApplicationContext home) {
        Node[] self = {TestNode.node("b", 1)};
        TestTasks tasks = new TestTasks();
        LinkTransport transport = transport(() -> self[0], key, tasks);
        var handler = WebHttpHandlerBuilder.webHandler(exchange -> {
                    exchange.getResponse().setRawStatusCode(404);
                    return exchange.getResponse().setComplete();
                })
                .filter(new ReactiveLinkServer(transport, SETTINGS.maxMessageSize(), home))
                .build();
        ChannelGroup connections = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);
        DisposableServer server = HttpServer.create()
                .channelGroup(connections)
                .host("localhost")
                .port(0)
                .handle(new ReactorHttpHandlerAdapter(
                        new ContextPathCompositeHandler(Collections.singletonMap("/app", handler))))
                .bindNow();
        self[0] = TestNode.node(self[0], server.port());
        Runnable stop = () -> {
            server.channel().close().syncUninterruptibly();
            connections.close().syncUninterruptibly();
        };
        opened.add(stop::run);
        opened.add(transport);
        return new Server(self[0], tasks, transport, stop);
    }

    private static LinkTransport transport(Supplier<Node> self, byte[] key, TestTasks tasks) {
        return new LinkTransport(
                "test",
                self,
                () -> List.of(key),
                new TestTasks.Codec(),
                tasks.receiver,
                () -> NodeReport.ofThisProcess(0, List.of(), null, List.of()),
                SETTINGS,
                ClientTls::ofPlatform);
    }

    /** A process that only calls: nobody listens at its address. */
    private LinkTransport caller(TestTasks tasks) {
        Node self = TestNode.node("a", 1);
        LinkTransport transport = transport(() -> self, TestNode.KEY, tasks);
        opened.add(transport);
        return transport;
    }

    private static Outcome call(LinkTransport from, Node to, String argument) {
        return TestTasks.get(start(from, to, argument));
    }

    private static CompletableFuture<Outcome> start(LinkTransport from, Node to, String argument) {
        return from.send(to, TestTasks.attempt(UUID.randomUUID().toString()), new Object[] {argument});
    }

    @ParameterizedTest
    @EnumSource
    void callsAndAnswersTravelWhateverTheirSize(Door door) {
        Server b = server(door);
        LinkTransport a = caller(new TestTasks());

        for (int size : new int[] {1, 125, 126, 4096, 65_535, 65_536, 70_000, 5_000_000}) {
            String argument = "x".repeat(size);
            assertThat(call(a, b.node(), argument)).as("%d bytes", size).isEqualTo(new Outcome.Succeeded(argument));
        }
        assertThat(a.links()).hasSize(1);
    }

    @ParameterizedTest
    @EnumSource
    void manyCallsShareTheConnection(Door door) {
        Server b = server(door);
        LinkTransport a = caller(new TestTasks());

        List<CompletableFuture<Outcome>> calls = new ArrayList<>();
        for (int i = 0; i < 2000; i++) {
            calls.add(start(a, b.node(), "call " + i));
        }

        for (int i = 0; i < calls.size(); i++) {
            assertThat(TestTasks.get(calls.get(i))).isEqualTo(new Outcome.Succeeded("call " + i));
        }
        assertThat(b.transport().links()).hasSize(1);
    }

    @ParameterizedTest
    @EnumSource
    void theServerCallsBackOverItWhereItCannotReachTheCaller(Door door) {
        Server b = server(door);
        LinkTransport a = caller(new TestTasks());
        call(a, b.node(), "hello");
        LinkInfo link = b.transport().links().get(0);
        Node caller = new Node(
                link.nodeId(),
                link.incarnation(),
                URI.create("http://localhost:1"),
                b.node().state(),
                true,
                true,
                1,
                null,
                b.node().startedAt());

        String large = "x".repeat(3_000_000);

        assertThat(call(b.transport(), caller, large)).isEqualTo(new Outcome.Succeeded(large));
    }

    @ParameterizedTest
    @EnumSource
    void aServerThatDiesIsNoticedAtOnce(Door door) {
        Server b = server(door);
        b.tasks().behaviours.put("echo", (attempt, argument) -> new CompletableFuture<>());
        LinkTransport a = caller(new TestTasks());
        CompletableFuture<Outcome> pending = start(a, b.node(), "for ever");
        await().atMost(Duration.ofSeconds(20)).until(() -> !b.tasks().executed.isEmpty());

        b.stop().run();

        assertThat(TestTasks.get(pending)).isInstanceOf(Outcome.Unknown.class);
        await().atMost(Duration.ofSeconds(20)).untilAsserted(() -> assertThat(call(a, b.node(), "once more"))
                .isInstanceOfSatisfying(Outcome.NotSent.class, outcome -> assertThat(outcome.reason())
                        .contains("connection refused")));
    }

    @ParameterizedTest
    @EnumSource
    void aLinkThatIsClosedEndsAtBothEnds(Door door) {
        Server b = server(door);
        LinkTransport a = caller(new TestTasks());
        call(a, b.node(), "hello");

        a.close();

        await().atMost(Duration.ofSeconds(20)).until(() -> b.transport().links().isEmpty());
    }

    @Test
    void whoHasAnotherKeyGetsNoLinkAndReadsWhy() {
        Server b = netty("another key of at least thirty-two bytes!".getBytes(StandardCharsets.US_ASCII));

        assertThat(call(caller(new TestTasks()), b.node(), "hello"))
                .isInstanceOfSatisfying(Outcome.NotSent.class, outcome -> assertThat(outcome.reason())
                        .contains("key"));
        assertThat(b.tasks().executed).isEmpty();
        await().atMost(Duration.ofSeconds(20)).until(() -> b.transport().undecided() == 0);
    }

    @Test
    void whatAnswersButIsNoNodeIsNamedByItsStatus() {
        Server b = netty(TestNode.KEY);
        URI elsewhere = URI.create("http://localhost:" + b.node().uri().getPort() + "/nowhere");
        Node wrong = new Node(
                "c",
                "c-1",
                elsewhere,
                b.node().state(),
                true,
                true,
                1,
                null,
                b.node().startedAt());

        assertThat(call(caller(new TestTasks()), wrong, "hello"))
                .isInstanceOfSatisfying(Outcome.NotSent.class, outcome -> assertThat(outcome.reason())
                        .contains("HTTP status 404"));
    }

    @Test
    void whatDoesNotAnswerIsGivenUp() throws IOException {
        try (ServerSocket silent = new ServerSocket(0)) {
            assertThat(call(caller(new TestTasks()), TestNode.node("c", silent.getLocalPort()), "x"))
                    .isInstanceOfSatisfying(Outcome.NotSent.class, outcome -> assertThat(outcome.reason())
                            .containsAnyOf("no answer", "does not answer"));
        }
    }

    @Test
    void otherRequestsToTheDoorOfNettyAreTurnedAwayWithoutABody() throws Exception {
        Server b = netty(TestNode.KEY);
        URI door = URI.create(b.node().uri() + LinkServer.PATH);
        HttpClient http = HttpClient.newHttpClient();

        HttpResponse<String> plain =
                http.send(HttpRequest.newBuilder(door).build(), HttpResponse.BodyHandlers.ofString());
        assertThat(plain.statusCode()).isEqualTo(426);
        assertThat(plain.body()).isEmpty();
        assertThatThrownBy(() -> http.newWebSocketBuilder()
                        .buildAsync(URI.create(door.toString().replace("http:", "ws:")), new WebSocket.Listener() {})
                        .get(20, TimeUnit.SECONDS))
                .isInstanceOf(ExecutionException.class)
                .cause()
                .isInstanceOfSatisfying(WebSocketHandshakeException.class, refused -> assertThat(
                                refused.getResponse().statusCode())
                        .isEqualTo(400));
        assertThat(http.send(
                                HttpRequest.newBuilder(URI.create(b.node().uri() + "/else"))
                                        .build(),
                                HttpResponse.BodyHandlers.ofString())
                        .statusCode())
                .isEqualTo(404);
        assertThat(b.transport().undecided()).isZero();
    }

    /** A port of its own for the actuator has the application's filters, too. */
    @Test
    void anotherContextsPortIsNoDoor() {
        Server b = netty(TestNode.KEY, new StaticApplicationContext());

        assertThat(call(caller(new TestTasks()), b.node(), "hello"))
                .isInstanceOfSatisfying(Outcome.NotSent.class, outcome -> assertThat(outcome.reason())
                        .contains("HTTP status 404"));
    }

    /** Netty would keep up to the limit in memory, and strangers have not shown that they deserve it. */
    @Test
    void aStrangerAtNettyCannotHaveLargeFramesKept() throws Exception {
        Server b = netty(TestNode.KEY);
        CompletableFuture<String> ended = new CompletableFuture<>();
        WebSocket stranger = HttpClient.newHttpClient()
                .newWebSocketBuilder()
                .subprotocols(LinkServer.SUBPROTOCOL)
                .buildAsync(
                        URI.create(b.node().uri().toString().replace("http:", "ws:") + LinkServer.PATH),
                        new WebSocket.Listener() {
                            @Override
                            public CompletionStage<?> onClose(WebSocket socket, int code, String reason) {
                                ended.complete("code " + code);
                                return null;
                            }

                            @Override
                            public void onError(WebSocket socket, Throwable error) {
                                ended.complete(error.toString());
                            }
                        })
                .get(20, TimeUnit.SECONDS);

        stranger.sendBinary(ByteBuffer.allocate(Handshake.MAX_MESSAGE + 1), true);

        assertThat(ended.get(20, TimeUnit.SECONDS)).isNotEmpty();
        await().atMost(Duration.ofSeconds(20)).until(() -> b.transport().undecided() == 0);
    }
}
