package org.hatask;

import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * The cluster as this node sees it; a bean to inject. Every method is thread-safe, never blocks and answers from the
 * newest view the node has, which may lag behind by the time ZooKeeper needs to tell it.
 */
public interface HaCluster {

    /** Name of the cluster, {@code ha.cluster}. */
    String name();

    /** This node. */
    HaNode self();

    /** Role of this node: {@link Role#MASTER} exactly while {@link #isMaster()}. */
    default Role role() {
        return isMaster() ? Role.MASTER : Role.WORKER;
    }

    /**
     * Whether this node is master at this moment by its own lease. Other than a flag, this turns false by itself when the
     * node can no longer be sure, also while it is cut off from ZooKeeper or was paused.
     */
    boolean isMaster();

    /** The master as last heard of; empty during an election. */
    Optional<HaNode> master();

    /** Epoch of the last known master; it grows with every change of master. Empty before the first. */
    OptionalLong epoch();

    /** All members, this node included once it has joined, ordered by id. */
    List<HaNode> members();
}
