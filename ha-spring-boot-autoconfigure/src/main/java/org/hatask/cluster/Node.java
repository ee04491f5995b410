package org.hatask.cluster;

import java.net.URI;
import java.time.Instant;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
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
 * @param tasks the tasks that it has, see {@link NodeTasks}; null when it does not say, so that it has to be asked
 * @param version of its application, or null where that has none; for display only
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
        Instant startedAt,
        @Nullable Map<String, Integer> tasks,
        @Nullable String version) {

    public Node {
        // Ordered, so that the same node is the same bytes.
        tasks = tasks == null ? null : Collections.unmodifiableMap(new TreeMap<>(tasks));
    }

    /** A node that says neither which tasks it has nor in which version. */
    public Node(
            String id,
            String incarnation,
            URI uri,
            NodeState state,
            boolean masterEligible,
            boolean acceptsTasks,
            int weight,
            @Nullable String zone,
            Instant startedAt) {
        this(id, incarnation, uri, state, masterEligible, acceptsTasks, weight, zone, startedAt, null, null);
    }

    /** Whether both are the same process: the same id in the same incarnation. */
    public boolean isSameProcessAs(Node other) {
        return id.equals(other.id) && incarnation.equals(other.incarnation);
    }

    /** Whether tasks may be sent to it. */
    public boolean takesTasks() {
        return acceptsTasks && state == NodeState.UP;
    }

    /**
     * Why it cannot execute the task, to be read after its name.
     *
     * @return empty when it can, or does not say
     */
    public Optional<String> lacks(String taskName, String signature) {
        if (tasks == null) {
            return Optional.empty();
        }
        Integer hash = tasks.get(taskName);
        if (hash == null) {
            return Optional.of("has no such task");
        }
        return hash == signature.hashCode() ? Optional.empty() : Optional.of("has another signature");
    }

    public Node withState(NodeState newState) {
        return new Node(
                id, incarnation, uri, newState, masterEligible, acceptsTasks, weight, zone, startedAt, tasks, version);
    }

    public Node withTasks(@Nullable Map<String, Integer> newTasks) {
        return new Node(
                id, incarnation, uri, state, masterEligible, acceptsTasks, weight, zone, startedAt, newTasks, version);
    }

    public Node withVersion(@Nullable String newVersion) {
        return new Node(
                id, incarnation, uri, state, masterEligible, acceptsTasks, weight, zone, startedAt, tasks, newVersion);
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
