package org.hatask.cluster;

/** What a node says of itself in its member record. */
public enum NodeState {
    /** Takes tasks. */
    UP,
    /** About to stop: finishes what it runs and takes nothing new. */
    DRAINING
}
