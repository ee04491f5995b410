package org.hatask.campaign.rig;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;

/** All lines between nodes, ZooKeeper servers and each other, and what their packets meet. */
final class Network implements AutoCloseable {

    private final long seed;
    private final Map<String, Flow> flows = new ConcurrentHashMap<>();
    private final List<Line> lines = new ArrayList<>();
    private volatile boolean closed;

    /** @param lives whether the process at its end lives */
    private record Line(String from, String to, TcpProxy proxy, BooleanSupplier lives) {}

    Network(long seed) {
        this.seed = seed;
    }

    TcpProxy line(String from, String to, InetSocketAddress address, InetSocketAddress target, BooleanSupplier lives) {
        TcpProxy proxy = new TcpProxy(from + ">" + to, address, target, flow(from, to), flow(to, from));
        lines.add(new Line(from, to, proxy, lives));
        return proxy;
    }

    /** Begins to close the doors before which nobody listens, and to open them again. */
    void watchDoors() {
        Thread thread = new Thread(this::keepDoors, "doors");
        thread.setDaemon(true);
        thread.start();
    }

    private void keepDoors() {
        while (!closed) {
            Map<InetSocketAddress, Boolean> known = new HashMap<>();
            for (Line line : lines) {
                TcpProxy proxy = line.proxy();
                if (!line.lives().getAsBoolean()) {
                    proxy.targetListens(false);
                } else if (!proxy.targetListens()) {
                    // Only then: a server takes every connection for a peer's.
                    proxy.targetListens(known.computeIfAbsent(proxy.target(), Network::listens));
                }
            }
            Waiting.millis(100);
        }
    }

    /** A paused process listens too: the kernel does it for it. */
    private static boolean listens(InetSocketAddress target) {
        try (Socket socket = new Socket()) {
            socket.connect(target, 200);
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    Flow flow(String from, String to) {
        return flows.computeIfAbsent(from + ">" + to, name -> new Flow(seed * 31 + name.hashCode()));
    }

    /** Both directions. */
    Stream<Flow> between(String one, String other) {
        return Stream.of(flow(one, other), flow(other, one));
    }

    Stream<TcpProxy> linesTo(String target, List<String> sources) {
        return lines.stream()
                .filter(line -> line.to().equals(target) && sources.contains(line.from()))
                .map(Line::proxy);
    }

    int connections(String from, String to) {
        return lines.stream()
                .filter(line -> line.from().equals(from) && line.to().equals(to))
                .mapToInt(line -> line.proxy().connections())
                .sum();
    }

    @Override
    public void close() {
        closed = true;
        lines.forEach(line -> line.proxy().close());
    }
}
