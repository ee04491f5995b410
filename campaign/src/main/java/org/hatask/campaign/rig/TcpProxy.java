package org.hatask.campaign.rig;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The line from one party to another: what it dials instead of the other's own address. Its door is closed while nobody listens
 * behind it, so that who dials is refused as he would be without a proxy. Its monitor guards the door.
 */
final class TcpProxy implements AutoCloseable {

    private static final int CONNECT_MILLIS = 1_000;
    private static final int A_MOMENT_MILLIS = 1_000;

    private final String name;
    private final InetSocketAddress target;
    private final Flow there;
    private final Flow back;
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private InetSocketAddress address;
    private ServerSocket door;
    private Thread doorman;
    private boolean targetListens = true;
    private int rejections;
    private boolean closed;

    /** @param address where to listen; port 0 takes a free one, for ever */
    TcpProxy(String name, InetSocketAddress address, InetSocketAddress target, Flow there, Flow back) {
        this.name = name;
        this.address = address;
        this.target = target;
        this.there = there;
        this.back = back;
        openOrClose();
    }

    int port() {
        return address.getPort();
    }

    InetSocketAddress target() {
        return target;
    }

    /** Connections that are open at the moment. */
    int connections() {
        return open.size() / 2;
    }

    synchronized boolean targetListens() {
        return targetListens;
    }

    synchronized void targetListens(boolean listens) {
        targetListens = listens;
        openOrClose();
    }

    /** As a firewall that rejects: open connections are reset, new ones refused. */
    synchronized void reject() {
        rejections++;
        openOrClose();
        open.forEach(TcpProxy::reset);
    }

    synchronized void admit() {
        rejections--;
        openOrClose();
    }

    private synchronized void openOrClose() {
        boolean wanted = targetListens && rejections == 0 && !closed;
        try {
            if (wanted && door == null) {
                ServerSocket opened = new ServerSocket();
                opened.bind(address);
                address = (InetSocketAddress) opened.getLocalSocketAddress();
                door = opened;
                doorman = daemon("accept", () -> accept(opened));
            } else if (!wanted && door != null) {
                door.close();
                door = null;
                // Until its system call has returned, the kernel goes on listening.
                doorman.join(A_MOMENT_MILLIS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException e) {
            throw new UncheckedIOException("the line " + name + " cannot listen at " + address, e);
        }
    }

    private void accept(ServerSocket from) {
        while (true) {
            try {
                Socket client = from.accept();
                open.add(client);
                daemon("connect", () -> connect(client));
            } catch (IOException e) {
                return; // The door was closed.
            }
        }
    }

    private void connect(Socket client) {
        Socket server = new Socket();
        open.add(server);
        try {
            // A handshake needs both ways.
            there.pass();
            back.pass();
            server.connect(target, CONNECT_MILLIS);
            client.setTcpNoDelay(true);
            server.setTcpNoDelay(true);
            daemon("there", () -> pump(client, server, there));
            daemon("back", () -> pump(server, client, back));
        } catch (IOException e) {
            if (e instanceof ConnectException && !isClosed()) {
                targetListens(false);
            }
            reset(client);
            reset(server);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void pump(Socket from, Socket to, Flow flow) {
        byte[] buffer = new byte[16 * 1024];
        try {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            int read;
            while ((read = in.read(buffer)) != -1) {
                flow.pass();
                out.write(buffer, 0, read);
            }
            flow.pass(); // The end of a stream takes the same way.
            forget(to);
            to.close();
        } catch (IOException e) {
            try {
                flow.pass();
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
            }
            reset(to);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            forget(from);
            forget(to);
        }
    }

    private synchronized boolean isClosed() {
        return closed;
    }

    private void forget(Socket socket) {
        open.remove(socket);
    }

    private static void reset(Socket socket) {
        try {
            socket.setSoLinger(true, 0);
            socket.close();
        } catch (IOException e) {
            // It is closed already.
        }
    }

    private Thread daemon(String what, Runnable work) {
        Thread thread = new Thread(work, name + " " + what);
        thread.setDaemon(true);
        thread.start();
        return thread;
    }

    @Override
    public void close() {
        synchronized (this) {
            closed = true;
            openOrClose();
        }
        open.forEach(TcpProxy::reset);
    }
}
