package org.hatask.link;

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
}
