package org.hatask.link;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import jakarta.websocket.ClientEndpointConfig;
import jakarta.websocket.CloseReason;
import jakarta.websocket.ContainerProvider;
import jakarta.websocket.Endpoint;
import jakarta.websocket.EndpointConfig;
import jakarta.websocket.MessageHandler;
import jakarta.websocket.Session;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.crypto.Mac;
import org.hatask.cluster.Node;
import org.hatask.execute.Outcome;
import org.hatask.execute.Refusal;
import org.hatask.link.Handshake.FailedException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

/** A client that speaks the protocol byte by byte, and wrongly. */
@Timeout(90)
@ExtendWith(OutputCaptureExtension.class)
class HostilePeerTest {

    private final Node self = TestNode.node("x", 1);
    private TestNode server;
    private Client client;
    private Sealing.Opener opener;

    @BeforeEach
    void connect() throws Exception {
        server = start(LinkSettings.defaults());
        client = dial();
    }

    /** Who is attacked; here on a Tomcat. */
    TestNode start(LinkSettings settings) {
        return TestNode.start("a", settings);
    }

    private Client dial() throws Exception {
        Client dialled = new Client();
        ContainerProvider.getWebSocketContainer()
                .connectToServer(
                        dialled,
                        ClientEndpointConfig.Builder.create()
                                .preferredSubprotocols(List.of("ha.v1"))
                                .build(),
                        LinkTransport.linkUri(server.node().uri()));
        return dialled;
    }

    @AfterEach
    void close() {
        server.close();
    }

    @Test
    void noiseInsteadOfAGreetingIsClosed() throws Exception {
        client.send(new byte[] {1, 2, 3});
        assertThat(client.closeCode()).isEqualTo(1008);
    }

    @Test
    void messageTooLargeForAHandshakeIsClosed() throws Exception {
        client.send(new byte[Handshake.MAX_MESSAGE + 1]);
        assertThat(client.closeCode()).isEqualTo(1009);
    }

    @Test
    void textIsClosed() throws Exception {
        client.session.getBasicRemote().sendText("hello");
        assertThat(client.closeCode()).isEqualTo(1003);
    }

    @Test
    void wrongProofIsClosedWithoutAnyDetail() throws Exception {
        client.send(new Handshake.Dialler(List.of(TestNode.KEY), "test", self, server.node()).hello());
        client.next();
        byte[] proof = new byte[33];
        proof[0] = 3;
        client.send(proof);
        assertThat(client.closeCode()).isEqualTo(1008);
        assertThat(client.closed.join().getReasonPhrase()).isNullOrEmpty();
    }

    @Test
    void callBeforeTheProofIsNotExecuted() throws Exception {
        client.send(new Handshake.Dialler(List.of(TestNode.KEY), "test", self, server.node()).hello());
        client.next();
        client.send(new Sealing.Sealer(TestNode.KEY)
                .seal(List.of(call(1)), call(1).length)
                .array());
        assertThat(client.closeCode()).isEqualTo(1008);
        assertThat(server.tasks.executed).isEmpty();
    }

    @Test
    void repeatedMessageClosesTheLinkAndIsNotExecutedTwice() throws Exception {
        Sealing.Sealer sealer = authenticate();
        byte[] message = sealer.seal(List.of(call(1)), call(1).length).array();
        client.send(message);
        assertThat(client.next()).isNotNull();
        client.send(message);
        assertThat(client.closeCode()).isEqualTo(1002);
        assertThat(server.tasks.executed).hasSize(1);
    }

    @Test
    void correlationIdInUseClosesTheLink() throws Exception {
        server.tasks.behaviours.put("echo", (attempt, argument) -> new CompletableFuture<Outcome>());
        Sealing.Sealer sealer = authenticate();
        client.send(sealer.seal(List.of(call(1), call(1)), 2 * call(1).length).array());
        assertThat(client.closeCode()).isEqualTo(1002);
        assertThat(server.tasks.executed).hasSize(1);
        await().until(() -> server.transport.links().isEmpty());
    }

    @Test
    void unknownFrameClosesTheLink() throws Exception {
        byte[] frame = {0, 0, 0, 1, 99};
        client.send(authenticate().seal(List.of(frame), frame.length).array());
        assertThat(client.closeCode()).isEqualTo(1002);
    }

