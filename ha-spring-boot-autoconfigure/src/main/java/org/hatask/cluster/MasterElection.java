package org.hatask.cluster;

import java.util.List;

/**
 * Elects the master. Writes the master it finds to the {@link ClusterState} and tells its listener of the own mastership.
 *
 * <p>What every implementation promises: at most one node holds the {@link Mastership} at any time; an epoch has one master
 * and a later master has a higher epoch; a mastership that is not renewed ends by itself on its own node before another one
 * begins. Every method is thread-safe.
 */
public interface MasterElection extends AutoCloseable {

    /** Starts to watch, and to stand for election if this node is eligible. Returns at once. */
    void start();

    /** The own mastership. */
    Mastership mastership();

    /**
     * Hands the mastership over in order, if held, and does not stand again. Whoever calls it has made sure that no task of
     * the master runs any more. Waits until others can be elected, a few seconds at the most.
     *
     * @param cause for the history, such as {@code shutdown of n1}
     */
    void resign(String cause);

    /** The last changes of master, oldest first, as far as known here. */
    List<MasterChange> history();

    /** Resigns if needed and releases everything. */
    @Override
    void close();
}
