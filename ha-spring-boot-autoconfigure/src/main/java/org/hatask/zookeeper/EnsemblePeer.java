package org.hatask.zookeeper;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.Properties;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The peer of the ensemble that this node hosts; on a node that is not listed it does nothing. Starts on a thread of its own
 * and tries again for ever, since a quorum needs the others and they may come later. Its data is kept, so that a restarted
 * peer goes on where it was.
 *
 * <p>The thread {@code ha-zookeeper-server} owns the state. When the process dies the quorum goes on without it while more
 * than half of the peers live.
 */
public final class EnsemblePeer implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(EnsemblePeer.class);
    private static final Duration RETRY = Duration.ofSeconds(1);
    private static final Duration CLOSE_WAIT = Duration.ofSeconds(5);

    private final EnsembleSettings ensemble;
    private final Optional<EnsembleSettings.Peer> own;
    private final Path dataDir;
    private final Duration tick;
    private final Worker worker = new Worker("ha-zookeeper-server");

    // Belongs to the worker.
    private @Nullable EmbeddedZooKeeper server;
    private @Nullable String reported;
    private boolean closed;

    /**
     * @param nodeId the own node, which need not be listed
     * @param dataDir of this peer alone
     * @param tick see {@link DevelopmentServer#tickTime}; the same on all nodes
     */
    public EnsemblePeer(EnsembleSettings ensemble, String nodeId, Path dataDir, Duration tick) {
        this.ensemble = ensemble;
        this.own = ensemble.peerOf(nodeId);
        this.dataDir = dataDir;
        this.tick = tick;
    }

    /**
     * Starts the peer. Returns at once.
     *
     * @throws IllegalStateException when the data directory belongs to another peer
     */
    public void start() {
        own.ifPresent(peer -> {
            prepare(peer);
            worker.execute(() -> tryToStart(peer));
        });
    }

    private void prepare(EnsembleSettings.Peer peer) {
        Path myid = dataDir.resolve("data").resolve("myid");
        String number = Integer.toString(peer.number());
        try {
            Files.createDirectories(myid.getParent());
            if (Files.exists(myid)) {
                String found = Files.readString(myid).strip();
                if (!found.equals(number)) {
                    throw new IllegalStateException("the data in " + dataDir + " is that of peer " + found
                            + " of ha.zookeeper.embedded.ensemble, but node '" + peer.nodeId() + "' is peer " + number
                            + ": restore the order of the list, or delete the directory to start as a new peer");
                }
            } else {
                Files.writeString(myid, number);
            }
        } catch (IOException e) {
            throw new IllegalStateException(
                    "the data directory " + dataDir + " of the embedded ZooKeeper peer cannot be written: "
                            + e.getMessage(),
                    e);
        }
    }

    private void tryToStart(EnsembleSettings.Peer peer) {
        if (closed) {
            return;
        }
        try {
            server = EmbeddedZooKeeper.start(dataDir, configuration());
            log.info(
                    "peer {} of the embedded ZooKeeper ensemble {} is up; data in {}",
                    peer.number(),
                    ensemble.connectString(),
                    dataDir);
        } catch (Exception e) {
            String problem = EmbeddedZooKeeper.reason(e);
            if (!problem.equals(reported)) {
                reported = problem;
                log.warn("peer {} at {} cannot start, trying again: {}", peer.number(), peer.clientAddress(), problem);
            }
            worker.schedule(RETRY, () -> tryToStart(peer));
        }
    }

    private Properties configuration() {
        Properties properties = EmbeddedZooKeeper.configuration(dataDir.resolve("data"), tick);
        properties.setProperty("standaloneEnabled", "false");
        for (EnsembleSettings.Peer peer : ensemble.peers()) {
            properties.setProperty("server." + peer.number(), peer.line());
        }
        return properties;
    }

    /** Stops the peer. */
    @Override
    public void close() {
        worker.executeAndWait(
                () -> {
                    closed = true;
                    if (server != null) {
                        server.close();
                    }
                },
                CLOSE_WAIT);
        worker.close();
    }
}