    @Test
    void questionsAboutCallsThatNeverWereAreAnsweredAndTheLinkLives() throws Exception {
        Sealing.Sealer sealer = authenticate();
        for (long id : new long[] {Long.MIN_VALUE, -1, 0, 5, 5, Long.MAX_VALUE}) {
            byte[] ask = FrameCodec.encode(new Frame.Ask(id));
            client.send(sealer.seal(List.of(ask), ask.length).array());
            Frame answer = client.answer(opener);
            assertThat(((Frame.Answer) answer).correlationId()).isEqualTo(id);
            if (id > 0) {
                assertThat(((Frame.Refused) answer).refusal()).isEqualTo(Refusal.NOT_RECEIVED);
            } else {
                assertThat(answer).isInstanceOf(Frame.Unknown.class);
            }
        }
        // What was promised not to be started is not.
        client.send(sealer.seal(List.of(call(5)), call(5).length).array());
        assertThat(((Frame.Refused) client.answer(opener)).refusal()).isEqualTo(Refusal.NOT_RECEIVED);
        client.send(sealer.seal(List.of(call(6)), call(6).length).array());
        assertThat(client.answer(opener)).isInstanceOf(Frame.Result.class);
        assertThat(server.tasks.executed).hasSize(1);
    }

    @Test
    void anOlderPeerIsServedInItsVersionAndMayNotAskInIt() throws Exception {
        Sealing.Sealer sealer = authenticate(new byte[] {1});
        client.send(sealer.seal(List.of(call(1)), call(1).length).array());
        assertThat(client.answer(opener)).isInstanceOf(Frame.Result.class);
        // In that version an id may come again once its call is answered.
        client.send(sealer.seal(List.of(call(1)), call(1).length).array());
        assertThat(client.answer(opener)).isInstanceOf(Frame.Result.class);

        byte[] ask = FrameCodec.encode(new Frame.Ask(1));
        client.send(sealer.seal(List.of(ask), ask.length).array());

        assertThat(client.closeCode()).isEqualTo(1002);
    }

    @Test
    void replayedHandshakeIsClosed() throws Exception {
        Handshake.Dialler dialler = new Handshake.Dialler(List.of(TestNode.KEY), "test", self, server.node());
        client.send(dialler.hello());
        byte[] proof = dialler.challenged(client.next()).proof();
        client.send(proof);
        assertThat(client.next()).isNotNull();

        Client replaying = dial();
        replaying.send(dialler.hello());
        assertThat(replaying.next()).isNotNull();
        replaying.send(proof);

        assertThat(replaying.closeCode()).isEqualTo(1008);
    }

    @Test
    void proofReflectedToItsAuthorIsClosed() throws Exception {
        client.send(new Handshake.Dialler(List.of(TestNode.KEY), "test", self, server.node()).hello());
        byte[] challenge = client.next().array();
        byte[] reflected = Arrays.copyOfRange(challenge, challenge.length - 33, challenge.length);
        reflected[0] = 3;
        client.send(reflected);
        assertThat(client.closeCode()).isEqualTo(1008);
    }

    @Test
    void greetingReflectedToItsAuthorIsClosed() throws Exception {
        client.send(new Handshake.Dialler(List.of(TestNode.KEY), "test", server.node(), server.node()).hello());
        assertThat(client.closeCode()).isEqualTo(1008);
        assertThat(client.received).isEmpty();
    }

    @Test
    void sealedMessageReflectedToItsAuthorClosesTheLink() throws Exception {
        Handshake.Dialler dialler = new Handshake.Dialler(List.of(TestNode.KEY), "test", self, server.node());
        client.send(dialler.hello());
        client.send(dialler.challenged(client.next()).proof());
        client.send(client.next().array());
        assertThat(client.closeCode()).isEqualTo(1002);
    }

    @Test
    void greetingThatWasDowngradedOnItsWayIsClosed() throws Exception {
        Handshake.Dialler dialler = new Handshake.Dialler(List.of(TestNode.KEY), "test", self, server.node());
        byte[] downgraded = dialler.hello();
        assertThat(downgraded[2]).isEqualTo(Handshake.WITH_PARTS);
        downgraded[2] = 2;
        downgraded[3] = 2;
        client.send(downgraded);
        ByteBuffer challenge = client.next();
        assertThat(challenge.get(1)).isEqualTo((byte) 2);
        // The dialler notices, and so would the acceptor.
        assertThatThrownBy(() -> dialler.challenged(challenge.duplicate())).isInstanceOf(FailedException.class);
        Handshake.Acceptor another = new Handshake.Acceptor(TestNode.KEY, "test", server.node());
        client.send(dialler.challenged(ByteBuffer.wrap(another.greeted(ByteBuffer.wrap(dialler.hello()))))
                .proof());
        assertThat(client.closeCode()).isEqualTo(1008);
    }

