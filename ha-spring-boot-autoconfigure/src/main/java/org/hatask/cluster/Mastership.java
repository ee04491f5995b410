package org.hatask.cluster;

import java.time.Duration;

/**
 * Whether this node is the master, judged by its lease at the moment of the question. Thread-safe, never blocks.
 */
public interface Mastership {

    /** Epoch of the mastership held now; 0 when none is held. */
    long heldEpoch();

    /** Whether this node is master. */
    default boolean isHeld() {
        return heldEpoch() != 0;
    }

    /** Whether this node is master in this epoch. */
    default boolean isHeld(long epoch) {
        return epoch != 0 && heldEpoch() == epoch;
    }

    /**
     * How long this node certainly stays master if nothing renews its lease any more; zero when it is not master, or there is
     * no lease.
     */
    default Duration left() {
        return Duration.ZERO;
    }
}
