package org.hatask.cluster;

import java.net.URI;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * The record of a member.
 *
 * @param id stable name
 * @param incarnation random value of one start of the process
 * @param uri where its application answers, without the path of the link
 * @param state what it says of itself
 * @param masterEligible whether it may become master
 * @param acceptsTasks false for a pure dispatcher
 * @param weight share of the work relative to others, at least 1
 * @param zone where it stands, or null
 * @param startedAt start of the process by its own clock; for display only
 */
public record Node(
        String id,
        String incarnation,
        URI uri,
        NodeState state,
        boolean masterEligible,
        boolean acceptsTasks,
        int weight,
        @Nullable String zone,
        Instant startedAt) {

    /** Whether both are the same process: the same id in the same incarnation. */
    public boolean isSameProcessAs(Node other) {
        return id.equals(other.id) && incarnation.equals(other.incarnation);
    }

    /** Whether tasks may be sent to it. */
    public boolean takesTasks() {
        return acceptsTasks && state == NodeState.UP;
    }

    public Node withState(NodeState newState) {
        return new Node(id, incarnation, uri, newState, masterEligible, acceptsTasks, weight, zone, startedAt);
    }

    /** The node without the word of an operator: as it describes itself. */
    public Node undrained() {
        return state == NodeState.DRAINED ? withState(NodeState.UP) : this;
    }

    /** Whether it may become master now. */
    public boolean mayLead() {
        return masterEligible && takesTasks();
    }

    /** The node in messages: its id and address. */
    @Override
    public String toString() {
        return id + " (" + uri + ")";
    }
}
