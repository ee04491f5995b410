package org.hatask.dispatch;

import java.util.Optional;
import java.util.function.Predicate;
import org.hatask.cluster.ClusterView;
import org.hatask.cluster.Master;
import org.hatask.cluster.Node;
import org.hatask.cluster.NodeState;
import org.hatask.cluster.Orders;

/** Whether a call that finds no master that takes it may hope for one. */
@FunctionalInterface
interface MasterOutlook {

    /** Where masters are elected there soon is one, unless the last that could be it stops. */
    MasterOutlook ELECTED = view -> {
        Node self = view.self();
        boolean last = self.state() == NodeState.DRAINING
                && view.members().stream().noneMatch(node -> node.mayLead() && !node.isSameProcessAs(self));
        return last ? Optional.of("This node is about to stop, and no other node could be master.") : Optional.empty();
    };

    /**
     * Why no master is to be expected before an operator acts or the old one returns, in sentences that say what to do; empty
     * where waiting makes sense.
     */
    Optional<String> hopeless(ClusterView view);

    /**
     * Where the operator alone decides.
     *
     * @param reachable whether a node could be reached lately
     */
    static MasterOutlook operated(Predicate<Node> reachable) {
        return view -> {
            Orders.Appointment appointment = view.orders().appointment();
            if (appointment == null) {
                return Optional.empty(); // The first node is just starting.
            }
            String appointed = appointment.nodeId();
            if (appointed == null) {
                return Optional.of("Nobody is master: " + appointment.demoted() + " was demoted by " + appointment.by()
                        + " at " + appointment.at() + "." + cure(view, ""));
            }
            Master master = view.master();
            if (master != null && !master.nodeId().equals(appointed)) {
                return Optional.empty(); // A hand-over is under way.
            }
            Node node = view.member(appointed).orElse(null);
            if (node != null && master == null && appointment.hasFailedBy(node)) {
                return Optional.of("The appointed master " + appointed + " could not take it up: "
                        + appointment.problem() + "." + cure(view, ""));
            }
            if (node != null && reachable.test(node)) {
                return Optional.empty();
            }
            Master last = master != null ? master : view.formerMaster();
            String epoch = last != null && last.nodeId().equals(appointed) ? " of epoch " + last.epoch() : "";
            String gone = node != null || view.masterlessSince() == null
                    ? " cannot be reached."
                    : " is gone since " + view.masterlessSince() + ", as far as this node knows.";
            return Optional.of("The appointed master " + appointed + epoch + gone + cure(view, appointed));
        };
    }

    private static String cure(ClusterView view, String appointed) {
        String candidate = view.members().stream()
                .filter(node -> node.mayLead() && !node.id().equals(appointed))
                .map(Node::id)
                .findFirst()
                .orElse("<node>");
        // Where the endpoint is, other nodes' included, is the user's choice: a whole command could only be guessed.
        return (appointed.isEmpty() ? "" : " It is master again when it comes back under this id.")
                + " To promote another node: POST {\"action\": \"promote\", \"node\": \"" + candidate
                + "\"} to the actuator endpoint 'ha' of any node (/actuator/ha unless configured otherwise).";
    }
}
