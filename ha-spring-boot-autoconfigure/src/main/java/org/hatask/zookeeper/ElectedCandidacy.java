package org.hatask.zookeeper;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import org.hatask.cluster.ClusterState;
import org.hatask.cluster.ClusterView;
import org.hatask.cluster.Orders;
import org.jspecify.annotations.Nullable;

/**
 * A candidacy by a strategy, above which stand the orders of operators. Whoever is barred does not stand; whoever defers to
 * an appointed node stands on, for the time after. State is owned by the election's thread.
 */
abstract class ElectedCandidacy implements Candidacy {

    private static final int PATIENCE_IN_SESSIONS = 2;

    final ZooKeeperClients clients;
    final MastershipHolder holder;
    final ClusterState state;
    private final Clock clock;
    private @Nullable String standingAside;

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
            case BARRED, NO_MEMBER -> {}
        }
    }

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
            case BARRED -> {
                holder.notEntitled();
                if (holder.isTerm()) {
                    holder.handOver(word.because());
                } else if (isStanding()) {
                    withdraw();
                }
            }
            case NO_MEMBER -> {
                if (isStanding()) {
                    decide(false);
                }
            }
        }
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
