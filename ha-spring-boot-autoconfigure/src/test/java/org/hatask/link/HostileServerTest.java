package org.hatask.link;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.hatask.RawHttp;
import org.hatask.execute.Outcome;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

/** A record leads to a server of a stranger's, which answers the request to upgrade as no server should. */
@Timeout(90)
@ExtendWith(OutputCaptureExtension.class)
class HostileServerTest {

    /** As many as there are threads that dial, and some. */
    private static final int STRANGERS = 12;

    private final List<AutoCloseable> opened = new ArrayList<>();
    private TestNode node;
    private TestNode honest;

    @BeforeEach
    void start() {
        node = keep(TestNode.start("a"));
        honest = keep(TestNode.start("b"));
    }

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable closeable : opened) {
            closeable.close();
        }
    }

    @Test
    void headersThatNeverEndTieUpNoThreadThatDials() throws Exception {
        List<Stranger> strangers = new ArrayList<>();
        for (int i = 0; i < STRANGERS; i++) {
            Stranger slow = keep(new Stranger("HTTP/1.1 101 Switching Protocols\r\n", "X-Slow: x\r\n", 50));
            node.call(TestNode.node("slow" + i, slow.port()), "x");
            strangers.add(slow);
        }

        await().atMost(20, TimeUnit.SECONDS)
                .untilAsserted(() -> assertThat(dialling()).isPositive());
        assertThat(TestTasks.get(node.call(honest, "hello"))).isEqualTo(new Outcome.Succeeded("hello"));
        await().atMost(20, TimeUnit.SECONDS)
                .untilAsserted(() -> assertThat(dialling()).isZero());
        strangers.forEach(HostileServerTest::awaitClosed);
    }

    @Test
    void headersThatComeFasterThanTheyAreReadAreNotKeptForLong() throws Exception {
        Stranger flood = keep(new Stranger(
                "HTTP/1.1 101 Switching Protocols\r\n", ("X-" + "x".repeat(60) + ": x\r\n").repeat(1000), 0));

        assertThat(TestTasks.get(node.call(TestNode.node("flood", flood.port()), "x")))
                .isInstanceOf(Outcome.NotSent.class);
        assertThat(TestTasks.get(node.call(honest, "hello"))).isEqualTo(new Outcome.Succeeded("hello"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "HTTP/1.1 injected\n2026-01-01 WARN all is well\u001b[31m\r\n\r\n",
                "injected\n2026-01-01 WARN all is well\r\n\r\n",
                "HTTP/1.1 200 injected\n2026-01-01 WARN all is well\r\n\r\n",
                "HTTP/1.1 401 x\r\nWWW-Authenticate: injected\n2026-01-01 WARN all is well\r\n\r\n",
                "HTTP/1.1 302 x\r\nLocation: http://injected/ all is well\r\n\r\n",
                "HTTP/1.1 101 x\r\nSec-WebSocket-Protocol: injected\n2026-01-01 WARN all is well\r\n\r\n",
                "HTTP/1.1 101 x\r\nSec-WebSocket-Extensions: injected;all is well=\"\r\n\r\n"
            })
    void nothingThatAServerAnswersGetsIntoTheLogOrToTheCaller(String answer, CapturedOutput output) throws Exception {
        Stranger odd = keep(new Stranger(answer, "", 0));

        Outcome outcome = TestTasks.get(node.call(TestNode.node("odd", odd.port()), "x"));

        assertThat(outcome).isInstanceOf(Outcome.NotSent.class);
        assertThat(outcome.toString()).doesNotContain("injected", "all is well");
        assertThat(output).doesNotContain("injected", "all is well");
        if (answer.matches("(?s)HTTP/1.1 [0-9]{3} .*")) { // What is no HTTP, Java leaves open.
            awaitClosed(odd);
        }
    }

    private static void awaitClosed(Stranger stranger) {
        await().atMost(20, TimeUnit.SECONDS)
                .untilAsserted(() -> assertThat(stranger.hasListener()).isFalse());
    }

    private static long dialling() {
        return Thread.getAllStackTraces().entrySet().stream()
                .filter(thread -> thread.getKey().getName().startsWith("ha-link-dial-"))
                .filter(thread -> Arrays.stream(thread.getValue())
                        .anyMatch(frame -> frame.getClassName().equals(LinkClient.class.getName())))
                .count();
    }

    private <T extends AutoCloseable> T keep(T closeable) {
        opened.add(closeable);
        return closeable;
    }

    /** Answers every request with the beginning, and then with the same again and again until nobody listens any more. */
    private static final class Stranger implements AutoCloseable {

        private final ServerSocket server = new ServerSocket(0, 50, InetAddress.getByName("localhost"));
        private final byte[] beginning;
        private final byte[] more;
        private final int pauseMillis;
        private volatile boolean answering;

        Stranger(String beginning, String more, int pauseMillis) throws IOException {
            this.beginning = beginning.getBytes(StandardCharsets.ISO_8859_1);
            this.more = more.getBytes(StandardCharsets.ISO_8859_1);
            this.pauseMillis = pauseMillis;
            Thread thread = new Thread(this::serve, "stranger");
            thread.setDaemon(true);
            thread.start();
        }

        /** Whether somebody still reads what it says. */
        boolean hasListener() {
            return answering;
        }

        int port() {
            return server.getLocalPort();
        }

        private void serve() {
            while (!server.isClosed()) {
                try (Socket socket = server.accept()) {
                    answer(socket);
                } catch (IOException e) {
                    // The end of the test.
                }
            }
        }

        private void answer(Socket socket) {
            answering = true;
            try {
                RawHttp.head(socket.getInputStream());
                OutputStream out = socket.getOutputStream();
                out.write(beginning);
                while (more.length > 0 && !server.isClosed()) {
                    out.write(more);
                    LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(pauseMillis));
                }
                socket.getInputStream().readAllBytes();
            } catch (IOException e) {
                // Closed by the node, as it should be.
            } finally {
                answering = false;
            }
        }

        @Override
        public void close() throws IOException {
            server.close();
        }
    }
}
