package org.hatask;

import java.time.Instant;

/**
 * This node thinks otherwise of a node than before. Published on the node that judges, about any node, itself included:
 * every node judges by the calls it makes, so two nodes may differ.
 *
 * @param node the node that is judged
 * @param before what was thought of it
 * @param after what is thought of it now
 * @param reason why, as a sentence for people
 * @param since when it came about, by this node's clock
 */
public record NodeHealthChangedEvent(HaNode node, Status before, Status after, String reason, Instant since) {

    /** What one node thinks of another. */
    public enum Status {
        /** Gets its share of the work. */
        UP,
        /** Could not be reached: gets no work until it can be, but for a try now and then. */
        UNREACHABLE,
        /** Too many of its answers were slow or did not come: gets no work for a while. */
        SICK,
        /** A task on it does not end: gets no work until that has ended. */
        SUSPECT,
        /** Gets a few calls, whose outcome decides whether it is up again. */
        PROBING,
        /** Has recovered and gets a growing share of the work. */
        RAMPING
    }
}