    @Test
    void wrongClusterWrongIncarnationAndWrongVersionAreClosedAlikeAndLearnNothing() throws Exception {
        List<byte[]> key = List.of(TestNode.KEY);
        List<byte[]> wrong = List.of(
                new Handshake.Dialler(key, "other", self, server.node()).hello(),
                new Handshake.Dialler(key, "test", self, TestNode.node("a", 1)).hello(),
                new Handshake.Dialler(new byte[] {99}, key, "test", self, server.node()).hello(),
                new byte[] {1, 2, 3});
        for (byte[] greeting : wrong) {
            Client stranger = dial();
            stranger.send(greeting);
            assertThat(stranger.closeCode()).isEqualTo(1008);
            assertThat(stranger.closed.join().getReasonPhrase()).isNullOrEmpty();
            assertThat(stranger.received).isEmpty();
        }
    }

    @Test
    void aPeerThatOffersVersionsOfTheFutureIsServedInTheBestCommonOne() throws Exception {
        Handshake.Dialler dialler =
                new Handshake.Dialler(new byte[] {99, 2, 1}, List.of(TestNode.KEY), "test", self, server.node());
        client.send(dialler.hello());
        Handshake.Dialler.Proven proven = dialler.challenged(client.next());
        assertThat(proven.session().version()).isEqualTo(Handshake.WITH_ASK);
    }

    @ParameterizedTest
    @ValueSource(longs = {-1, 1, 5, Long.MIN_VALUE, Long.MAX_VALUE})
    void counterThatIsNotTheNextClosesTheLink(long counter) throws Exception {
        Handshake.Session session = session();
        byte[] call = call(1);
        ByteBuffer message = ByteBuffer.allocate(Sealing.OVERHEAD + call.length).putLong(counter);
        Mac mac = Sealing.mac(session.sendKey());
        mac.update(message.array(), 0, 8);
        message.put(mac.doFinal(call)).put(call);
        client.send(message.array());
        assertThat(client.closeCode()).isEqualTo(1002);
        assertThat(server.tasks.executed).isEmpty();
    }

    @Test
    void everyTruncationOfASealedMessageClosesTheLink() throws Exception {
        int whole = Sealing.OVERHEAD + call(1).length;
        for (int length : new int[] {0, 1, 8, Sealing.OVERHEAD - 1, Sealing.OVERHEAD, whole - 1}) {
            client = dial();
            byte[] message =
                    authenticate().seal(List.of(call(1)), call(1).length).array();
            client.send(Arrays.copyOf(message, length));
            assertThat(client.closeCode()).isEqualTo(1002);
        }
        assertThat(server.tasks.executed).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(ints = {Integer.MIN_VALUE, -1, 0, 1000, Integer.MAX_VALUE})
    void frameThatClaimsAnotherLengthClosesTheLink(int claimed) throws Exception {
        byte[] frame = call(1);
        ByteBuffer.wrap(frame).putInt(claimed);
        client.send(authenticate().seal(List.of(frame), frame.length).array());
        assertThat(client.closeCode()).isEqualTo(1002);
        assertThat(server.tasks.executed).isEmpty();
    }

    @Test
    void messageLargerThanAllowedClosesTheLinkBeforeItIsWhole() throws Exception {
        authenticate();
        ByteBuffer part = ByteBuffer.allocate(1024 * 1024);
        assertThatCode(() -> {
                    for (int i = 0; i < 64; i++) {
                        client.session.getBasicRemote().sendBinary(part.duplicate(), false);
                    }
                })
                .as("broken off")
                .isInstanceOf(Exception.class);
        assertThat(server.transport.links()).isEmpty();
    }

    @Test
    void partsOfAFrameThatIsLargerThanAllowedCloseTheLinkBeforeItIsWhole() throws Exception {
        Sealing.Sealer sealer = authenticate();
        byte[] part = FrameCodec.encode(new Frame.Part(false, new byte[48 * 1024]));

        assertThatCode(() -> {
                    for (int i = 0; i < 1024; i++) {
                        client.send(sealer.seal(List.of(part), part.length).array());
                    }
                })
                .as("broken off")
                .isInstanceOf(Exception.class);

        await().until(() -> server.transport.links().isEmpty());
    }

    private static byte[] last(byte[]... frames) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (byte[] frame : frames) {
            bytes.writeBytes(frame);
        }
        return FrameCodec.encode(new Frame.Part(true, bytes.toByteArray()));
    }

