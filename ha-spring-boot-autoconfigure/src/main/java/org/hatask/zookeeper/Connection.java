package org.hatask.zookeeper;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.recipes.cache.CuratorCache;
import org.apache.curator.framework.recipes.cache.CuratorCacheListener;
import org.apache.curator.framework.state.ConnectionState;
import org.apache.zookeeper.ZooKeeper;
import org.hatask.cluster.Coordination.State;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One Curator client and what is known of its session. Its state is written by Curator's connection thread alone, which
 * also tells the listeners and must not be held up by them.
 */
final class Connection {

    private static final Logger log = LoggerFactory.getLogger(Connection.class);

    private final CuratorFramework client;
    private final List<Listener> listeners = new CopyOnWriteArrayList<>();
    private volatile State state = State.CONNECTING;
    private volatile @Nullable Session session;

    /** Told on Curator's connection thread: set a flag, hand over, return. */
    interface Listener {

        /** Connected, with a session that may be the former one or a new one. */
        default void connected(Session session) {}

        /** No connection; the session may still live. */
        default void suspended() {}

        /** The session is gone, or must be taken as gone. */
        default void lost() {}

        /** After any of the above. */
        default void changed() {}
    }

    Connection(CuratorFramework client) {
        this.client = client;
        client.getConnectionStateListenable().addListener((ignored, newState) -> stateChanged(newState));
    }

    void addListener(Listener listener) {
        listeners.add(listener);
    }

    CuratorFramework client() {
        return client;
    }

    /**
     * A copy of what stands at the path or below it, kept up to date once it is started.
     *
     * @param filled told on the worker when all of it is there for the first time
     * @param changed told on the worker of every change, also before
     */
    CuratorCache cache(String path, Worker worker, Runnable filled, Runnable changed, CuratorCache.Options... options) {
        CuratorCache cache = CuratorCache.builder(client, path)
                .withOptions(options)
                .withExceptionHandler(e -> log.debug("reading {} failed", path, e))
                .build();
        cache.listenable()
                .addListener(CuratorCacheListener.builder()
                        .forInitialized(() -> worker.execute(filled))
                        .forAll((type, before, after) -> worker.execute(changed))
                        .build());
        return cache;
    }

    State state() {
        return state;
    }

    /** The session while connected, else null. */
    @Nullable
    Session session() {
        return session;
    }

    private void stateChanged(ConnectionState newState) {
        switch (newState) {
            case CONNECTED, RECONNECTED -> connected();
            case SUSPENDED -> {
                session = null;
                state = State.SUSPENDED;
                listeners.forEach(Listener::suspended);
            }
            case LOST -> {
                session = null;
                state = State.LOST;
                listeners.forEach(Listener::lost);
            }
            case READ_ONLY -> log.trace("read-only connections are never asked for");
        }
        listeners.forEach(Listener::changed);
    }

    private void connected() {
        Session current;
        try {
            ZooKeeper zooKeeper = client.getZookeeperClient().getZooKeeper();
            current =
                    new Session(zooKeeper, zooKeeper.getSessionId(), Duration.ofMillis(zooKeeper.getSessionTimeout()));
        } catch (Exception e) {
            // Gone again already: Curator tells of the next state soon.
            log.debug("connection was lost as soon as it was made", e);
            return;
        }
        session = current;
        state = State.CONNECTED;
        listeners.forEach(listener -> listener.connected(current));
    }
}
