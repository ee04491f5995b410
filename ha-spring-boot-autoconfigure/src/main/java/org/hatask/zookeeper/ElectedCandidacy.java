package org.hatask.zookeeper;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import org.hatask.cluster.ClusterState;
import org.hatask.cluster.ClusterView;
import org.hatask.cluster.Node;
import org.hatask.cluster.OperatorAction;
import org.hatask.cluster.OperatorAction.Result;
import org.hatask.cluster.Orders;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A candidacy by a strategy, above which stand the orders of operators. Whoever is barred does not stand; whoever defers to
 * an appointed node stands on, for the time after. State is owned by the election's thread.
 */
abstract class ElectedCandidacy implements Candidacy {

    private static final Logger log = LoggerFactory.getLogger(ElectedCandidacy.class);
    private static final int PATIENCE_IN_SESSIONS = 2;

    final ZooKeeperClients clients;
    final MastershipHolder holder;
    final ClusterState state;
    private final Clock clock;
    private @Nullable String standingAside;

    /** Whether the answer to a {@link #returnAppointment} is still to come. */
    private boolean returning;

    /** The newest order of who is to be master, and since when this node knows it. */
    private Orders.@Nullable Appointment appointment;

    private Instant appointedSince;

    /** Whether nobody was master for too long under it: were that forgotten, whoever then leads would hand over in vain again. */
    private boolean inVain;

    ElectedCandidacy(ZooKeeperClients clients, MastershipHolder holder, ClusterState state, Clock clock) {
        this.clients = clients;
        this.holder = holder;
        this.state = state;
        this.clock = clock;
        this.appointedSince = clock.instant();
    }

    private Word word() {
        ClusterView view = state.view();
        Instant now = clock.instant();
        if (!Objects.equals(appointment, view.orders().appointment())) {
            appointment = view.orders().appointment();
            appointedSince = now;
            inVain = false;
        }
        Instant masterless = view.masterlessSince();
        if (masterless != null) {
            Instant waiting = masterless.isAfter(appointedSince) ? masterless : appointedSince;
            Duration patience = clients.settings().sessionTimeout().multipliedBy(PATIENCE_IN_SESSIONS);
            inVain |= waiting.plus(patience).isBefore(now);
        }
        return Word.of(view, standingAside, inVain);
    }

    @Override
    public final void stand() {
        withdraw();
        switch (word().meaning()) {
            case APPOINTED, ELECTABLE, DEFERS -> enter();
            case STANDS_ASIDE, BARRED, NO_MEMBER -> {}
        }
    }

    @Override
    public final boolean mayLeadSoon() {
        return word().meaning() == Word.Meaning.APPOINTED || isInFront();
    }

    /** Whether few others or none would lead before it, for all that is known. */
    abstract boolean isInFront();

    /** Stands, behind all others. */
    abstract void enter();

    @Override
    public final void reconsider() {
        Word word = word();
        switch (word.meaning()) {
            case APPOINTED -> {
                enterIfMissing();
                decide(true);
            }
            case ELECTABLE -> {
                enterIfMissing();
                decide(false);
            }
            case DEFERS -> {
                enterIfMissing();
                holder.notEntitled();
                holder.handOver(word.because());
            }
            case STANDS_ASIDE -> {
                returnAppointment(word.because());
                leaveItToOthers(word.because());
            }
            case BARRED -> leaveItToOthers(word.because());
            case NO_MEMBER -> {
                if (isStanding()) {
                    decide(false);
                }
            }
        }
    }

    private void leaveItToOthers(String because) {
        holder.notEntitled();
        if (holder.isTerm()) {
            holder.handOver(because);
        } else if (isStanding()) {
            withdraw();
        }
    }

    /** The others would wait for an appointed node that does not want to lead: without an appointment the strategy decides. */
    private void returnAppointment(String because) {
        Node self = state.view().self();
        Orders orders = state.view().orders();
        Orders.Appointment own = orders.appointment();
        Session current = clients.election().session();
        if (returning || current == null || own == null || !own.appoints(self)) {
            return;
        }
        returning = true;
        Orders next = orders.withAppointment(null);
        String message = "Node " + self.id() + " does not lead while another node can: " + because;
        for (OperatorAction action : orders.actions()) {
            if (action.id().equals(own.actionId()) && action.result() == Result.UNDER_WAY) {
                next = next.with(action.ended(Result.FAILED, message, clock.instant()));
            }
        }
        current.multi(List.of(OrdersWatch.write(clients.paths().assigned(), next)))
                .thenAcceptAsync(
                        reply -> {
                            returning = false;
                            if (reply.isOk()) {
                                log.info(
                                        "[{}] the promotion of {} by {} is over: {}",
                                        clients.settings().cluster(),
                                        self.id(),
                                        own.by(),
                                        because);
                            }
                        },
                        holder::execute);
    }

    private void enterIfMissing() {
        if (!isStanding()) {
            enter();
        }
    }

    /**
     * Says whether this node is entitled, by {@link #holder}.
     *
     * @param appointed whether an operator wants it, whatever the strategy says
     */
    abstract void decide(boolean appointed);

    @Override
    public final void standAside(@Nullable String why) {
        standingAside = why;
        holder.reconsiderSoon();
    }

    /** Elected masters have nothing to fill but their tasks. */
    @Override
    public void gaveBack() {}
}
