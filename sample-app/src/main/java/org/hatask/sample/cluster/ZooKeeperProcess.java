package org.hatask.sample.cluster;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** A standalone ZooKeeper server as a process of its own; its data outlives it. */
final class ZooKeeperProcess extends ChildProcess {

    private final Path directory;
    private final int port;
    private final Duration tick;

    ZooKeeperProcess(Path directory, int port, Duration tick) {
        super(
                "zookeeper",
                directory.resolve("zookeeper.log"),
                List.of(
                        "-Xmx256m",
                        "-Dzookeeper.admin.enableServer=false",
                        "-Dlogback.configurationFile=cluster/logback-quiet.xml"),
                "org.apache.zookeeper.server.ZooKeeperServerMain",
                List.of(directory.resolve("zoo.cfg").toString()));
        this.directory = directory;
        this.port = port;
        this.tick = tick;
    }

    String connectString() {
        return "127.0.0.1:" + port;
    }

    /** Forgets everything, as if its disk had been lost; while it is down. */
    void wipe() {
        DeskCluster.delete(data());
    }

    private Path data() {
        return directory.resolve("zookeeper");
    }

    void startAndAwait() {
        Path data = data();
        try {
            Files.createDirectories(data);
            Files.writeString(
                    directory.resolve("zoo.cfg"),
                    String.join(
                            "\n",
                            "dataDir=" + data,
                            "clientPort=" + port,
                            "clientPortAddress=127.0.0.1",
                            "tickTime=" + tick.toMillis(),
                            "maxClientCnxns=0",
                            "4lw.commands.whitelist=srvr",
                            ""));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        start();
        await("served clients", Duration.ofSeconds(30), () -> !mode(port).isEmpty());
    }

    /** What the server at this port is: {@code standalone}, {@code leader} or {@code follower}; empty when it does not serve. */
    static String mode(int port) {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 500);
            socket.setSoTimeout(500);
            socket.getOutputStream().write("srvr".getBytes(StandardCharsets.US_ASCII));
            String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
            return answer.lines()
                    .filter(line -> line.startsWith("Mode: "))
                    .map(line -> line.substring("Mode: ".length()).strip())
                    .findFirst()
                    .orElse("");
        } catch (IOException e) {
            return "";
        }
    }
}
