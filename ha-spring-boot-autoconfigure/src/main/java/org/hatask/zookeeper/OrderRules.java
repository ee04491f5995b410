package org.hatask.zookeeper;

import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import org.hatask.cluster.ClusterView;
import org.hatask.cluster.Master;
import org.hatask.cluster.Node;
import org.hatask.cluster.NodeState;
import org.hatask.cluster.Operations.Command;
import org.hatask.cluster.OperatorAction;
import org.hatask.cluster.OperatorAction.Kind;
import org.hatask.cluster.OperatorAction.Result;
import org.hatask.cluster.Orders;
import org.jspecify.annotations.Nullable;

/**
 * Which commands make sense in which cluster, and what they change. Knows no ZooKeeper.
 *
 * @param operated whether the operator alone decides who is master
 */
record OrderRules(boolean operated) {

    /** An earlier command that has not come to an end after this time no longer stands in the way. */
    private static final Duration ABANDONED = Duration.ofMinutes(2);

    /**
     * Why the command must not be carried out, as a sentence with what to do; empty when it may.
     *
     * @param epoch the newest epoch
     */
    Optional<String> refusal(Command command, ClusterView view, Orders orders, long epoch, Instant now) {
        Long seen = command.epoch();
        if (seen != null && seen != epoch) {
            return Optional.of("The command speaks of epoch " + seen + " and the cluster is in epoch " + epoch
                    + ": look at /actuator/ha again before you repeat it.");
        }
        return switch (command.kind()) {
            case PROMOTE -> promotion(command, view, orders, now);
            case DEMOTE -> demotion(command, view, orders, now);
            case DRAIN -> drain(command, view, orders);
            case RESUME ->
                orders.isDrained(command.node())
                        ? Optional.empty()
                        : Optional.of("Node " + command.node() + " is not drained.");
        };
    }

    private Optional<String> promotion(Command command, ClusterView view, Orders orders, Instant now) {
        Node node = view.member(command.node()).orElse(null);
        if (node == null) {
            return Optional.of(notAMember(command.node(), view));
        }
        if (!node.masterEligible() || !node.acceptsTasks()) {
            return Optional.of("Node " + node.id() + " cannot lead: "
                    + (node.masterEligible() ? "ha.node.accepts-tasks" : "ha.node.master-eligible")
                    + " is false there, or no link can come in, which its log says.");
        }
        if (orders.isDrained(node.id())) {
            return Optional.of("Node " + node.id() + " is drained: resume it first.");
        }
        if (node.state() == NodeState.DRAINING) {
            return Optional.of("Node " + node.id() + " is about to stop.");
        }
        Orders.Appointment appointment = orders.appointment();
        boolean appointed = appointment != null && appointment.appoints(node);
        if (view.isMaster(node) && (appointed || !operated && appointment == null)) {
            return Optional.of("Node " + node.id() + " is master already.");
        }
        return underWay(view, orders, now);
    }

    private Optional<String> demotion(Command command, ClusterView view, Orders orders, Instant now) {
        Orders.Appointment appointment = orders.appointment();
        Master master = view.master();
        boolean isMaster = master != null && master.nodeId().equals(command.node());
        boolean isAppointed = operated && appointment != null && command.node().equals(appointment.nodeId());
        if (!isMaster && !isAppointed) {
            return Optional.of("Node " + command.node() + " is not master; "
                    + (master == null ? "nobody is." : "that is " + master.nodeId() + "."));
        }
        if (!operated && noOther(command.node(), view)) {
            return Optional.of("No other node could be master: start one, or resume one that is drained.");
        }
        return underWay(view, orders, now);
    }

    private Optional<String> drain(Command command, ClusterView view, Orders orders) {
        if (orders.isDrained(command.node())) {
            return Optional.of("Node " + command.node() + " is drained already.");
        }
        if (view.member(command.node()).isEmpty()) {
            return Optional.of(notAMember(command.node(), view));
        }
        Orders.Appointment appointment = orders.appointment();
        if (operated && appointment != null && command.node().equals(appointment.nodeId())) {
            return Optional.of("Node " + command.node()
                    + " is the appointed master, and nobody would replace it: promote another node first.");
        }
        Master master = view.master();
        boolean isMaster = master != null && master.nodeId().equals(command.node());
        if (!operated && isMaster && noOther(command.node(), view)) {
            return Optional.of("Node " + command.node()
                    + " is master and no other node could be: start one, or resume one that is drained.");
        }
        boolean last = view.members().stream()
                .noneMatch(node -> node.takesTasks() && !node.id().equals(command.node()));
        return last
                ? Optional.of("No node would be left that executes tasks: start or resume another one first.")
                : Optional.empty();
    }

    private static boolean noOther(String nodeId, ClusterView view) {
        return view.members().stream()
                .noneMatch(node -> node.mayLead() && !node.id().equals(nodeId));
    }

    private static String notAMember(String nodeId, ClusterView view) {
        return "There is no member " + nodeId + " now; members: "
                + view.members().stream().map(Node::id).collect(Collectors.joining(", ")) + ".";
    }

    /** Two operators at once: the second one waits for the end of what the first one began. */
    private static Optional<String> underWay(ClusterView view, Orders orders, Instant now) {
        return orders.actions().stream()
                .filter(action -> action.result() == Result.UNDER_WAY && action.kind() != Kind.DRAIN)
                .filter(action -> Duration.between(action.at(), now).abs().compareTo(ABANDONED) < 0)
                .filter(action -> action.kind() != Kind.PROMOTE
                        || view.member(action.node()).isPresent())
                .findFirst()
                .map(action -> "The " + action.kind().name().toLowerCase(Locale.ROOT) + " of " + action.node() + " by "
                        + action.by() + " is under way: wait for its end.");
    }

    /** The orders after the command. */
    Orders apply(Command command, ClusterView view, Orders orders, OperatorAction action, Instant now) {
        Orders next = orders.with(action);
        Orders.Appointment before = orders.appointment();
        String previous = before == null ? null : before.nodeId();
        Node node = view.member(command.node()).orElse(null);
        @Nullable String incarnation = operated || node == null ? null : node.incarnation();
        return switch (command.kind()) {
            case PROMOTE ->
                next.withAppointment(new Orders.Appointment(
                        command.node(), incarnation, null, null, action.id(), previous, now, command.by()));
            case DEMOTE ->
                next.withAppointment(new Orders.Appointment(
                        null, null, command.node(), incarnation, action.id(), previous, now, command.by()));
            case DRAIN -> next.withDrained(command.node(), new Orders.Drain(now, command.by(), command.why()));
            case RESUME -> next.withoutDrained(command.node());
        };
    }

    /** Whether the order is all there is to it, or somebody has to bring it about. */
    boolean isDoneByItself(Command command, ClusterView view) {
        Master master = view.master();
        boolean ofMaster = master != null && master.nodeId().equals(command.node());
        return switch (command.kind()) {
            case RESUME -> true;
            case DRAIN -> !ofMaster;
            case DEMOTE -> operated && !ofMaster;
            case PROMOTE -> ofMaster;
        };
    }
}
