package org.hatask.link;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
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
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.hatask.RawHttp;
import org.hatask.cluster.Node;
import org.hatask.execute.Attempt;
import org.hatask.execute.Outcome;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.springframework.context.ApplicationContext;
import org.springframework.context.support.StaticApplicationContext;

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

    private TestNode server(Door door) {
        return door == Door.NETTY ? netty(TestNode.KEY) : keep(TestNode.start("b", SETTINGS));
    }

    private TestNode netty(byte[] key) {
        return netty(key, null);
    }

    private TestNode netty(byte[] key, ApplicationContext home) {
        return keep(TestNode.start(
                "b",
                "test",
                () -> List.of(key),
                SETTINGS,
                new TestTasks(),
                transport -> new TestNetty(transport, SETTINGS, home)));
    }

    private TestNode keep(TestNode node) {
        opened.add(node);
        return node;
    }

    /** A process that only calls: nobody listens at its address. */
    private LinkTransport caller(TestTasks tasks) {
        Node self = TestNode.node("a", 1);
        LinkTransport transport = new LinkTransport(
                "test",
                () -> self,
                () -> List.of(TestNode.KEY),
                new TestTasks.Codec(),
                tasks.receiver,
                () -> NodeReport.ofThisProcess(0, List.of(), null, List.of()),
                SETTINGS,
                ClientTls::ofPlatform);
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
        TestNode b = server(door);
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
        TestNode b = server(door);
        LinkTransport a = caller(new TestTasks());

        List<CompletableFuture<Outcome>> calls = new ArrayList<>();
        for (int i = 0; i < 2000; i++) {
            calls.add(start(a, b.node(), "call " + i));
        }

        for (int i = 0; i < calls.size(); i++) {
            assertThat(TestTasks.get(calls.get(i))).isEqualTo(new Outcome.Succeeded("call " + i));
        }
        assertThat(b.transport.links()).hasSize(1);
    }

    /** The other end of the only link, where nobody listens. */
    private static Node callerOf(TestNode b) {
        LinkInfo link = b.transport.links().get(0);
        return new Node(
                link.nodeId(),
                link.incarnation(),
                URI.create("http://localhost:1"),
                b.node().state(),
                true,
                true,
                1,
                null,
                b.node().startedAt());
    }

    /** To load what a first connection needs may take a busy machine longer than a connection is waited for. */
    private static void connect(LinkTransport from, TestNode to) {
        await().atMost(Duration.ofSeconds(60)).until(() -> call(from, to.node(), "hello") instanceof Outcome.Succeeded);
    }

    @ParameterizedTest
    @EnumSource
    void theServerCallsBackOverItWhereItCannotReachTheCaller(Door door) {
        TestNode b = server(door);
        LinkTransport a = caller(new TestTasks());
        connect(a, b);
        Node caller = callerOf(b);

        String large = "x".repeat(3_000_000);

        assertThat(call(b.transport, caller, large)).isEqualTo(new Outcome.Succeeded(large));
    }

    /** A container breaks its connection when the thread that writes to it is interrupted. */
    @ParameterizedTest
    @EnumSource
    void callersThatAreInterruptedWhileTheServerCallsBackHarmNeitherTheConnectionNorOthers(Door door) throws Exception {
        TestNode b = server(door);
        TestTasks tasks = new TestTasks();
        LinkTransport a = caller(tasks);
        connect(a, b);
        Node caller = callerOf(b);
        call(b.transport, caller, "first");
        tasks.executed.clear();
        List<LinkInfo> before = b.transport.links();
        List<Thread> threads = new ArrayList<>();
        List<Outcome> outcomes = Collections.synchronizedList(new ArrayList<>());
        for (int i = 0; i < 6; i++) {
            // Of several parts, and of a few bytes.
            String argument = "x".repeat(i % 2 == 0 ? 200_000 : 10);
            Thread thread = new Thread(() -> {
                for (int n = 0; n < 100; n++) {
                    Thread.interrupted();
                    outcomes.add(call(b.transport, caller, argument));
                }
            });
            threads.add(thread);
            thread.start();
        }

        List<Thread> victims = threads.subList(0, 4);
        while (victims.stream().anyMatch(Thread::isAlive)) {
            victims.forEach(Thread::interrupt);
            LockSupport.parkNanos(10_000);
        }
        for (Thread thread : threads) {
            thread.join();
        }

        assertThat(outcomes).hasSize(600).allSatisfy(outcome -> assertThat(outcome)
                .isInstanceOf(Outcome.Succeeded.class));
        assertThat(tasks.executed).extracting(Attempt::taskId).hasSize(600).doesNotHaveDuplicates();
        assertThat(b.transport.links())
                .extracting(LinkInfo::since)
                .containsExactly(before.get(0).since());
    }

    @ParameterizedTest
    @EnumSource
    void aServerThatDiesIsNoticedAtOnce(Door door) {
        TestNode b = server(door);
        LinkTransport a = caller(new TestTasks());
        connect(a, b);
        b.tasks.behaviours.put("echo", (attempt, argument) -> new CompletableFuture<>());
        b.tasks.executed.clear();
        CompletableFuture<Outcome> pending = start(a, b.node(), "for ever");
        await().atMost(Duration.ofSeconds(20)).until(() -> !b.tasks.executed.isEmpty());

        b.stopServer();

        assertThat(TestTasks.get(pending)).isInstanceOf(Outcome.Unknown.class);
        await().atMost(Duration.ofSeconds(20)).untilAsserted(() -> assertThat(call(a, b.node(), "once more"))
                .isInstanceOfSatisfying(Outcome.NotSent.class, outcome -> assertThat(outcome.reason())
                        .contains("connection refused")));
    }

    @ParameterizedTest
    @EnumSource
    void aLinkThatIsClosedEndsAtBothEnds(Door door) {
        TestNode b = server(door);
        LinkTransport a = caller(new TestTasks());
        connect(a, b);

        a.close();

        await().atMost(Duration.ofSeconds(20)).until(() -> b.transport.links().isEmpty());
    }

    @Test
    void whoHasAnotherKeyGetsNoLinkAndReadsWhy() {
        TestNode b = netty("another key of at least thirty-two bytes!".getBytes(StandardCharsets.US_ASCII));

        assertThat(call(caller(new TestTasks()), b.node(), "hello"))
                .isInstanceOfSatisfying(Outcome.NotSent.class, outcome -> assertThat(outcome.reason())
                        .contains("key"));
        assertThat(b.tasks.executed).isEmpty();
        await().atMost(Duration.ofSeconds(20)).until(() -> b.transport.undecided() == 0);
    }

    @Test
    void whatAnswersButIsNoNodeIsNamedByItsStatus() {
        TestNode b = netty(TestNode.KEY);
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
        TestNode b = netty(TestNode.KEY);
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
        assertThat(b.transport.undecided()).isZero();
    }

    /** A port of its own for the actuator has the application's filters, too. */
    @Test
    void anotherContextsPortIsNoDoor() {
        TestNode b = netty(TestNode.KEY, new StaticApplicationContext());

        assertThat(call(caller(new TestTasks()), b.node(), "hello"))
                .isInstanceOfSatisfying(Outcome.NotSent.class, outcome -> assertThat(outcome.reason())
                        .contains("HTTP status 404"));
    }

    /** Netty keeps a frame until it is whole, so of a stranger's large one already the head is too much. */
    @Test
    void aStrangerAtNettyCannotHaveLargeFramesKept() throws Exception {
        TestNode b = netty(TestNode.KEY);
        try (Socket stranger = new Socket("localhost", b.port())) {
            stranger.setSoTimeout(20_000);
            stranger.getOutputStream().write(Strangers.upgrade("/app"));
            assertThat(RawHttp.head(stranger.getInputStream())).startsWith("HTTP/1.1 101");

            ByteBuffer head = ByteBuffer.allocate(8)
                    .put((byte) 0x82)
                    .put((byte) (0x80 | 126))
                    .putShort((short) (Handshake.MAX_MESSAGE + 1));
            stranger.getOutputStream().write(head.array());

            ByteBuffer close = ByteBuffer.wrap(stranger.getInputStream().readNBytes(4));
            assertThat(close.getShort(2)).isEqualTo((short) CloseCode.TOO_BIG.number());
        }
        await().atMost(Duration.ofSeconds(20)).until(() -> b.transport.undecided() == 0);
    }
}
