package org.hatask.campaign.rig;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** A ZooKeeper server in a process of its own. */
final class ZooKeeperServer {

    private ZooKeeperServer() {}

    /**
     * One that listens to clients on the loopback interface; not started yet.
     *
     * @param jvmOptions beside those of every server
     * @param settings lines of its configuration beside those of every server
     */
    static Child of(String name, Path directory, int clientPort, List<String> jvmOptions, List<String> settings)
            throws IOException {
        List<String> config = new ArrayList<>(List.of(
                "dataDir=" + directory.resolve(name),
                "clientPort=" + clientPort,
                "clientPortAddress=127.0.0.1",
                "tickTime=500",
                "maxClientCnxns=0"));
        config.addAll(settings);
        Path file = Files.write(directory.resolve(name + ".cfg"), config);
        List<String> options = Stream.concat(
                        Stream.of(
                                "-Xmx128m",
                                "-Dzookeeper.admin.enableServer=false",
                                // Processes die here, the machine does not.
                                "-Dzookeeper.forceSync=no",
                                "-Dlogback.configurationFile=campaign/logback-quiet.xml"),
                        jvmOptions.stream())
                .toList();
        return new Child(
                name,
                directory,
                Map.of(),
                options,
                "org.apache.zookeeper.server.quorum.QuorumPeerMain",
                List.of(file.toString()));
    }
}