    static List<byte[]> partsThatAreNotOneFrame() {
        byte[] cutOff = Arrays.copyOf(call(1), call(1).length - 1);
        return List.of(
                last(),
                last(cutOff),
                last(call(1), call(2)),
                last(last(call(1))),
                last(FrameCodec.encode(new Frame.Ready())));
    }

    @ParameterizedTest
    @MethodSource
    void partsThatAreNotOneFrame(byte[] frame) throws Exception {
        client.send(authenticate().seal(List.of(frame), frame.length).array());

        assertThat(client.closeCode()).isEqualTo(1002);
        assertThat(server.tasks.executed).isEmpty();
    }

    @Test
    void partsAreFramesOfTheirVersionOnly() throws Exception {
        Sealing.Sealer sealer = authenticate(new byte[] {Handshake.WITH_TRACE});
        byte[] frame = last(call(1));

        client.send(sealer.seal(List.of(frame), frame.length).array());

        assertThat(client.closeCode()).isEqualTo(1002);
        assertThat(server.tasks.executed).isEmpty();
    }

    @Test
    void greetingThatComesByteByByteIsClosedInTime() throws Exception {
        byte[] hello = new Handshake.Dialler(List.of(TestNode.KEY), "test", self, server.node()).hello();
        long begin = System.nanoTime();
        int sent = 0;
        while (!client.closed.isDone()) {
            assertThat(System.nanoTime() - begin).isLessThan(TimeUnit.SECONDS.toNanos(20));
            try {
                client.session.getBasicRemote().sendBinary(ByteBuffer.wrap(hello, sent++ % hello.length, 1), false);
                client.closed.get(100, TimeUnit.MILLISECONDS);
            } catch (TimeoutException | IOException | IllegalStateException e) {
                // As slow as that; or closed in between.
            }
        }
        assertThat(client.closeCode()).isIn(1006, 1008);
        assertThat(server.transport.undecided()).isZero();
    }

    @Test
    void pingsDoNotProlongAHandshake() throws Exception {
        long begin = System.nanoTime();
        while (!client.closed.isDone()) {
            assertThat(System.nanoTime() - begin).isLessThan(TimeUnit.SECONDS.toNanos(20));
            try {
                client.session.getBasicRemote().sendPing(ByteBuffer.allocate(100));
                client.closed.get(20, TimeUnit.MILLISECONDS);
            } catch (TimeoutException | IOException | IllegalStateException e) {
                // As often as that; or closed in between.
            }
        }
        assertThat(client.closeCode()).isIn(1006, 1008);
    }

    @Test
    void argumentsOfATaskThatIsNotThereOrHasAnotherSignatureAreNeverRead() throws Exception {
        Sealing.Sealer sealer = authenticate();
        byte[] unreadable = "unreadable".getBytes(StandardCharsets.US_ASCII);
        for (Frame.Call call : List.of(
                new Frame.Call(1, "java.lang.Runtime.exec", "String(String)", "t", 1, 0, 1000, Map.of(), unreadable),
                new Frame.Call(2, "echo", "String(Object)", "t", 1, 0, 1000, Map.of(), unreadable))) {
            byte[] frame = FrameCodec.encode(call);
            client.send(sealer.seal(List.of(frame), frame.length).array());
            assertThat(((Frame.Refused) client.answer(opener)).refusal()).isEqualTo(Refusal.UNKNOWN_TASK);
        }
        assertThat(server.tasks.executed).isEmpty();
    }

