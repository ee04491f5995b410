package org.hatask;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.ZooDefs;
import org.apache.zookeeper.ZooKeeper;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** A record in ZooKeeper leads a node to a stranger: nothing but names is said there. */
@Timeout(120)
@ExtendWith(OutputCaptureExtension.class)
class AddressElsewhereTest {

    static class Desk {

        private final HaCluster cluster;

        Desk(HaCluster cluster) {
            this.cluster = cluster;
        }

        @HaTask
        public String keep(String word) {
            return word + " on " + cluster.self().id();
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

    /** Agrees to every upgrade, hears the greeting, answers with a challenge that proves nothing, and listens on. */
    private static final class Stranger implements AutoCloseable {

        private static final Pattern KEY = Pattern.compile("(?i)sec-websocket-key: *(\\S+)");

        private final ServerSocket server = new ServerSocket(0, 50, InetAddress.getByName("127.0.0.1"));
        private final List<byte[]> heard = new CopyOnWriteArrayList<>();
        private final byte[] challenge;

        Stranger(byte[] challenge) throws IOException {
            this.challenge = challenge;
            Thread thread = new Thread(this::serve, "stranger");
            thread.setDaemon(true);
            thread.start();
        }

        int port() {
            return server.getLocalPort();
        }

        private void serve() {
            while (!server.isClosed()) {
                ByteArrayOutputStream all = new ByteArrayOutputStream();
                try (Socket socket = server.accept()) {
                    InputStream in = socket.getInputStream();
                    String head = RawHttp.head(in);
                    Matcher key = KEY.matcher(head);
                    if (!key.find()) {
                        continue;
                    }
                    byte[] digest = MessageDigest.getInstance("SHA-1")
                            .digest((key.group(1) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")
                                    .getBytes(StandardCharsets.US_ASCII));
                    socket.getOutputStream()
                            .write(("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                                            + "Sec-WebSocket-Protocol: ha.v1\r\nSec-WebSocket-Accept: "
                                            + Base64.getEncoder().encodeToString(digest) + "\r\n\r\n")
                                    .getBytes(StandardCharsets.US_ASCII));
                    all.writeBytes(message(in));
                    socket.getOutputStream().write(frame(challenge));
                    for (byte[] more = message(in); more.length > 0; more = message(in)) {
                        all.writeBytes(more);
                    }
                } catch (IOException e) {
                    // Closed by the node, or by the end of the test.
                } catch (Exception e) {
                    throw new IllegalStateException(e);
                } finally {
                    heard.add(all.toByteArray());
                }
            }
        }

        /** The next binary message in the clear; empty at the end, be it in order or not. */
        private static byte[] message(InputStream in) throws IOException {
            int first = in.read();
            if (first < 0 || (first & 0x0f) == 8) {
                return new byte[0];
            }
            int length = in.read() & 0x7f;
            if (length == 126) {
                length = in.read() << 8 | in.read();
            }
            byte[] mask = in.readNBytes(4);
            byte[] bytes = in.readNBytes(length);
            for (int i = 0; i < bytes.length; i++) {
                bytes[i] ^= mask[i % 4];
            }
            return bytes;
        }

        private static byte[] frame(byte[] content) {
            byte[] frame = new byte[content.length + 2];
            frame[0] = (byte) 0x82;
            frame[1] = (byte) content.length;
            System.arraycopy(content, 0, frame, 2, content.length);
            return frame;
        }

        @Override
        public void close() throws IOException {
            server.close();
        }
    }

    /** Proper in every byte but those that need the key. */
    private static byte[] challengeOf(String node, String incarnation) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(2);
        out.write(1);
        for (String name : List.of(node, incarnation)) {
            out.write(0);
            out.write(name.length());
            out.writeBytes(name.getBytes(StandardCharsets.US_ASCII));
        }
        out.writeBytes(new byte[32]);
        out.writeBytes(new byte[32]);
        return out.toByteArray();
    }

    @Test
    void whoIsFoundThereHearsNoArgumentAndNoProof(CapturedOutput output) throws Exception {
        try (TestNodes nodes = new TestNodes(Application.class).startAll("n1");
                Stranger stranger = new Stranger(challengeOf("n9", "abc"))) {
            String record = "{\"id\": \"n9\", \"incarnation\": \"abc\", \"uri\": \"http://127.0.0.1:" + stranger.port()
                    + "\", \"state\": \"UP\", \"masterEligible\": false, \"acceptsTasks\": true, \"weight\": 1,"
                    + " \"startedAt\": \"2026-01-01T00:00:00Z\"}";
            ZooKeeper writer = new ZooKeeper(nodes.zooKeeper().getConnectString(), 10_000, event -> {});
            writer.create(
                    "/ha/test/members/n9",
                    record.getBytes(StandardCharsets.UTF_8),
                    ZooDefs.Ids.OPEN_ACL_UNSAFE,
                    CreateMode.EPHEMERAL);

            Desk desk = nodes.bean("n1", Desk.class);
            await().atMost(TestNodes.PATIENCE).until(() -> {
                assertThat(desk.keep("the secret word")).isEqualTo("the secret word on n1");
                return stranger.heard.size() >= 3;
            });
            writer.close();

            for (byte[] heard : stranger.heard) {
                String text = new String(heard, StandardCharsets.ISO_8859_1);
                // One greeting: type 1, and the names of the cluster and of both processes.
                assertThat(text).startsWith("\u0001").contains("test", "n1", "n9", "abc");
                assertThat(text).doesNotContain("secret");
                assertThat(heard).hasSizeLessThan(200);
            }
            String line =
                    "No link to n9 (http://127.0.0.1:" + stranger.port() + "): it does not hold this cluster's key";
            assertThat(output.getOut().split(Pattern.quote(line), -1)).hasSize(2);
        }
    }
}
