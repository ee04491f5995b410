package org.hatask;

import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import org.apache.curator.test.InstanceSpec;
import org.apache.curator.test.TestingServer;

/** A real ZooKeeper server of its own for a test, with ticks short enough for short sessions, which may be long, too. */
public final class TestZooKeeper {

    private TestZooKeeper() {}

    /**
     * Ports that nobody uses now, all different. Below those that the system gives to whoever does not care: what is bound a
     * little later must still be free by then.
     */
    public static List<Integer> freePorts(int count) throws IOException {
        List<ServerSocket> sockets = new ArrayList<>();
        try {
            while (sockets.size() < count) {
                try {
                    int port = ThreadLocalRandom.current().nextInt(15_000, 32_000);
                    sockets.add(new ServerSocket(port, 1, InetAddress.getByName("127.0.0.1")));
                } catch (BindException e) {
                    // Another one is free.
                }
            }
            return sockets.stream().map(ServerSocket::getLocalPort).toList();
        } finally {
            for (ServerSocket socket : sockets) {
                socket.close();
            }
        }
    }

    public static TestingServer start(int tickMillis) throws Exception {
        return start(tickMillis, freePorts(1).get(0));
    }

    /** On this port. */
    public static TestingServer start(int tickMillis, int port) throws Exception {
        // Static in ZooKeeper: a server that does not say it inherits it from an ensemble that ran before in this JVM.
        Map<String, Object> properties = Map.of("standaloneEnabled", "true", "maxSessionTimeout", "60000");
        return new TestingServer(new InstanceSpec(null, port, -1, -1, true, -1, tickMillis, -1, properties), true);
    }
}
