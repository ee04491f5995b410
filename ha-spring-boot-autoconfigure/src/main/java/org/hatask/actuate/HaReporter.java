package org.hatask.actuate;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
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
import org.hatask.failure.Condition;
import org.hatask.failure.NodeHealth;
import org.hatask.link.LinkInfo;
import org.hatask.link.LinkTransport;
import org.hatask.link.NodeReport;
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
    private final LinkTransport transport;
    private final NodeHealth health;
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
            Supplier<@Nullable StandbyStatus> standby) {
        this.clusterName = clusterName;
        this.architecture = architecture;
        this.cluster = cluster;
        this.election = election;
        this.coordination = coordination;
        this.registry = registry;
        this.dispatcher = dispatcher;
        this.executor = executor;
        this.transport = transport;
        this.health = health;
        this.standby = standby;
    }

    HaReport report() {
        ClusterView view = cluster.view();
        return new HaReport(
                clusterName,
                architecture.topology(),
                architecture,
                ownNode(view),
                master(view),
                members(view),
                registry.get().all().stream().map(task -> task(view, task)).toList(),
                failureDetection(),
                coordination(),
                election.history().stream()
                        .map(change -> new HaReport.Change(
                                change.epoch(),
                                change.nodeId(),
                                change.incarnation(),
                                change.since(),
                                change.cause(),
                                change.gap() == null ? null : change.gap().toMillis()))
                        .toList(),
                appointed(view.orders().appointment()),
                view.orders().actions(),
                standby.get());
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

    private List<HaReport.Member> members(ClusterView view) {
        List<LinkInfo> links = transport.links();
        return view.members().stream().map(node -> member(view, node, links)).toList();
    }

    private HaReport.Member member(ClusterView view, Node node, List<LinkInfo> links) {
        boolean own = node.isSameProcessAs(view.self());
        NodeReport report = own ? null : lastReport(node, links);
        return new HaReport.Member(
                node.id(),
                node.incarnation(),
                node.uri(),
                view.isMaster(node) ? Role.MASTER : Role.WORKER,
                node.state().name(),
                health(node),
                node.masterEligible(),
                node.acceptsTasks(),
                node.weight(),
                node.zone(),
                own ? Integer.valueOf(executor.inFlight()) : report == null ? null : report.inFlight(),
                own ? oldestHere() : report == null ? null : oldest(report),
                tasksNotHere(node));
    }

    private @Nullable List<String> tasksNotHere(Node node) {
        TaskRegistry own = registry.get();
        return node.tasks() == null
                ? null
                : node.tasks().keySet().stream()
                        .filter(task -> own.find(task).isEmpty())
                        .toList();
    }

    private HaReport.Health health(Node node) {
        Condition condition = health.condition(node);
        return new HaReport.Health(condition.status().name(), condition.reason(), condition.since());
    }

    private HaReport.FailureDetection failureDetection() {
        return new HaReport.FailureDetection(
                health.isPanic(),
                health.sickTasks().stream()
                        .map(task -> new HaReport.SickTask(task.task(), task.nodes(), task.since()))
                        .toList());
    }

    private static @Nullable NodeReport lastReport(Node node, List<LinkInfo> links) {
        return links.stream()
                .filter(link -> link.nodeId().equals(node.id())
                        && link.incarnation().equals(node.incarnation())
                        && link.report() != null)
                .max(Comparator.comparing(LinkInfo::lastSeen))
                .map(LinkInfo::report)
                .orElse(null);
    }

    private HaReport.@Nullable OldestTask oldestHere() {
        return executor.running().stream()
                .findFirst()
                .map(task -> new HaReport.OldestTask(
                        task.task(), task.taskId(), task.age().toMillis()))
                .orElse(null);
    }

    private static HaReport.@Nullable OldestTask oldest(NodeReport report) {
        return report.running().stream()
                .max(Comparator.comparing(NodeReport.RunningTask::runningMillis))
                .map(task -> new HaReport.OldestTask(task.task(), task.taskId(), task.runningMillis()))
                .orElse(null);
    }

    private HaReport.Task task(ClusterView view, TaskDefinition task) {
        TaskStatistics.Snapshot figures = dispatcher.statistics(task.name()).snapshot();
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
                millis(figures.p99()));
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
