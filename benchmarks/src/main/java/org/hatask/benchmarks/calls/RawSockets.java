package org.hatask.benchmarks.calls;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * The yardstick: blocking sockets with nothing around. Every calling thread has a connection of its own to every server, which
 * has a thread for each; so nobody ever hands anything over.
 */
final class RawSockets implements Contender {

    private static final int BUFFER = 16 * 1024;

    @Override
    public AutoCloseable serve(Place place) throws IOException {
        ServerSocket server = new ServerSocket(place.port(), 256, InetAddress.getLoopbackAddress());
        daemon(() -> {
            while (true) {
                Socket socket = server.accept();
                daemon(() -> serve(socket));
            }
        });
        return server;
    }

    private interface Work {
        void run() throws IOException;
    }

    private static void daemon(Work work) {
        Thread thread = new Thread(() -> {
            try {
                work.run();
            } catch (EOFException | SocketException e) {
                // The other end, or the whole process, is about to end.
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
        thread.setDaemon(true);
        thread.start();
    }

    private static void serve(Socket socket) throws IOException {
        try (Connection connection = new Connection(socket)) {
            while (true) {
                String text = connection.readText();
                connection.writeText(Contender.answer(text, connection.in.readInt()));
                connection.out.flush();
            }
        }
    }

    @Override
    public Caller call(Place place) {
        Queue<Connection> all = new ConcurrentLinkedQueue<>();
        ThreadLocal<Turn> turns = ThreadLocal.withInitial(() -> new Turn(place.serverPorts(), all));
        return new Caller() {
            @Override
            public String work(String text, int number) throws IOException {
                Connection connection = turns.get().next();
                connection.writeText(text);
                connection.out.writeInt(number);
                connection.out.flush();
                return connection.readText();
            }

            @Override
            public void close() throws IOException {
                for (Connection connection : all) {
                    connection.close();
                }
            }
        };
    }

    /** The connections of one thread. */
    private static final class Turn {

        private final List<Connection> connections;
        private int next;

        Turn(List<Integer> ports, Queue<Connection> all) {
            connections = ports.stream().map(Turn::connect).toList();
            all.addAll(connections);
        }

        private static Connection connect(int port) {
            try {
                return new Connection(new Socket(InetAddress.getLoopbackAddress(), port));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        Connection next() {
            next = (next + 1) % connections.size();
            return connections.get(next);
        }
    }

    private static final class Connection implements AutoCloseable {

        private final Socket socket;
        private final DataInputStream in;
        private final DataOutputStream out;

        Connection(Socket socket) throws IOException {
            this.socket = socket;
            socket.setTcpNoDelay(true);
            in = new DataInputStream(new BufferedInputStream(socket.getInputStream(), BUFFER));
            out = new DataOutputStream(new BufferedOutputStream(socket.getOutputStream(), BUFFER));
        }

        void writeText(String text) throws IOException {
            byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
            out.writeInt(bytes.length);
            out.write(bytes);
        }

        String readText() throws IOException {
            byte[] bytes = new byte[in.readInt()];
            in.readFully(bytes);
            return new String(bytes, StandardCharsets.UTF_8);
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }
}
