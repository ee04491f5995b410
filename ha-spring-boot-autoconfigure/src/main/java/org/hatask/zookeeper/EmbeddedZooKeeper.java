package org.hatask.zookeeper;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Properties;
import org.apache.zookeeper.server.embedded.ExitHandler;
import org.apache.zookeeper.server.embedded.ZooKeeperServerEmbedded;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One ZooKeeper server inside this process, and the configuration that all of ours share. */
final class EmbeddedZooKeeper implements AutoCloseable {

    private static final Duration INIT_LIMIT = Duration.ofSeconds(10);
    private static final Duration SYNC_LIMIT = Duration.ofSeconds(5);
    private static final Duration MAX_SESSION = Duration.ofMinutes(2);
    private static final Duration MIN_TICK = Duration.ofMillis(50);

    /** Sessions end only at multiples of the tick, and leases wait for it: several fit into a session. */
    private static final int TICKS_PER_SESSION = 10;

    private static final Logger log = LoggerFactory.getLogger(EmbeddedZooKeeper.class);

    private final Path baseDir;
    private final ZooKeeperServerEmbedded server;

    private EmbeddedZooKeeper(Path baseDir, ZooKeeperServerEmbedded server) {
        this.baseDir = baseDir;
        this.server = server;
    }

    /**
     * The tick of embedded servers, which is also that of {@link ZooKeeperSettings#tickTime()} then.
     *
     * @param configured what the user set or the default: never exceeded
     */
    static Duration tickTime(Duration configured, Duration sessionTimeout) {
        Duration fitting = sessionTimeout.dividedBy(TICKS_PER_SESSION);
        Duration tick = configured.compareTo(fitting) < 0 ? configured : fitting;
        return tick.compareTo(MIN_TICK) < 0 ? MIN_TICK : tick;
    }

    /** What every embedded server is configured with. */
    static Properties configuration(Path dataDir, Duration tick) {
        Properties properties = new Properties();
        properties.setProperty("dataDir", dataDir.toAbsolutePath().toString());
        properties.setProperty("tickTime", Long.toString(tick.toMillis()));
        properties.setProperty("initLimit", Long.toString(ticks(INIT_LIMIT, tick)));
        properties.setProperty("syncLimit", Long.toString(ticks(SYNC_LIMIT, tick)));
        properties.setProperty("minSessionTimeout", Long.toString(2 * tick.toMillis()));
        properties.setProperty("maxSessionTimeout", Long.toString(MAX_SESSION.toMillis()));
        properties.setProperty("maxClientCnxns", "0");
        // Static in ZooKeeper, so every server of a process has to say it; an ensemble overwrites it.
        properties.setProperty("standaloneEnabled", "true");
        properties.setProperty("admin.enableServer", "false");
        properties.setProperty("4lw.commands.whitelist", "");
        properties.setProperty("autopurge.snapRetainCount", "3");
        properties.setProperty("autopurge.purgeInterval", "1");
        return properties;
    }

    private static long ticks(Duration limit, Duration tick) {
        return Math.max(2, limit.dividedBy(tick));
    }

    /** Starts a server; waits until it listens, not until it has a quorum. */
    static EmbeddedZooKeeper start(Path baseDir, Properties configuration) throws Exception {
        Files.createDirectories(baseDir);
        deleteConfigurations(baseDir);
        ZooKeeperServerEmbedded server = ZooKeeperServerEmbedded.builder()
                .baseDir(baseDir)
                .configuration(configuration)
                .exitHandler(ExitHandler.LOG_ONLY)
                .build();
        server.start(INIT_LIMIT.toMillis());
        return new EmbeddedZooKeeper(baseDir, server);
    }

    /** The server writes new ones at every start and never deletes any; a process that was killed has left its own. */
    private static void deleteConfigurations(Path baseDir) throws IOException {
        try (DirectoryStream<Path> written =
                Files.newDirectoryStream(baseDir, "zookeeper.configuration*.properties*")) {
            for (Path file : written) {
                Files.deleteIfExists(file);
            }
        }
    }

    /** The bottom of it: the wrapping exceptions name temporary files, which differ from try to try. */
    static String reason(Throwable e) {
        Throwable root = e;
        while (root.getCause() != null && root.getCause() != root) {
            root = root.getCause();
        }
        return root.toString();
    }

    @Override
    public void close() {
        server.close();
        try {
            deleteConfigurations(baseDir);
        } catch (IOException e) {
            log.debug("what the server wrote below {} could not be deleted", baseDir, e);
        }
    }
}
