package org.hatask.autoconfigure;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.hatask.zookeeper.DevelopmentServer;
import org.hatask.zookeeper.EnsemblePeer;
import org.hatask.zookeeper.EnsembleSettings;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.util.StringUtils;

/**
 * The ZooKeeper that this node uses: an external one, or one of which it may host a part. A bean, so that what is hosted here
 * ends after all that uses it.
 *
 * @param connectString where it is
 * @param own that server of it which lives in this process, {@code host:port}; null when none does
 * @param tickTime its tick
 * @param stop ends what is hosted here
 */
record CoordinationServer(String connectString, @Nullable String own, Duration tickTime, Runnable stop)
        implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(CoordinationServer.class);

    /** Where the ZooKeeper of these settings is. */
    static String connectString(HaProperties.Zookeeper zookeeper) {
        String external = zookeeper.connectString();
        if (StringUtils.hasText(external)) {
            return external;
        }
        List<String> ensemble = zookeeper.embedded().ensemble();
        return ensemble.isEmpty()
                ? "127.0.0.1:" + zookeeper.embedded().port()
                : EnsembleSettings.parse(ensemble).connectString();
    }

    static CoordinationServer external(HaProperties.Zookeeper zookeeper, String connectString) {
        return new CoordinationServer(connectString, null, zookeeper.tickTime(), () -> {});
    }

    static CoordinationServer ensemble(HaProperties.Zookeeper zookeeper, String nodeId, Path dataDir) {
        EnsembleSettings ensemble = EnsembleSettings.parse(zookeeper.embedded().ensemble());
        Duration tick = DevelopmentServer.tickTime(zookeeper.tickTime(), zookeeper.sessionTimeout());
        EnsemblePeer peer = new EnsemblePeer(ensemble, nodeId, dataDir, tick);
        peer.start();
        String own = ensemble.peerOf(nodeId)
                .map(EnsembleSettings.Peer::clientAddress)
                .orElse(null);
        return new CoordinationServer(ensemble.connectString(), own, tick, peer::close);
    }

    static CoordinationServer development(HaProperties.Zookeeper zookeeper) {
        int port = zookeeper.embedded().port();
        Path dataDir = zookeeper.embedded().dataDir() != null
                ? zookeeper.embedded().dataDir()
                : DevelopmentServer.defaultDataDir(port);
        Duration tick = DevelopmentServer.tickTime(zookeeper.tickTime(), zookeeper.sessionTimeout());
        DevelopmentServer server = new DevelopmentServer(port, dataDir, tick);
        log.warn(
                "No ZooKeeper is configured: the nodes of this machine share a development server at {}. Set"
                        + " ha.zookeeper.connect-string or ha.zookeeper.embedded.ensemble to survive the loss of a machine",
                server.connectString());
        server.start();
        return new CoordinationServer(server.connectString(), null, tick, server::close);
    }

    @Override
    public void close() {
        stop.run();
    }
}
