package org.hatask.zookeeper;

import java.util.Optional;
import org.hatask.cluster.ClusterView;
import org.hatask.cluster.Node;
import org.hatask.cluster.NodeState;
import org.hatask.cluster.Orders;
import org.jspecify.annotations.Nullable;

/**
 * What the operators' orders mean for this node where masters are elected: they stand above the strategy as long as the process
 * they speak of lives.
 *
 * @param meaning what to do
 * @param because the order behind it, for the history
 */
record Word(Meaning meaning, String because) {

    enum Meaning {
        /** It is to be master. */
        APPOINTED,
        /** The strategy decides. */
        ELECTABLE,
        /** Another one is to be master. */
        DEFERS,
        /** It would rather not be master, and another one can. */
        STANDS_ASIDE,
        /** It is not to be master: drained, demoted, about to stop or never eligible. */
        BARRED,
        /** It is no member (yet): what it does already it goes on doing. */
        NO_MEMBER
    }

    /**
     * @param standingAside why this node would rather not lead, or null
     * @param inVain whether the present appointment was waited for in vain, so that it binds nobody else any more
     */
    static Word of(ClusterView view, @Nullable String standingAside, boolean inVain) {
        Node self = view.self();
        Orders.Drain drain = view.orders().drained().get(self.id());
        if (drain != null) {
            return new Word(Meaning.BARRED, "drain of " + self.id() + " by " + drain.by());
        }
        if (self.state() == NodeState.DRAINING) {
            return new Word(Meaning.BARRED, "shutdown of " + self.id());
        }
        if (!self.mayLead()) {
            return new Word(Meaning.BARRED, self.id() + " is " + self.state());
        }
        if (!view.isJoined()) {
            return new Word(Meaning.NO_MEMBER, "");
        }
        boolean another = view.members().stream().anyMatch(node -> node.mayLead() && !node.isSameProcessAs(self));
        if (standingAside != null && another) {
            return new Word(Meaning.STANDS_ASIDE, standingAside);
        }
        return ofAppointment(view, view.orders().appointment(), another, inVain);
    }

    private static Word ofAppointment(
            ClusterView view, Orders.@Nullable Appointment appointment, boolean another, boolean inVain) {
        Node self = view.self();
        if (appointment == null) {
            return new Word(Meaning.ELECTABLE, "");
        }
        Optional<Node> appointed = view.members().stream()
                .filter(node -> appointment.appoints(node) && node.mayLead())
                .findFirst();
        if (appointed.isPresent()) {
            String because = "promotion of " + appointed.get().id() + " by " + appointment.by();
            if (appointed.get().isSameProcessAs(self)) {
                return new Word(Meaning.APPOINTED, because);
            }
            return new Word(inVain ? Meaning.ELECTABLE : Meaning.DEFERS, because);
        }
        return appointment.demotes(self) && another && !inVain
                ? new Word(Meaning.BARRED, "demotion of " + self.id() + " by " + appointment.by())
                : new Word(Meaning.ELECTABLE, "");
    }
}
