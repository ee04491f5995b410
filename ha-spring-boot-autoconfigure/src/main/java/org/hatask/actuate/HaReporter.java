package org.hatask.actuate;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.hatask.Role;
import org.hatask.cluster.ClusterState;
import org.hatask.cluster.ClusterView;
import org.hatask.cluster.Coordination;
import org.hatask.cluster.Master;
import org.hatask.cluster.MasterElection;
import org.hatask.cluster.Node;
import org.hatask.cluster.Orders;
import org.hatask.dispatch.Dispatcher;
import org.hatask.dispatch.Explanation;
import org.hatask.dispatch.TaskStatistics;
import org.hatask.execute.TaskDefinition;
import org.hatask.execute.TaskExecutor;
import org.hatask.execute.TaskRegistry;
import org.hatask.failure.NodeHealth;
import org.hatask.link.LinkTransport;
import org.hatask.standby.StandbyStatus;
import org.jspecify.annotations.Nullable;

/** Gathers what this node knows of the cluster. Reads only what is in memory, so it answers also while ZooKeeper is away. */
public final class HaReporter {

    private final String clusterName;
    private final HaReport.Architecture architecture;
    private final ClusterState cluster;
    private final MasterElection election;
    private final Coordination coordination;
    private final Supplier<TaskRegistry> registry;
    private final Dispatcher dispatcher;
    private final TaskExecutor executor;
    private final NodeHealth health;
    private final MemberReporter members;
    private final RecentEvents events;
    private final Clock clock;
    private final Supplier<@Nullable StandbyStatus> standby;

    public HaReporter(
            String clusterName,
            HaReport.Architecture architecture,
            ClusterState cluster,
            MasterElection election,
            Coordination coordination,
            Supplier<TaskRegistry> registry,
            Dispatcher dispatcher,
            TaskExecutor executor,
            LinkTransport transport,
            NodeHealth health,
            RecentEvents events,
            Supplier<@Nullable StandbyStatus> standby,
            Clock clock) {
        this.clusterName = clusterName;
        this.architecture = architecture;
        this.cluster = cluster;
        this.election = election;
        this.coordination = coordination;
        this.registry = registry;
        this.dispatcher = dispatcher;
        this.executor = executor;
        this.health = health;
        this.members = new MemberReporter(registry, transport, health);
        this.events = events;
        this.standby = standby;
        this.clock = clock;
    }

    HaReport report() {
        ClusterView view = cluster.view();
        HaReport.OwnNode self = ownNode(view);
        HaReport.MasterInfo master = master(view);
        HaReport.Masterless masterless = masterless(view, self);
        List<HaReport.Member> nodes = members.members(view);
        List<HaReport.Departed> departed = events.departed();
        HaReport.FailureDetection failureDetection = failureDetection();
        HaReport.CoordinationInfo connection = coordination();
        StandbyStatus cold = standby.get();
        return new HaReport(
                clock.instant(),
                Concerns.judge(self, master, masterless, nodes, departed, connection, failureDetection, cold),
                clusterName,
                architecture.topology(),
                architecture,
                self,
                master,
                masterless,
                nodes,
                departed,
                registry.get().all().stream().map(task -> task(view, task)).toList(),
                failureDetection,
                connection,
                history(),
                appointed(view.orders().appointment()),
                view.orders().actions(),
                events.events(),
                cold);
    }

    private List<HaReport.Change> history() {
        return election.history().stream()
                .map(change -> new HaReport.Change(
                        change.epoch(),
                        change.nodeId(),
                        change.incarnation(),
                        change.since(),
                        change.cause(),
                        change.gap() == null ? null : change.gap().toMillis()))
                .toList();
    }

    private static HaReport.@Nullable Appointed appointed(Orders.@Nullable Appointment appointment) {
        return appointment == null
                ? null
                : new HaReport.Appointed(
                        appointment.nodeId(), appointment.demoted(), appointment.at(), appointment.by());
    }

    /** Why the task's calls go where they go; null when there is no such task. */
    @Nullable
    Explanation explain(String taskName, @Nullable String key) {
        return registry.get()
                .find(taskName)
                .map(task -> dispatcher.explain(task, key))
                .orElse(null);
    }

    private HaReport.OwnNode ownNode(ClusterView view) {
        Node self = view.self();
        return new HaReport.OwnNode(
                self.id(),
                self.incarnation(),
                election.mastership().isHeld() ? Role.MASTER : Role.WORKER,
                view.isJoined() ? self.state().name() : "JOINING",
                self.uri(),
                self.startedAt(),
                executor.inFlight());
    }

    private static HaReport.@Nullable MasterInfo master(ClusterView view) {
        Master master = view.master();
        return master == null
                ? null
                : new HaReport.MasterInfo(
                        master.nodeId(), master.incarnation(), master.epoch(), master.since(), master.cause());
    }

    /** Without ZooKeeper the last known master stands, but this node knows of its own lease. */
    private HaReport.@Nullable Masterless masterless(ClusterView view, HaReport.OwnNode self) {
        Master master = view.master();
        Coordination.Status connection = coordination.status();
        if (master != null
                && master.is(view.self())
                && self.role() != Role.MASTER
                && connection.state() != Coordination.State.CONNECTED) {
            return new HaReport.Masterless(connection.since(), master.nodeId(), master.epoch());
        }
        Instant since = view.masterlessSince();
        Master former = view.formerMaster();
        return since == null
                ? null
                : new HaReport.Masterless(
                        since, former == null ? null : former.nodeId(), former == null ? null : former.epoch());
    }

    private HaReport.FailureDetection failureDetection() {
        return new HaReport.FailureDetection(
                health.isPanic(),
                health.sickTasks().stream()
                        .map(task -> new HaReport.SickTask(task.task(), task.nodes(), task.since()))
                        .toList());
    }

    private HaReport.Task task(ClusterView view, TaskDefinition task) {
        TaskStatistics.Snapshot figures = dispatcher.statistics(task).snapshot();
        List<String> nodes = new ArrayList<>();
        Map<String, String> missingOn = new TreeMap<>();
        for (Node node : view.members()) {
            node.lacks(task.name(), task.signature())
                    .ifPresentOrElse(lack -> missingOn.put(node.id(), lack), () -> nodes.add(node.id()));
        }
        return new HaReport.Task(
                task.name(),
                task.role(),
                nodes,
                missingOn,
                task.method().getDeclaringClass().getName() + "."
                        + task.method().getName(),
                task.retry().maxAttempts(),
                task.timeout(),
                figures.calls(),
                figures.failures(),
                figures.retries(),
                millis(figures.p50()),
                millis(figures.p99()),
                millis(executor.usualDuration(task.name())));
    }

    private static @Nullable Double millis(@Nullable Duration duration) {
        return duration == null ? null : duration.toNanos() / 1_000 / 1_000.0;
    }

    private HaReport.CoordinationInfo coordination() {
        Coordination.Status status = coordination.status();
        return new HaReport.CoordinationInfo(
                status.state().name(),
                status.since(),
                status.connectString(),
                status.sessionTimeout(),
                status.problem());
    }
}
