package org.hatask.link;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Forwards to a port of this machine. Frozen, sockets stay open and nothing passes: a pulled cable. Holding, it takes
 * everything and passes nothing on: bytes that are under way for long. What it does holds for all its connections.
 */
public final class FreezableProxy implements AutoCloseable {

    private final ServerSocket server;
    private final int target;
    private final List<Socket> callers = new CopyOnWriteArrayList<>();
    private final List<Socket> targets = new CopyOnWriteArrayList<>();
    private final List<Runnable> held = new CopyOnWriteArrayList<>();
    private final AtomicLong heldBytes = new AtomicLong();
    private final CountDownLatch closed = new CountDownLatch(1);
    private volatile boolean frozen;
    private volatile boolean holding;

    public FreezableProxy(int target) {
        this.target = target;
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

    public void freeze() {
        frozen = true;
    }

    /** For new connections; what was frozen stays so. */
    public void thaw() {
        frozen = false;
    }

    public void hold() {
        holding = true;
    }

    /** How many bytes were held until now, in both directions. */
    public long heldBytes() {
        return heldBytes.get();
    }

    /** What comes from now on passes; what was held stays so. */
    public void pass() {
        holding = false;
    }

    /** Passes on what was held. */
    public void release() {
        held.forEach(Runnable::run);
        held.clear();
    }

    /** Resets all connections, on both sides. New ones are taken as before. */
    public void cut() {
        cutCallers();
        targets.forEach(FreezableProxy::reset);
        targets.clear();
    }

    /** Resets all connections on the side of who opened them; the other side hears nothing of it. */
    public void cutCallers() {
        callers.forEach(FreezableProxy::reset);
        callers.clear();
    }

    private static void reset(Socket socket) {
        try {
            socket.setSoLinger(true, 0);
            socket.close();
        } catch (IOException e) {
            // One that only knocked has gone by itself.
            if (!socket.isClosed()) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private void accept() {
        while (!server.isClosed()) {
            try {
                connect(server.accept());
            } catch (IOException e) {
                return;
            }
        }
    }

    private void connect(Socket in) {
        try {
            Socket out = new Socket(InetAddress.getLoopbackAddress(), target);
            callers.add(in);
            targets.add(out);
            start(() -> forward(in, out));
            start(() -> forward(out, in));
        } catch (IOException e) {
            reset(in); // As nobody listens there now, perhaps not yet.
        }
    }

    private void forward(Socket from, Socket to) {
        byte[] buffer = new byte[8192];
        try {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            for (int n = in.read(buffer); n > 0; n = in.read(buffer)) {
                if (frozen) {
                    closed.await();
                    return;
                }
                if (holding) {
                    byte[] bytes = Arrays.copyOf(buffer, n);
                    held.add(() -> write(out, bytes));
                    heldBytes.addAndGet(n);
                } else {
                    out.write(buffer, 0, n);
                }
            }
            to.close();
        } catch (IOException | InterruptedException e) {
            // The end of this connection.
        }
    }

    private static void write(OutputStream out, byte[] bytes) {
        try {
            out.write(bytes);
        } catch (IOException e) {
            // That connection is gone.
        }
    }

    private static void start(Runnable task) {
        Thread thread = new Thread(task, "proxy");
        thread.setDaemon(true);
        thread.start();
    }

    @Override
    public void close() {
        closed.countDown();
        try {
            server.close();
            for (Socket socket : callers) {
                socket.close();
            }
            for (Socket socket : targets) {
                socket.close();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
