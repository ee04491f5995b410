package org.hatask.campaign.rig;

/** Where ZooKeeper is. */
public enum Ensemble {
    /** Three servers, processes of their own. */
    EXTERNAL,
    /** A peer of one quorum in each node's process: whatever happens to a node happens to its peer. */
    EMBEDDED
}
