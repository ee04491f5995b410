package org.hatask.link;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.hatask.RawHttp;

/**
 * A crowd without the key, from 250 addresses. A process of its own, so that its connections and its processor time are not the
 * node's; it ends when its input does.
 */
final class Strangers {

    private static final int ADDRESSES = 250;
    private static final int ATTACKERS = 4;

    private final int port;
    private final Handshake.Peer target;
    private final AtomicLong handshakes = new AtomicLong();
    private final AtomicLong challenged = new AtomicLong();

    private Strangers(int port, Handshake.Peer target) {
        this.port = port;
        this.target = target;
    }

    /** {@code idle|handshakes <port> <node id> <incarnation> <how many> <how many a second>} */
    public static void main(String[] arguments) throws Exception {
        Strangers crowd = new Strangers(Integer.parseInt(arguments[1]), new Handshake.Peer(arguments[2], arguments[3]));
        long count = Long.parseLong(arguments[4]);
        if (arguments[0].equals("idle")) {
            crowd.standAround(count);
        } else {
            crowd.attack(count, Long.parseLong(arguments[5]));
        }
    }

    private void standAround(long count) throws IOException {
        byte[] upgrade = upgrade("");
        List<SocketChannel> idle = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            SocketChannel channel = SocketChannel.open();
            idle.add(channel);
            channel.bind(new InetSocketAddress(address(i % ADDRESSES), 0));
            channel.connect(new InetSocketAddress("127.0.0.1", port));
            // Half of them say nothing at all, the others ask to be upgraded and then say nothing.
            if (i % 2 == 0) {
                channel.write(ByteBuffer.wrap(upgrade));
            }
        }
        System.out.println(idle.size());
        while (System.in.read() >= 0) {}
    }

    private void attack(long count, long rate) throws InterruptedException {
        long begin = System.nanoTime();
        List<Thread> attackers = new ArrayList<>();
        for (int i = 0; i < ATTACKERS; i++) {
            Random random = new Random(i);
            Thread attacker = new Thread(() -> attack(random, count, begin, rate));
            attackers.add(attacker);
            attacker.start();
        }
        for (Thread attacker : attackers) {
            attacker.join();
        }
        System.out.println(
                handshakes.get() + " bad handshakes, " + challenged.get() + " of them answered with a challenge");
    }

    /** One handshake after the other, at the rate that was asked for. */
    private void attack(Random random, long count, long begin, long rate) {
        for (long number = handshakes.getAndIncrement(); number < count; number = handshakes.getAndIncrement()) {
            LockSupport.parkNanos(begin + number * TimeUnit.SECONDS.toNanos(1) / rate - System.nanoTime());
            try (Socket socket = new Socket()) {
                socket.bind(new InetSocketAddress(address(random.nextInt(ADDRESSES)), 0));
                socket.connect(new InetSocketAddress("127.0.0.1", port));
                socket.setSoTimeout(5_000);
                socket.getOutputStream().write(upgrade(""));
                if (!RawHttp.head(socket.getInputStream()).startsWith("HTTP/1.1 101")) {
                    continue;
                }
                // One that is well-formed and makes the node answer, and a proof that is none.
                socket.getOutputStream().write(masked(greeting(random)));
                byte[] proof = new byte[33];
                random.nextBytes(proof);
                proof[0] = 3;
                socket.getOutputStream().write(masked(proof));
                awaitClose(socket.getInputStream());
            } catch (IOException e) {
                // Broken off by the node, as it may.
            }
        }
        handshakes.decrementAndGet();
    }

    /** The challenge, and the node's close frame. */
    private void awaitClose(InputStream in) throws IOException {
        for (int first = in.read(); first >= 0 && first != 0x88; first = in.read()) {
            int length = in.read();
            if (length == 126) {
                length = in.read() << 8 | in.read();
            }
            in.readNBytes(length);
            challenged.incrementAndGet();
        }
    }

    private static InetAddress address(int host) throws IOException {
        return InetAddress.getByAddress(new byte[] {127, 0, 3, (byte) (host + 1)});
    }

    private byte[] greeting(Random random) {
        byte[] nonce = new byte[Handshake.NONCE_LENGTH];
        random.nextBytes(nonce);
        return Handshake.greeting(Handshake.VERSIONS, "test", new Handshake.Peer("caller", "x"), target, nonce);
    }

    static byte[] upgrade(String contextPath) {
        return ("GET " + contextPath
                        + "/ha/link HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
                        + "Sec-WebSocket-Protocol: ha.v1\r\n\r\n")
                .getBytes(StandardCharsets.US_ASCII);
    }

    /** A binary message of a client, with a mask of zeros. */
    private static byte[] masked(byte[] message) {
        ByteBuffer frame = ByteBuffer.allocate(8 + message.length);
        frame.put((byte) 0x82)
                .put((byte) (0x80 | 126))
                .putShort((short) message.length)
                .putInt(0)
                .put(message);
        return frame.array();
    }
}
