package org.hatask.zookeeper;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The ZooKeeper server for development, on loopback, one for all nodes of a machine: the process that holds the lock on the
 * data directory hosts it, the others are clients that try for the lock. When the hosting process dies the system frees the
 * lock, the next one hosts the same data on the same port, and sessions go on.
 *
 * <p>The thread {@code ha-zookeeper-server} owns the state. Is the port taken by somebody else, then this node is just a
 * client of whatever listens there.
 */
public final class DevelopmentServer implements AutoCloseable {

    public static final int DEFAULT_PORT = 21810;

    private static final Logger log = LoggerFactory.getLogger(DevelopmentServer.class);
    private static final Duration POLL = Duration.ofMillis(500);
    private static final Duration CLOSE_WAIT = Duration.ofSeconds(5);

    /**
     * Locks held or tried by this process. Closing any channel of a file frees all locks that the process has on it, so a
     * second context must not even open the file.
     */
    private static final Set<Path> HELD_HERE = ConcurrentHashMap.newKeySet();

    private final int port;
    private final Path dataDir;
    private final Path lockFile;
    private final Duration tick;
    private final Worker worker = new Worker("ha-zookeeper-server");

    // Belongs to the worker; isHosting() reads.
    private volatile @Nullable EmbeddedZooKeeper server;
    private @Nullable FileChannel channel;
    private @Nullable String reported;
    private boolean holdsPlace;
    private boolean closed;

    /**
     * @param port where it listens, not 0: the other nodes must find it
     * @param dataDir where it keeps its data
     * @param tick see {@link #tickTime}
     */
    public DevelopmentServer(int port, Path dataDir, Duration tick) {
        if (port < 1 || port > 65535) {
            throw new IllegalArgumentException("the port of the embedded ZooKeeper server is " + port
                    + ": it must be between 1 and 65535, since the other nodes of this machine must find it");
        }
        this.port = port;
        this.dataDir = dataDir;
        this.lockFile = dataDir.resolve("lock").toAbsolutePath().normalize();
        this.tick = tick;
    }

    /** The data directory when none is configured. */
    public static Path defaultDataDir(int port) {
        return Path.of(System.getProperty("user.home"), ".ha-task", "zookeeper-" + port);
    }

    /** The tick to run it with, and to set as {@link ZooKeeperSettings#tickTime()}. */
    public static Duration tickTime(Duration configured, Duration sessionTimeout) {
        return EmbeddedZooKeeper.tickTime(configured, sessionTimeout);
    }

    public String connectString() {
        return "127.0.0.1:" + port;
    }

    /** Starts to try for the lock. Returns at once. */
    public void start() {
        worker.execute(this::tryToHost);
    }

    /** Whether this process hosts the server now. */
    public boolean isHosting() {
        return server != null;
    }

    private void tryToHost() {
        if (closed || server != null) {
            return;
        }
        if (HELD_HERE.add(lockFile)) {
            holdsPlace = true;
            tryToLockAndHost();
        } else {
            report("is hosted by another application context of this process");
        }
        if (server == null) {
            release();
            worker.schedule(POLL, this::tryToHost);
        }
    }

    private void tryToLockAndHost() {
        try {
            Files.createDirectories(dataDir);
            FileChannel opened = FileChannel.open(lockFile, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            channel = opened;
            if (opened.tryLock() != null) {
                host();
            } else {
                report("is hosted by another process");
            }
        } catch (Exception e) {
            report("cannot be hosted here, trying again: " + EmbeddedZooKeeper.reason(e));
        }
    }

    private void host() throws Exception {
        if (!isPortFree()) {
            report("is not hosted here, since its port is taken by another program; using what answers there");
            return;
        }
        Properties configuration = EmbeddedZooKeeper.configuration(dataDir.resolve("data"), tick);
        configuration.setProperty(
                "standaloneEnabled", "true"); // A static of the server: an ensemble's peer may have unset it.
        configuration.setProperty("clientPort", Integer.toString(port));
        configuration.setProperty("clientPortAddress", "127.0.0.1");
        server = EmbeddedZooKeeper.start(dataDir, configuration);
        report("is hosted by this process, for development only; data in " + dataDir);
    }

    private boolean isPortFree() {
        try (ServerSocket probe = new ServerSocket()) {
            probe.setReuseAddress(true);
            probe.bind(new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), port));
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    /** Says every new state once, not at every try. */
    private void report(String what) {
        if (!what.equals(reported)) {
            reported = what;
            log.info("the ZooKeeper server at {} {}", connectString(), what);
        }
    }

    private void release() {
        FileChannel held = channel;
        channel = null;
        if (held != null) {
            try {
                held.close();
            } catch (IOException e) {
                log.debug("closing the lock of {} failed", dataDir, e);
            }
        }
        if (holdsPlace) {
            holdsPlace = false;
            HELD_HERE.remove(lockFile);
        }
    }

    /** Stops the server if it is hosted here, so that another process can host it. */
    @Override
    public void close() {
        worker.executeAndWait(
                () -> {
                    closed = true;
                    EmbeddedZooKeeper hosted = server;
                    server = null;
                    if (hosted != null) {
                        hosted.close();
                    }
                    release();
                },
                CLOSE_WAIT);
        worker.close();
    }
}
