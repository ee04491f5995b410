package org.hatask.cluster;

/**
 * Who is in the cluster. Writes the members it finds to the {@link ClusterState}. When the coordination service is gone it
 * leaves the last known members standing.
 *
 * <p>Every method is thread-safe.
 */
public interface Membership extends AutoCloseable {

    /**
     * Starts to join and to watch. Returns at once; joining goes on in the background until it succeeds, also when the
     * coordination service is not reachable yet.
     */
    void start();

    /**
     * Writes the record of this node anew, with {@link ClusterView#self()} as it is now. Returns at once.
     */
    void selfChanged();

    /** Leaves the cluster: removes the own record and does not join again. Waits for it, a few seconds at the most. */
    void leave();

    /** Leaves if still a member and releases everything. */
    @Override
    void close();
}
