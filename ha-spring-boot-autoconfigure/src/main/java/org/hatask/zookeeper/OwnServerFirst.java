package org.hatask.zookeeper;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Collection;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import org.apache.curator.utils.ZookeeperFactory;
import org.apache.zookeeper.ZooKeeper;
import org.apache.zookeeper.client.ConnectStringParser;
import org.apache.zookeeper.client.HostProvider;
import org.apache.zookeeper.client.StaticHostProvider;

/**
 * Has a node that hosts a server itself connect to that one, and to another only when it has had no answer there for a while.
 * ZooKeeper's client takes any server, and when that dies waits for up to a second before it takes the next: with the process
 * of a master goes its server, and nodes that were connected there could neither bear witness nor take over meanwhile. When
 * the quorum elects a leader no server answers, hence the patience: who went elsewhere then would stay there.
 *
 * <p>Used by one thread, that of the client's connection.
 */
final class OwnServerFirst implements HostProvider {

    /** Of the session timeout: enough of it is left to go elsewhere. */
    private static final int PATIENCE_DIVISOR = 3;

    private static final Duration PAUSE = Duration.ofMillis(100);

    private final InetSocketAddress own;
    private final HostProvider all;
    private final Duration patience;
    private final LongSupplier nanoTime;
    private boolean seeking;
    private long seekingSince;

    OwnServerFirst(InetSocketAddress own, HostProvider all, Duration patience, LongSupplier nanoTime) {
        this.own = own;
        this.all = all;
        this.patience = patience;
        this.nanoTime = nanoTime;
    }

    /** @param ownServer {@code host:port} */
    static ZookeeperFactory factory(String ownServer) {
        return (connectString, sessionTimeout, watcher, canBeReadOnly) -> {
            HostProvider hosts = new OwnServerFirst(
                    addresses(ownServer).iterator().next(),
                    new StaticHostProvider(addresses(connectString)),
                    Duration.ofMillis(sessionTimeout).dividedBy(PATIENCE_DIVISOR),
                    System::nanoTime);
            return new ZooKeeper(connectString, sessionTimeout, watcher, canBeReadOnly, hosts);
        };
    }

    private static Collection<InetSocketAddress> addresses(String connectString) {
        return new ConnectStringParser(connectString).getServerAddresses();
    }

    @Override
    public int size() {
        return all.size();
    }

    @Override
    public InetSocketAddress next(long spinDelay) {
        long now = nanoTime.getAsLong();
        if (!seeking) {
            seeking = true;
            seekingSince = now;
        } else if (now - seekingSince >= patience.toNanos()) {
            return all.next(spinDelay);
        } else {
            // Who has never been connected would not wait between two tries.
            LockSupport.parkNanos(PAUSE.toNanos());
        }
        return new InetSocketAddress(own.getHostString(), own.getPort());
    }

    @Override
    public void onConnected() {
        seeking = false;
        all.onConnected();
    }

    @Override
    public boolean updateServerList(Collection<InetSocketAddress> servers, InetSocketAddress current) {
        return all.updateServerList(servers, current);
    }
}
