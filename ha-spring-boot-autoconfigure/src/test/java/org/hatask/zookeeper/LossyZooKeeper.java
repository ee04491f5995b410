package org.hatask.zookeeper;

import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import org.apache.jute.BinaryInputArchive;
import org.apache.zookeeper.MultiOperationRecord;
import org.apache.zookeeper.ZooDefs.OpCode;
import org.apache.zookeeper.proto.ConnectResponse;
import org.apache.zookeeper.proto.RequestHeader;

/**
 * The way of one node to a ZooKeeper server, which reads along. It loses the connection at a certain write: either the
 * request never arrives, or it is carried out and its answer never arrives.
 */
public final class LossyZooKeeper implements AutoCloseable {

    /** What is lost together with the connection. */
    public enum Lost {
        REQUEST,
        ANSWER
    }

    /**
     * The session of a connection that was lost.
     *
     * @param password as the server gave it
     */
    public record LostSession(long id, byte[] password) {}

    /**
     * The next request that is to be lost, or its answer.
     *
     * @param which by its writes, such as {@code create /a} or {@code set /a}; several make one transaction
     * @param away whether new connections wait for {@link #comeBack()}
     */
    private record Trap(
            Predicate<List<String>> which, Lost lost, boolean away, CompletableFuture<LostSession> sprung) {}

    private static final String READ_BELOW = "read below ";
    private static final int PING_XID = -2;
    private static final long PING_NANOS = 100_000_000;

    private final ServerSocket server;
    private final int target;
    private final int chrootLength;
    private final List<Socket> sockets = new CopyOnWriteArrayList<>();
    private final List<Passage> passages = new CopyOnWriteArrayList<>();
    private final Map<String, AtomicInteger> counted = new ConcurrentHashMap<>();
    private final AtomicReference<Trap> trap = new AtomicReference<>();
    private volatile CountDownLatch gate = new CountDownLatch(0);

