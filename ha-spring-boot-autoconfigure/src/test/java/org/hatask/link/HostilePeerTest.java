package org.hatask.link;

import static org.assertj.core.api.Assertions.assertThat;

import jakarta.websocket.ClientEndpointConfig;
import jakarta.websocket.CloseReason;
import jakarta.websocket.ContainerProvider;
import jakarta.websocket.Endpoint;
import jakarta.websocket.EndpointConfig;
import jakarta.websocket.MessageHandler;
import jakarta.websocket.Session;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.hatask.cluster.Node;
import org.hatask.execute.Outcome;
import org.hatask.execute.Refusal;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A client that speaks the protocol byte by byte, and wrongly. */
@Timeout(30)
class HostilePeerTest {

    private final Node self = TestNode.node("x", 1);
    private TestNode server;
    private Client client;
    private Sealing.Opener opener;

    @BeforeEach
    void connect() throws Exception {
        server = TestNode.start("a");
        client = new Client();
        ContainerProvider.getWebSocketContainer()
                .connectToServer(
                        client,
                        ClientEndpointConfig.Builder.create()
                                .preferredSubprotocols(List.of("ha.v1"))
                                .build(),
                        LinkTransport.linkUri(server.node().uri()));
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
        assertThat(server.transport.links()).isEmpty();
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
        return FrameCodec.encode(new Frame.Call(id, "echo", "String(String)", "t", 1, 0, 1000, new byte[] {'x'}));
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
            return received.poll(10, TimeUnit.SECONDS);
        }

        int closeCode() {
            return closed.orTimeout(10, TimeUnit.SECONDS).join().getCloseCode().getCode();
        }
    }
}
