package org.hatask.cluster;

/** Hears of the own mastership, in order, on a thread of the election that it must not block for long. */
public interface MastershipListener {

    /** This node became master. */
    void gained(long epoch);

    /** This node is no longer master: its lease has ended, it resigned or it was deposed. */
    void lost(long epoch, String cause);
}