    /**
     * @param target port of the server on this machine
     * @param chroot of the clients; paths are told without it
     */
    public LossyZooKeeper(int target, String chroot) {
        this.target = target;
        this.chrootLength = chroot.length();
        try {
            server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        start(this::accept);
    }

    public int port() {
        return server.getLocalPort();
    }

    public CompletableFuture<LostSession> lose(Lost what, Predicate<List<String>> which, boolean thenStayAway) {
        Trap fresh = new Trap(which, what, thenStayAway, new CompletableFuture<>());
        trap.set(fresh);
        return fresh.sprung();
    }

    /** Loses all connections; new ones wait for {@link #comeBack()}. */
    public void stayAway() {
        gate = new CountDownLatch(1);
        cut();
    }

    public void comeBack() {
        gate.countDown();
    }

    /** Loses all connections. New ones are taken as before. */
    public void cut() {
        sockets.forEach(LossyZooKeeper::closeQuietly);
        sockets.clear();
    }

    /** The sessions of the connections that are open now. */
    public List<LostSession> sessions() {
        return passages.stream()
                .filter(passage -> !passage.client.isClosed())
                .map(passage -> passage.session)
                .filter(Objects::nonNull)
                .toList();
    }

    /** How many there have been until now. */
    int connections() {
        return passages.size();
    }

    /** From now on the open connections get no answer but to pings, which come even unasked. {@link #cut()} ends it. */
    void answerOnlyPings() {
        passages.forEach(Passage::answerOnlyPings);
    }

    /** How often this path's children are read from now on. */
    AtomicInteger countReadsBelow(String path) {
        AtomicInteger count = new AtomicInteger();
        counted.put(READ_BELOW + path, count);
        return count;
    }

    private void accept() {
        while (!server.isClosed()) {
            try {
                Socket client = server.accept();
                sockets.add(client);
                Passage passage = new Passage(client);
                passages.add(passage);
                start(passage::open);
            } catch (IOException e) {
                return;
            }
        }
    }

    /** One connection. */
    private final class Passage {

        private final Socket client;
        private Socket behind;
        private volatile LostSession session;

        /** The trap whose answer is waited for, and which answer that is; the second is written before the first. */
        private volatile Trap awaited;

        private volatile int awaitedXid;
        private volatile boolean onlyPings;

        Passage(Socket client) {
            this.client = client;
        }

        void open() {
            try {
                gate.await();
                behind = new Socket(InetAddress.getLoopbackAddress(), target);
                sockets.add(behind);
                start(this::answers);
                requests();
            } catch (IOException | InterruptedException e) {
                shut();
            }
        }

        private void requests() throws IOException {
            DataInputStream in = new DataInputStream(client.getInputStream());
            DataOutputStream out = new DataOutputStream(behind.getOutputStream());
            pass(packet(in), out); // The request for a session.
            while (true) {
                byte[] packet = packet(in);
                Trap set = trap.get();
                if (set != null || !counted.isEmpty()) {
                    BinaryInputArchive archive = archive(packet);
                    RequestHeader header = new RequestHeader();
                    header.deserialize(archive, "header");
                    List<String> does = does(header.getType(), archive);
                    does.stream().map(counted::get).filter(Objects::nonNull).forEach(AtomicInteger::incrementAndGet);
                    boolean fits = set != null && !does.isEmpty() && set.which().test(does);
                    if (fits && trap.compareAndSet(set, null)) {
                        if (set.lost() == Lost.REQUEST) {
                            spring(set);
                            return;
                        }
                        awaitedXid = header.getXid();
                        awaited = set;
                    }
                }
                pass(packet, out);
            }
        }

        private void answers() {
            try {
                DataInputStream in = new DataInputStream(behind.getInputStream());
                DataOutputStream out = new DataOutputStream(client.getOutputStream());
                byte[] first = packet(in);
                ConnectResponse response = new ConnectResponse();
                response.deserialize(archive(first), "connect");
                session = new LostSession(response.getSessionId(), response.getPasswd());
                pass(first, out);
                while (true) {
                    byte[] packet = packet(in);
                    Trap set = awaited;
                    if (set != null && archive(packet).readInt("xid") == awaitedXid) {
                        spring(set);
                        return;
                    }
                    if (!onlyPings) {
                        pass(packet, out);
                    }
                }
            } catch (IOException e) {
                shut();
            }
        }

        void answerOnlyPings() {
            onlyPings = true;
            start(() -> {
                try {
                    DataOutputStream out = new DataOutputStream(client.getOutputStream());
                    byte[] answer = ByteBuffer.allocate(16)
                            .putInt(PING_XID)
                            .putLong(0)
                            .putInt(0)
                            .array();
                    while (true) {
                        LockSupport.parkNanos(PING_NANOS);
                        pass(answer, out);
                    }
                } catch (IOException e) {
                    shut();
                }
            });
        }

        private void spring(Trap set) {
            if (set.away()) {
                gate = new CountDownLatch(1);
            }
            shut();
            set.sprung().complete(session);
        }

        private void shut() {
            closeQuietly(client);
            closeQuietly(behind);
        }
    }

    private List<String> does(int type, BinaryInputArchive body) throws IOException {
        List<String> does = new ArrayList<>();
        if (type == OpCode.multi) {
            MultiOperationRecord transaction = new MultiOperationRecord();
            transaction.deserialize(body, "request");
            transaction.forEach(operation -> does.add(verb(operation.getType()) + without(operation.getPath())));
        } else if (!verb(type).isEmpty()) {
            does.add(verb(type) + without(body.readString("path")));
        }
        return does;
    }

    private static String verb(int type) {
        return switch (type) {
            case OpCode.create, OpCode.create2, OpCode.createContainer, OpCode.createTTL -> "create ";
            case OpCode.delete, OpCode.deleteContainer -> "delete ";
            case OpCode.setData -> "set ";
            case OpCode.check -> "check ";
            case OpCode.getChildren, OpCode.getChildren2 -> READ_BELOW;
            default -> "";
        };
    }

    private String without(String path) {
        return path.substring(Math.min(chrootLength, path.length()));
    }

    private static BinaryInputArchive archive(byte[] packet) {
        return BinaryInputArchive.getArchive(new ByteArrayInputStream(packet));
    }

    private static byte[] packet(DataInputStream in) throws IOException {
        byte[] packet = new byte[in.readInt()];
        in.readFully(packet);
        return packet;
    }

    private static void pass(byte[] packet, DataOutputStream out) throws IOException {
        byte[] whole = new byte[4 + packet.length];
        ByteBuffer.wrap(whole).putInt(packet.length).put(packet);
        out.write(whole);
        out.flush();
    }

    private static void closeQuietly(Socket socket) {
        if (socket != null) {
            try {
                socket.close();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private static void start(Runnable task) {
        Thread thread = new Thread(task, "lossy-zookeeper");
        thread.setDaemon(true);
        thread.start();
    }

    @Override
    public void close() {
        gate.countDown();
        try {
            server.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        sockets.forEach(LossyZooKeeper::closeQuietly);
    }
}
