package org.hatask;

/**
 * Which nodes may execute a task, and what a node is in the cluster. A node is {@link #MASTER} or {@link #WORKER}; a task
 * may also be for {@link #ANY} node.
 */
public enum Role {
    /** The one elected node. */
    MASTER,
    /** Every node but the master. */
    WORKER,
    /** Every node. Never the role of a node. */
    ANY
}
