package org.hatask.link;

import java.time.Duration;

/** Hears what other nodes say of themselves. Called on the thread that reads a link, must not block. */
@FunctionalInterface
public interface ReportListener {

    /**
     * A heartbeat came.
     *
     * @param nodeId id of the node
     * @param incarnation its incarnation
     * @param report what it says
     */
    void reported(String nodeId, String incarnation, NodeReport report);

    /**
     * A heartbeat brought back the time of one of this node's own.
     *
     * @param nodeId id of the node
     * @param incarnation its incarnation
     * @param roundTrip the way there and back, with the time that either waited to be sent
     */
    default void measured(String nodeId, String incarnation, Duration roundTrip) {}
}
