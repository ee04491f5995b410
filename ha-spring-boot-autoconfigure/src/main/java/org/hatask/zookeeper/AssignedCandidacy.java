package org.hatask.zookeeper;

import java.time.Clock;
import java.util.List;
import org.apache.zookeeper.Op;
import org.hatask.cluster.ClusterState;
import org.hatask.cluster.ClusterView;
import org.hatask.cluster.Node;
import org.hatask.cluster.Orders;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Entitled is whom the operator has appointed, under whatever incarnation, and nobody else ever. While there has never been
 * an appointment, the first node that could lead appoints itself.
 *
 * <p>State is owned by the election's thread.
 */
final class AssignedCandidacy implements Candidacy {

    private static final Logger log = LoggerFactory.getLogger(AssignedCandidacy.class);

    private final ZooKeeperClients clients;
    private final MastershipHolder holder;
    private final ClusterState state;
    private final Clock clock;
    private boolean standing;
    private boolean claiming;

    /** Version of the orders that the present entitlement rests on. */
    private int guardedVersion = -1;

    /** Version under which the mastership could not be taken: newer ones are on their way. Forgotten at the next tick. */
    private int staleVersion = -1;

    private Orders.@Nullable Appointment unfilled;

    AssignedCandidacy(ZooKeeperClients clients, MastershipHolder holder, ClusterState state, Clock clock) {
        this.clients = clients;
        this.holder = holder;
        this.state = state;
        this.clock = clock;
    }

    @Override
    public void stand() {
        if (standing) {
            staleVersion = guardedVersion;
        }
        standing = true;
        holder.notEntitled();
    }

    @Override
    public boolean isStanding() {
        return standing;
    }

    @Override
    public void reconsider() {
        ClusterView view = state.view();
        Node self = view.self();
        Orders orders = view.orders();
        Orders.Appointment appointment = orders.appointment();
        if (appointment == null) {
            holder.notEntitled();
            if (standing && view.isJoined() && self.mayLead()) {
                claim(orders, self);
            }
        } else if (!appointment.appoints(self) || !self.mayLead()) {
            holder.notEntitled();
            holder.handOver(because(appointment, orders, self));
        } else if (standing
                && orders.version() != staleVersion
                && !appointment.hasFailedBy(self)
                && !appointment.equals(unfilled)) {
            guardedVersion = orders.version();
            List<Op> guards = List.of(Op.check(clients.paths().assigned(), orders.version()));
            holder.entitled(new Entitlement(guards, List.of(), List.of(), null));
        } else {
            holder.notEntitled();
        }
    }

    private static String because(Orders.Appointment appointment, Orders orders, Node self) {
        Orders.Drain drain = orders.drained().get(self.id());
        if (appointment.appoints(self)) {
            return drain == null ? "shutdown of " + self.id() : "drain of " + self.id() + " by " + drain.by();
        }
        return appointment.nodeId() == null
                ? "demotion of " + appointment.demoted() + " by " + appointment.by()
                : "promotion of " + appointment.nodeId() + " by " + appointment.by();
    }

    private void claim(Orders orders, Node self) {
        Session current = clients.election().session();
        if (claiming || current == null) {
            return;
        }
        claiming = true;
        Orders.Appointment own =
                new Orders.Appointment(self.id(), null, null, null, null, null, clock.instant(), "first node");
        current.multi(List.of(OrdersWatch.write(clients.paths().assigned(), orders.withAppointment(own))))
                .thenAcceptAsync(
                        reply -> {
                            claiming = false;
                            if (reply.isOk()) {
                                log.info(
                                        "[{}] nobody was ever appointed: {} appoints itself",
                                        clients.settings().cluster(),
                                        self.id());
                            }
                        },
                        holder::execute);
    }

    @Override
    public List<Op> guards() {
        return List.of();
    }

    @Override
    public void withdraw() {
        standing = false;
        holder.notEntitled();
    }

    @Override
    public void check() {
        staleVersion = -1;
    }

    @Override
    public void standAside(@Nullable String why) {
        // Nobody would take its place.
    }

    @Override
    public void gaveBack() {
        unfilled = state.view().orders().appointment();
    }
}
