package org.hatask.jdbc;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicReference;
import javax.sql.DataSource;
import org.springframework.jdbc.datasource.DriverManagerDataSource;

/** The way to a database server. It loses the connection at a certain request, which is carried out and not answered. */
public final class LossyRelay implements AutoCloseable {

    private final DatabaseServer target;
    private final URI address;
    private final ServerSocket server;
    private final List<Socket> sockets = new CopyOnWriteArrayList<>();
    private final AtomicReference<Trap> trap = new AtomicReference<>();

    /** @param text a part of the request */
    private record Trap(String text, CompletableFuture<Void> sprung) {}

    public LossyRelay(DatabaseServer target) {
        this.target = target;
        address = URI.create(target.url().substring("jdbc:".length()));
        try {
            server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        start(this::accept);
    }

    public DataSource dataSource() {
        String url = target.url().replace(":" + address.getPort() + "/", ":" + server.getLocalPort() + "/");
        return new DriverManagerDataSource(url, target.user(), "");
    }

    /**
     * The next request that has this text in it gets no answer.
     *
     * @return completes when the server has answered it, and the connection is lost
     */
    public CompletableFuture<Void> loseAnswerTo(String text) {
        Trap fresh = new Trap(text, new CompletableFuture<>());
        trap.set(fresh);
        return fresh.sprung();
    }

    private void accept() {
        while (!server.isClosed()) {
            try {
                Socket client = server.accept();
                Socket behind = new Socket(InetAddress.getLoopbackAddress(), address.getPort());
                sockets.addAll(List.of(client, behind));
                Passage passage = new Passage(client, behind);
                start(passage::requests);
                start(passage::answers);
            } catch (IOException e) {
                return;
            }
        }
    }

    /** One connection. */
    private final class Passage {

        private final Socket client;
        private final Socket behind;
        private volatile Trap awaited;

        Passage(Socket client, Socket behind) {
            this.client = client;
            this.behind = behind;
        }

        void requests() {
            pass(client, behind, bytes -> {
                Trap set = trap.get();
                if (set != null
                        && new String(bytes, StandardCharsets.ISO_8859_1).contains(set.text())
                        && trap.compareAndSet(set, null)) {
                    awaited = set;
                }
                return true;
            });
        }

        void answers() {
            pass(behind, client, bytes -> awaited == null);
            Trap set = awaited;
            if (set != null) {
                set.sprung().complete(null);
            }
        }
    }

    /** Asked before bytes are passed on. */
    private interface Gate {
        boolean isOpen(byte[] bytes);
    }

    private static void pass(Socket from, Socket to, Gate gate) {
        byte[] buffer = new byte[64 * 1024];
        try (from;
                to) {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            for (int n = in.read(buffer); n > 0; n = in.read(buffer)) {
                byte[] bytes = Arrays.copyOf(buffer, n);
                if (!gate.isOpen(bytes)) {
                    return;
                }
                out.write(bytes);
            }
        } catch (IOException e) {
            // The end of this connection.
        }
    }

    private static void start(Runnable task) {
        Thread thread = new Thread(task, "relay");
        thread.setDaemon(true);
        thread.start();
    }

    @Override
    public void close() {
        try {
            server.close();
            for (Socket socket : sockets) {
                socket.close();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
