package org.hatask.cluster;

import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What operators have decided, as it stands in one record of the coordination service: whoever changes it names the version
 * he has seen. Immutable.
 *
 * @param appointment who shall be master, or null while no operator and, where the operator decides alone, no first node has
 *     said so
 * @param drained nodes taken out of dispatch and mastership, by id
 * @param actions the last commands, oldest first, refused ones included
 * @param version of the record; grows with every change
 */
public record Orders(
        @Nullable Appointment appointment, Map<String, Drain> drained, List<OperatorAction> actions, int version) {

    /** How many commands are remembered. */
    public static final int MAX_ACTIONS = 50;

    /** Nothing has been ordered. */
    public static final Orders NONE = new Orders(null, Map.of(), List.of(), 0);

    public Orders {
        drained = Map.copyOf(drained);
        actions = List.copyOf(actions.subList(Math.max(0, actions.size() - MAX_ACTIONS), actions.size()));
    }

    /**
     * @param nodeId who shall be master; null when somebody shall not be it and that is all
     * @param incarnation the process that was appointed, with whose end the appointment ends where masters are elected; null
     *     where the operator alone decides, as it then holds for whoever comes under that id
     * @param demoted who shall not be master while another can be, or null
     * @param demotedIncarnation the process that was demoted
     * @param actionId the command that said so, or null where the first node said it itself
     * @param previous who was appointed before, or null
     * @param at when, by the clock of the node that wrote it; for display only
     * @param by who said so
     * @param failedIncarnation the process that was appointed and could not take it up, or null
     * @param problem why it could not, or null
     */
    public record Appointment(
            @Nullable String nodeId,
            @Nullable String incarnation,
            @Nullable String demoted,
            @Nullable String demotedIncarnation,
            @Nullable String actionId,
            @Nullable String previous,
            Instant at,
            String by,
            @Nullable String failedIncarnation,
            @Nullable String problem) {

        public Appointment(
                @Nullable String nodeId,
                @Nullable String incarnation,
                @Nullable String demoted,
                @Nullable String demotedIncarnation,
                @Nullable String actionId,
                @Nullable String previous,
                Instant at,
                String by) {
            this(nodeId, incarnation, demoted, demotedIncarnation, actionId, previous, at, by, null, null);
        }

        /** The same, which this process could not take up. */
        public Appointment failedBy(Node node, String why) {
            return new Appointment(
                    nodeId,
                    incarnation,
                    demoted,
                    demotedIncarnation,
                    actionId,
                    previous,
                    at,
                    by,
                    node.incarnation(),
                    why);
        }

        /** Whether this process has tried to take it up and could not. */
        public boolean hasFailedBy(Node node) {
            return node.incarnation().equals(failedIncarnation);
        }

        /** Whether {@code node} is the one that was appointed. */
        public boolean appoints(Node node) {
            return node.id().equals(nodeId) && (incarnation == null || incarnation.equals(node.incarnation()));
        }

        /** Whether {@code node} is the one that was demoted. */
        public boolean demotes(Node node) {
            return node.id().equals(demoted) && node.incarnation().equals(demotedIncarnation);
        }
    }

    /**
     * @param at when, by the clock of the node that wrote it; for display only
     * @param by who ordered it
     * @param why his reason, or null
     */
    public record Drain(Instant at, String by, @Nullable String why) {}

    public boolean isDrained(String nodeId) {
        return drained.containsKey(nodeId);
    }

    public Optional<OperatorAction> action(String id) {
        return actions.stream().filter(action -> action.id().equals(id)).findFirst();
    }

    public Orders withAppointment(@Nullable Appointment newAppointment) {
        return new Orders(newAppointment, drained, actions, version);
    }

    public Orders withDrained(String nodeId, Drain drain) {
        Map<String, Drain> more = new HashMap<>(drained);
        more.put(nodeId, drain);
        return new Orders(appointment, more, actions, version);
    }

    public Orders withoutDrained(String nodeId) {
        Map<String, Drain> fewer = new HashMap<>(drained);
        fewer.remove(nodeId);
        return new Orders(appointment, fewer, actions, version);
    }

    public Orders withVersion(int newVersion) {
        return new Orders(appointment, drained, actions, newVersion);
    }

    /** With the command added or, where it is known by its id, replaced. */
    public Orders with(OperatorAction action) {
        List<OperatorAction> all = new ArrayList<>(actions);
        all.replaceAll(known -> known.id().equals(action.id()) ? action : known);
        if (!all.contains(action)) {
            all.add(action);
        }
        return new Orders(appointment, drained, all, version);
    }

    /** Whether nothing is in force. */
    public boolean saysNothing() {
        return appointment == null && drained.isEmpty();
    }

    /** Whether the same is in force as in {@code other}, whatever was said meanwhile. */
    public boolean meansTheSameAs(Orders other) {
        return Objects.equals(appointment, other.appointment) && drained.equals(other.drained);
    }
}
