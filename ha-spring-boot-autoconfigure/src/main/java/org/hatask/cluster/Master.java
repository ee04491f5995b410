package org.hatask.cluster;

import java.time.Instant;

/**
 * The record of the master.
 *
 * @param nodeId its id
 * @param incarnation its incarnation
 * @param epoch its epoch: the fencing token
 * @param since when it became master, by its own clock; for display only
 * @param cause why there was a change
 */
public record Master(String nodeId, String incarnation, long epoch, Instant since, String cause) {

    /** Whether {@code node} is this master. */
    public boolean is(Node node) {
        return nodeId.equals(node.id()) && incarnation.equals(node.incarnation());
    }
}
