package org.hatask.autoconfigure;

import java.util.Optional;
import org.hatask.link.ClusterKey;
import org.hatask.zookeeper.ClusterKeyStore;
import org.hatask.zookeeper.ZooKeeperClients;

/**
 * The configured cluster key, or else the one that the nodes share through ZooKeeper.
 *
 * @param key the key
 * @param stop ends what provides it
 */
record ClusterKeyBean(ClusterKey key, Runnable stop) implements ClusterKey, AutoCloseable {

    static ClusterKeyBean of(HaProperties.Security security, ZooKeeperClients clients) {
        byte[] configured = security.bytes();
        if (configured != null) {
            return new ClusterKeyBean(() -> Optional.of(configured.clone()), () -> {});
        }
        ClusterKeyStore store = new ClusterKeyStore(clients);
        return new ClusterKeyBean(store::current, store::close);
    }

    @Override
    public Optional<byte[]> current() {
        return key.current();
    }

    @Override
    public void close() {
        stop.run();
    }
}
