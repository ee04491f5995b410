package org.hatask.servers;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import javax.net.ssl.SSLContext;

/** What no honest client sends to the door of links. */
enum HostileRequest {
    NO_UPGRADE("GET", "HTTP/1.1", ""),
    ANOTHER_METHOD("POST", "HTTP/1.1", Names.UPGRADE + "Content-Length: 5\r\n", "68656c6c6f"),
    A_BODY("GET", "HTTP/1.1", Names.UPGRADE + "Content-Length: 5\r\n", "68656c6c6f"),
    AN_OLD_PROTOCOL("GET", "HTTP/1.0", Names.UPGRADE),
    ANOTHER_UPGRADE("GET", "HTTP/1.1", Names.UPGRADE.replace("websocket", "h2c")),
    NO_CONNECTION_HEADER("GET", "HTTP/1.1", Names.UPGRADE.replace("Connection: Upgrade\r\n", "")),
    NO_KEY("GET", "HTTP/1.1", Names.UPGRADE.replaceFirst("Sec-WebSocket-Key.*\r\n", "")),
    A_SHORT_KEY("GET", "HTTP/1.1", Names.UPGRADE.replaceFirst("AAAA+==", "%%%")),
    NO_VERSION("GET", "HTTP/1.1", Names.UPGRADE.replace("Sec-WebSocket-Version: 13\r\n", "")),
    ANOTHER_VERSION("GET", "HTTP/1.1", Names.UPGRADE.replace("Version: 13", "Version: 99")),
    ANOTHER_PROTOCOL("GET", "HTTP/1.1", Names.UPGRADE.replace("ha.v1", "chat")),
    STRANGE_EXTENSIONS("GET", "HTTP/1.1", Names.UPGRADE + "Sec-WebSocket-Extensions: ;,=;\"\r\n"),
    A_FALSE_PASS("GET", "HTTP/1.1", Names.UPGRADE + "Ha-Link-Pass: x\r\n"),
    NOTHING_AFTER_THE_UPGRADE("GET", "HTTP/1.1", Names.UPGRADE),
    FRAME_WITHOUT_A_MASK("GET", "HTTP/1.1", Names.UPGRADE, "8203010203"),
    FRAME_OF_AN_UNKNOWN_KIND("GET", "HTTP/1.1", Names.UPGRADE, "838000000000"),
    FRAME_WITH_RESERVED_BITS("GET", "HTTP/1.1", Names.UPGRADE, "f28000000000"),
    FRAME_OF_NEGATIVE_LENGTH("GET", "HTTP/1.1", Names.UPGRADE, "82ffffffffffffffffff00000000"),
    FRAME_OF_SIXTEEN_MEGABYTES("GET", "HTTP/1.1", Names.UPGRADE, "82ff000000000100000000000000" + "00".repeat(9000)),
    CONTINUATION_OF_NOTHING("GET", "HTTP/1.1", Names.UPGRADE, "808000000000"),
    PING_THAT_IS_TOO_LONG("GET", "HTTP/1.1", Names.UPGRADE, "89fe007e00000000" + "00".repeat(126)),
    CLOSE_WITH_HALF_A_CODE("GET", "HTTP/1.1", Names.UPGRADE, "88810000000003"),
    TEXT_THAT_IS_NONE("GET", "HTTP/1.1", Names.UPGRADE, "818200000000c328"),
    NOISE_AS_A_GREETING("GET", "HTTP/1.1", Names.UPGRADE, "828300000000010203");

    private static final int PATIENCE_MILLIS = 5_000;

    private static final class Names {
        static final String UPGRADE = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                + "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: ha.v1\r\n";
    }

    private final String head;
    private final byte[] rest;

    HostileRequest(String method, String version, String headers) {
        this(method, version, headers, "");
    }

    /** @param rest what follows the head, as hexadecimal digits */
    HostileRequest(String method, String version, String headers, String rest) {
        this.head = method + " /ha/link " + version + "\r\nHost: localhost\r\n" + headers + "\r\n";
        this.rest = HexFormat.of().parseHex(rest);
    }

    /**
     * Sends it, waits a moment for whatever is answered, and breaks the connection. Each comes from an address of its own, as one
     * address gets no more than a few wrong.
     *
     * @return the first line of the answer, empty without one
     */
    String send(URI node, SSLContext tls) throws IOException {
        String answer = "";
        try (Socket plain = new Socket()) {
            plain.bind(
                    new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 4, (byte) (ordinal() + 1)}), 0));
            plain.connect(new InetSocketAddress(node.getHost(), node.getPort()));
            plain.setSoTimeout(PATIENCE_MILLIS);
            // It ends with a reset.
            plain.setSoLinger(true, 0);
            Socket socket = node.getScheme().equals("https")
                    ? tls.getSocketFactory().createSocket(plain, node.getHost(), node.getPort(), false)
                    : plain;
            socket.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
            answer = head(socket.getInputStream()).lines().findFirst().orElse("");
            plain.setSoTimeout(100);
            socket.getOutputStream().write(rest);
            // The first byte of a close frame, or the end.
            socket.getInputStream().read();
        } catch (SocketTimeoutException e) {
            // It waits for more.
        } catch (IOException e) {
            // The node has ended the connection, as it may at any time.
        }
        return answer;
    }

    private static String head(InputStream in) throws IOException {
        StringBuilder head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) {
            int next = in.read();
            if (next < 0) {
                break;
            }
            head.append((char) next);
        }
        return head.toString();
    }
}
