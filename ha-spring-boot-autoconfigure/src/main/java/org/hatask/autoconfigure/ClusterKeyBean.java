package org.hatask.autoconfigure;

import java.util.List;
import java.util.stream.Stream;
import org.hatask.link.ClusterKeys;
import org.hatask.zookeeper.ClusterKeyStore;
import org.hatask.zookeeper.ZooKeeperClients;

/**
 * The configured keys of the cluster; where none is configured to come first, the one that the nodes share through ZooKeeper does.
 *
 * @param keys the keys
 * @param stop ends what provides them
 */
record ClusterKeyBean(ClusterKeys keys, Runnable stop) implements ClusterKeys, AutoCloseable {

    static ClusterKeyBean of(HaProperties.Security security, ZooKeeperClients clients) {
        byte[] own = security.keyBytes();
        List<byte[]> accepted = security.acceptedKeyBytes();
        if (own != null) {
            List<byte[]> all = with(own, accepted);
            return new ClusterKeyBean(() -> all, () -> {});
        }
        ClusterKeyStore store = new ClusterKeyStore(clients);
        return new ClusterKeyBean(
                () -> store.current().map(shared -> with(shared, accepted)).orElse(List.of()), store::close);
    }

    private static List<byte[]> with(byte[] own, List<byte[]> accepted) {
        return Stream.concat(Stream.of(own), accepted.stream()).toList();
    }

    @Override
    public List<byte[]> current() {
        return keys.current();
    }

    @Override
    public void close() {
        stop.run();
    }
}
