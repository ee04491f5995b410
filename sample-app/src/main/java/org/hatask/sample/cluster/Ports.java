package org.hatask.sample.cluster;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.stream.IntStream;

/** The ports of a cluster, all counted from one: nodes at 0–2, the database at 10, the
 * embedded quorum at 11–33, a ZooKeeper of its own at 40. */
record Ports(int base) {

    static final int NODES = 3;
    private static final int HIGHEST = 65535;

    /**
     * @param base what the user wrote
     * @throws ClusterFailure when it is no port, or leaves no room for the others above it
     */
    static Ports of(String base) {
        if (base.matches("\\d{1,5}")) {
            Ports ports = new Ports(Integer.parseInt(base));
            if (ports.base() > 0 && ports.zooKeeper() <= HIGHEST) {
                return ports;
            }
        }
        throw new ClusterFailure("BASE_PORT is '" + base + "' but must be a number between 1 and "
                + (HIGHEST - new Ports(0).zooKeeper()) + ", such as 8081.");
    }

    int node(int index) {
        return base + index;
    }

    int database() {
        return base + 10;
    }

    int zooKeeperClient(int index) {
        return base + 11 + index;
    }

    int zooKeeperPeer(int index) {
        return base + 21 + index;
    }

    int zooKeeperElection(int index) {
        return base + 31 + index;
    }

    int zooKeeper() {
        return base + 40;
    }

    /** @throws ClusterFailure naming the first port that is taken */
    void requireFree() {
        IntStream all = IntStream.concat(
                IntStream.of(database()),
                IntStream.range(0, NODES)
                        .flatMap(i ->
                                IntStream.of(node(i), zooKeeperClient(i), zooKeeperPeer(i), zooKeeperElection(i))));
        all.sorted().forEach(this::requireFree);
    }

    /** A base whose ports are free at the moment, from a range that the kernel does not hand out by itself. */
    static Ports free() {
        for (int base = 18081; base < 28000; base += 50) {
            Ports ports = new Ports(base + (int) (ProcessHandle.current().pid() % 200) * 20);
            try {
                ports.requireFree();
                return ports;
            } catch (ClusterFailure e) {
                // The next one.
            }
        }
        throw new ClusterFailure("no free ports found");
    }

    private void requireFree(int port) {
        try (ServerSocket socket = new ServerSocket()) {
            socket.setReuseAddress(true);
            socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        } catch (IOException e) {
            throw new ClusterFailure("Port " + port + " is taken (" + e.getMessage()
                    + "). All ports are counted from BASE_PORT=" + base + "; choose another, for example: BASE_PORT="
                    + (base + 1000) + " sample-app/cluster up");
        }
    }
}
