package org.hatask.metrics;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.TimeGauge;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;
import org.hatask.Role;
import org.hatask.cluster.ClusterListener;
import org.hatask.cluster.ClusterState;
import org.hatask.cluster.ClusterView;
import org.hatask.cluster.Coordination;
import org.hatask.cluster.MasterChange;
import org.hatask.cluster.MasterElection;
import org.hatask.cluster.Node;
import org.hatask.cluster.NodeState;
import org.jspecify.annotations.Nullable;

/** Who leads, since when and how surely, and who takes part, as this node sees it. */
public final class ClusterMeters implements MeterBinder, ClusterListener {

    private final ClusterState cluster;
    private final MasterElection election;
    private final Coordination coordination;
    private final Clock clock;
    private final LongAdder masterChanges = new LongAdder();
    private final List<Timer> absences = new CopyOnWriteArrayList<>();

    /** What this node is, for itself. */
    private enum Presence {
        /** No member yet, or no more. */
        JOINING,
        UP,
        DRAINING,
        DRAINED;

        static Presence of(ClusterView view) {
            return view.isJoined() ? valueOf(view.self().state().name()) : JOINING;
        }
    }

    public ClusterMeters(ClusterState cluster, MasterElection election, Coordination coordination, Clock clock) {
        this.cluster = cluster;
        this.election = election;
        this.coordination = coordination;
        this.clock = clock;
    }

    @Override
    public void viewChanged(ClusterView before, ClusterView after) {
        if (after.master() == null || before.lastEpoch() == 0) {
            return;
        }
        if (after.lastEpoch() != before.lastEpoch()) {
            masterChanges.increment();
        }
        Instant since = before.masterlessSince();
        if (before.master() == null && since != null) {
            Duration absence = Duration.between(since, clock.instant());
            absences.forEach(timer -> timer.record(absence));
        }
    }

    @Override
    public void bindTo(MeterRegistry registry) {
        node(registry);
        master(registry);
        StateGauges.register(
                registry,
                "ha.cluster.members",
                "Members of the cluster by state",
                Tags.empty(),
                "state",
                NodeState.values(),
                this::members);
        StateGauges.register(
                registry,
                "ha.coordination.state",
                "1 for the state of the connection to the coordination service",
                Tags.empty(),
                "state",
                Coordination.State.values(),
                state -> StateGauges.of(coordination.status().state() == state));
    }

    private void node(MeterRegistry registry) {
        StateGauges.register(
                registry,
                "ha.node.role",
                "1 for the role of this node: master while its lease certainly holds",
                Tags.empty(),
                "role",
                new Role[] {Role.MASTER, Role.WORKER},
                role -> StateGauges.of(role == role()));
        StateGauges.register(
                registry,
                "ha.node.state",
                "1 for the state of this node",
                Tags.empty(),
                "state",
                Presence.values(),
                state -> StateGauges.of(Presence.of(cluster.view()) == state));
    }

    private Role role() {
        return election.mastership().isHeld() ? Role.MASTER : Role.WORKER;
    }

    private void master(MeterRegistry registry) {
        Gauge.builder("ha.cluster.epoch", cluster, state -> state.view().lastEpoch())
                .description("Epoch of the last known master; 0 before the first")
                .register(registry);
        FunctionCounter.builder("ha.cluster.master.changes", masterChanges, LongAdder::sum)
                .description("Changes of master that this node has seen")
                .register(registry);
        seconds(
                registry,
                "ha.cluster.master.absent",
                "For how long no master has been known; 0 while there is one",
                () -> absentFor(cluster.view()));
        seconds(
                registry,
                "ha.cluster.master.gap",
                "The last change of master: from the last sign of life of the former one to the new one",
                this::lastGap);
        absences.add(Timer.builder("ha.cluster.master.absences")
                .description("Times without a known master that are over")
                .register(registry));
        seconds(
                registry,
                "ha.lease.left",
                "How long this node certainly stays master if nothing renews its lease",
                () -> role() == Role.MASTER ? election.mastership().left() : null);
    }

    /** @param value asked at every scrape; null where there is none */
    private static void seconds(
            MeterRegistry registry, String name, String description, Supplier<@Nullable Duration> value) {
        TimeGauge.builder(name, value, TimeUnit.SECONDS, asked -> {
                    Duration duration = asked.get();
                    return duration == null ? Double.NaN : duration.toNanos() / 1e9;
                })
                .description(description)
                .strongReference(true)
                .register(registry);
    }

    private Duration absentFor(ClusterView view) {
        Instant since = view.masterlessSince();
        return since == null ? Duration.ZERO : Duration.between(since, clock.instant());
    }

    private @Nullable Duration lastGap() {
        List<MasterChange> history = election.history();
        return history.isEmpty() ? null : history.get(history.size() - 1).gap();
    }

    private long members(NodeState state) {
        return cluster.view().members().stream()
                .map(Node::state)
                .filter(state::equals)
                .count();
    }
}
