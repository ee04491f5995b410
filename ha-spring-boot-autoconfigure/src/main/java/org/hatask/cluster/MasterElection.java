package org.hatask.cluster;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

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
     * Hands the mastership over in order, if held, and does not stand again. Waits until others can be elected: first what
     * runs under the mastership ends, see {@link MastershipListener#handingOver}.
     *
     * @param cause for the history, such as {@code shutdown of n1}
     * @param atMost longest wait; the hand-over goes on all the same
     */
    void resign(String cause, Duration atMost);

    /**
     * Gives a mastership back that this node cannot fill, at once, and does not take it again until an operator says so. Does
     * nothing when this node is not master in that epoch. Returns at once.
     *
     * @param cause for the history
     */
    void giveBack(long epoch, String cause);

    /**
     * Where masters are elected: as long as {@code why} is not null this node leaves the mastership to any other node that can
     * lead, and hands it over in order if it has it. Where an operator decides, nothing. Returns at once.
     *
     * @param why for the history, or null when it stands again
     */
    void standAside(@Nullable String why);

    /**
     * This node saw that the process of the master is gone: nobody listens at its address any more. With enough witnesses it
     * is deposed without waiting for the end of its session. Returns at once.
     */
    void masterIsGone(Master master);

    /** This node has reached the master that it missed before. Returns at once. */
    void masterIsBack(Master master);

    /** The last changes of master, oldest first, as far as known here. */
    List<MasterChange> history();

    /** Resigns if needed and releases everything. */
    @Override
    void close();
}
