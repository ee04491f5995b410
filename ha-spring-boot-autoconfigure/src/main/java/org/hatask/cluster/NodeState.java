package org.hatask.cluster;

/** What a node says of itself in its member record, or what an operator has said of it. */
public enum NodeState {
    /** Takes tasks. */
    UP,
    /** About to stop: finishes what it runs and takes nothing new. */
    DRAINING,
    /** Taken out by an operator, until he resumes it: finishes what it runs, takes nothing new and does not lead. */
    DRAINED
}
