package org.hatask.zookeeper;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How to reach ZooKeeper and which part of it is ours.
 *
 * @param cluster name of the cluster: everything lies below {@code /ha/<cluster>}
 * @param connectString servers as ZooKeeper writes them: {@code host:port,host:port}
 * @param sessionTimeout asked for; what the server grants is what counts
 * @param tickTime the servers' tick: the lease waits for it, so it must not be shorter than theirs
 * @param connectionTimeout for one attempt to connect
 * @param auth {@code user:password} of digest authentication, or null for open access
 * @param ownServer that one of the servers which lives in this process, {@code host:port}; null when none does
 */
public record ZooKeeperSettings(
        String cluster,
        String connectString,
        Duration sessionTimeout,
        Duration tickTime,
        Duration connectionTimeout,
        @Nullable String auth,
        @Nullable String ownServer) {

    /** How many ticks a session must last for the lease to be renewable in time. */
    static final int MIN_TICKS = 3;

    /**
     * @throws IllegalArgumentException saying which property is wrong and what would be right
     */
    public ZooKeeperSettings {
        if (cluster.isBlank() || cluster.contains("/") || cluster.equals(".") || cluster.equals("..")) {
            throw new IllegalArgumentException(
                    "ha.cluster is '" + cluster + "': it must be a name that is not empty and has no slash");
        }
        if (connectString.isBlank()) {
            throw new IllegalArgumentException("ha.zookeeper.connect-string is empty: it must be host:port,host:port");
        }
        requirePositive("ha.zookeeper.tick-time", tickTime);
        requirePositive("ha.zookeeper.connection-timeout", connectionTimeout);
        if (sessionTimeout.compareTo(tickTime.multipliedBy(MIN_TICKS)) < 0) {
            throw new IllegalArgumentException("ha.zookeeper.session-timeout is " + sessionTimeout.toMillis()
                    + " ms: it must be at least three ticks of the ZooKeeper server, which are "
                    + tickTime.multipliedBy(MIN_TICKS).toMillis()
                    + " ms; raise it, or set ha.zookeeper.tick-time to the tickTime of your servers if that is shorter than "
                    + tickTime.toMillis() + " ms");
        }
        if (auth != null && auth.indexOf(':') < 1) {
            throw new IllegalArgumentException("ha.zookeeper.auth must be user:password");
        }
    }

    /** For servers that all live elsewhere. */
    public ZooKeeperSettings(
            String cluster,
            String connectString,
            Duration sessionTimeout,
            Duration tickTime,
            Duration connectionTimeout,
            @Nullable String auth) {
        this(cluster, connectString, sessionTimeout, tickTime, connectionTimeout, auth, null);
    }

    private static void requirePositive(String property, Duration value) {
        if (value.isNegative() || value.toMillis() == 0) {
            throw new IllegalArgumentException(property + " is " + value + ": it must be at least 1 ms");
        }
    }

    /** Without the password. */
    @Override
    public String toString() {
        return "cluster " + cluster + " at " + connectString + ", session timeout " + sessionTimeout + ", tick "
                + tickTime + (auth == null ? "" : ", authenticated");
    }
}
