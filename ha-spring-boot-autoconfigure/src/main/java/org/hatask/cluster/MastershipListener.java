package org.hatask.cluster;

import java.util.concurrent.CompletableFuture;

/** Hears of the own mastership, in order, on a thread of the election that it must not block for long. */
public interface MastershipListener {

    /** This node became master. */
    void gained(long epoch);

    /** This node is no longer master: its lease has ended, it resigned or it was deposed. */
    void lost(long epoch, String cause);

    /**
     * This node is about to hand its mastership over in order. It still is master; nothing new may begin.
     *
     * @return completes, with whatever, when no task of the master runs any more
     */
    default CompletableFuture<?> handingOver(long epoch, String cause) {
        return CompletableFuture.completedFuture(null);
    }
}