    @Test
    void callsBeyondWhatALinkMayHaveUnderWayAreRefused() throws Exception {
        server.close();
        server = start(TestNode.settings(Duration.ofSeconds(1), 32));
        server.tasks.behaviours.put("echo", (attempt, argument) -> new CompletableFuture<Outcome>());
        client = dial();
        Sealing.Sealer sealer = authenticate();
        List<byte[]> calls = new ArrayList<>();
        for (int id = 1; id <= 102; id++) {
            calls.add(call(id));
        }
        client.send(sealer.seal(calls, calls.size() * call(1).length).array());

        List<Frame.Refused> refused = new ArrayList<>();
        while (refused.size() < 2) {
            for (Frame frame : opener.open(client.next())) {
                if (frame instanceof Frame.Refused answer) {
                    refused.add(answer);
                }
            }
        }
        assertThat(refused).extracting(Frame.Refused::correlationId).containsExactly(101L, 102L);
        assertThat(refused).extracting(Frame.Refused::refusal).containsOnly(Refusal.BUSY);
        assertThat(server.tasks.executed).hasSize(100);
    }

    @Test
    void nothingThatAStrangerSaysGetsIntoTheLog(CapturedOutput output) throws Exception {
        String injected = "x\n2026-01-01 WARN all is well ${jndi:ldap://x}";
        byte[] nonce = new byte[Handshake.NONCE_LENGTH];
        Handshake.Peer odd = new Handshake.Peer(injected, injected);
        for (byte[] greeting : List.of(
                Handshake.greeting(Handshake.VERSIONS, injected, odd, odd, nonce),
                Handshake.greeting(Handshake.VERSIONS, "test", odd, Handshake.Peer.of(server.node()), nonce),
                injected.getBytes(StandardCharsets.US_ASCII))) {
            for (int i = 0; i < 2; i++) {
                Client stranger = dial();
                stranger.send(greeting);
                stranger.closeCode();
            }
        }
        assertThat(output).contains("Refused a link from 127.0.0.1").doesNotContain("all is well", "jndi");
        // One line a second, and there were six.
        assertThat(output.toString().lines().filter(line -> line.contains("Refused a link")))
                .hasSizeLessThan(6);
    }

    private Handshake.Session session() throws Exception {
        Handshake.Dialler dialler = new Handshake.Dialler(List.of(TestNode.KEY), "test", self, server.node());
        client.send(dialler.hello());
        Handshake.Dialler.Proven proven = dialler.challenged(client.next());
        client.send(proven.proof());
        assertThat(client.next()).isNotNull();
        return proven.session();
    }

    private Sealing.Sealer authenticate() throws Exception {
        return authenticate(Handshake.VERSIONS);
    }

    private Sealing.Sealer authenticate(byte[] versions) throws Exception {
        Handshake.Dialler dialler = new Handshake.Dialler(versions, List.of(TestNode.KEY), "test", self, server.node());
        client.send(dialler.hello());
        Handshake.Dialler.Proven proven = dialler.challenged(client.next());
        assertThat(proven.session().version()).isEqualTo(versions[0]);
        client.send(proven.proof());
        opener = new Sealing.Opener(proven.session().receiveKey());
        assertThat(opener.open(client.next())).startsWith(new Frame.Ready());
        return new Sealing.Sealer(proven.session().sendKey());
    }

    private static byte[] call(long id) {
        return FrameCodec.encode(
                new Frame.Call(id, "echo", "String(String)", "t", 1, 0, 1000, Map.of(), new byte[] {'x'}));
    }

    private static final class Client extends Endpoint {

        final CompletableFuture<CloseReason> closed = new CompletableFuture<>();
        private final BlockingQueue<ByteBuffer> received = new LinkedBlockingQueue<>();
        private volatile Session session;

        @Override
        public void onOpen(Session opened, EndpointConfig config) {
            session = opened;
            opened.addMessageHandler(ByteBuffer.class, (MessageHandler.Whole<ByteBuffer>) received::add);
        }

        @Override
        public void onClose(Session ended, CloseReason reason) {
            closed.complete(reason);
        }

        void send(byte[] message) throws Exception {
            session.getBasicRemote().sendBinary(ByteBuffer.wrap(message));
        }

        /** The next frame that is no sign of life. */
        Frame answer(Sealing.Opener opener) throws Exception {
            while (true) {
                for (Frame frame : opener.open(next())) {
                    if (frame instanceof Frame.Answer) {
                        return frame;
                    }
                }
            }
        }

        ByteBuffer next() throws InterruptedException {
            return received.poll(30, TimeUnit.SECONDS);
        }

        int closeCode() {
            return closed.orTimeout(30, TimeUnit.SECONDS).join().getCloseCode().getCode();
        }
    }
}
