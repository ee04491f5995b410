package org.hatask.benchmarks.calls;

import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.zookeeper.server.ServerCnxnFactory;
import org.apache.zookeeper.server.ZooKeeperServer;

/** A server in this process, for nodes in others. */
final class ZooKeeper implements AutoCloseable {

    private static final int TICK_MILLIS = 2000;

    private final ServerCnxnFactory connections;

    private ZooKeeper(ServerCnxnFactory connections) {
        this.connections = connections;
    }

    static ZooKeeper start() throws IOException, InterruptedException {
        Path data = Files.createTempDirectory("ha-benchmark-zookeeper-");
        File directory = data.toFile();
        ServerCnxnFactory connections =
                ServerCnxnFactory.createFactory(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        connections.startup(new ZooKeeperServer(directory, directory, TICK_MILLIS));
        return new ZooKeeper(connections);
    }

    int port() {
        return connections.getLocalPort();
    }

    @Override
    public void close() {
        connections.shutdown();
    }
}
