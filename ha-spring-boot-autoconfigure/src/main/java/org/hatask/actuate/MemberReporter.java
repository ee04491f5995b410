package org.hatask.actuate;

import java.util.Comparator;
import java.util.List;
import java.util.function.Supplier;
import org.hatask.Role;
import org.hatask.cluster.ClusterView;
import org.hatask.cluster.Node;
import org.hatask.cluster.Orders;
import org.hatask.execute.TaskRegistry;
import org.hatask.failure.Condition;
import org.hatask.failure.NodeHealth;
import org.hatask.link.LinkInfo;
import org.hatask.link.LinkTransport;
import org.hatask.link.NodeReport;
import org.jspecify.annotations.Nullable;

/** What this node knows of the members: their records, their last word over a link, and its own judgement. */
final class MemberReporter {

    /** Of what runs on a node, the longest that a report names. */
    private static final int MOST_RUNNING = 20;

    private final Supplier<TaskRegistry> registry;
    private final LinkTransport transport;
    private final NodeHealth health;

    MemberReporter(Supplier<TaskRegistry> registry, LinkTransport transport, NodeHealth health) {
        this.registry = registry;
        this.transport = transport;
        this.health = health;
    }

    List<HaReport.Member> members(ClusterView view) {
        List<LinkInfo> links = transport.links();
        return view.members().stream().map(node -> member(view, node, links)).toList();
    }

    private HaReport.Member member(ClusterView view, Node node, List<LinkInfo> links) {
        NodeReport report = node.isSameProcessAs(view.self()) ? transport.report() : lastReport(node, links);
        List<HaReport.RunningTask> running = report == null ? null : running(report);
        return new HaReport.Member(
                node.id(),
                node.incarnation(),
                node.version(),
                node.uri(),
                node.startedAt(),
                view.isMaster(node) ? Role.MASTER : Role.WORKER,
                node.state().name(),
                drained(view.orders().drained().get(node.id())),
                health(node),
                node.masterEligible(),
                node.acceptsTasks(),
                node.weight(),
                node.zone(),
                load(report),
                report == null ? null : report.inFlight(),
                running == null || running.isEmpty() ? null : running.get(0),
                running,
                tasksNotHere(node));
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

    private static List<HaReport.RunningTask> running(NodeReport report) {
        return report.running().stream()
                .sorted(Comparator.comparing(NodeReport.RunningTask::runningMillis)
                        .reversed())
                .limit(MOST_RUNNING)
                .map(task -> new HaReport.RunningTask(task.task(), task.taskId(), task.runningMillis()))
                .toList();
    }

    private static HaReport.@Nullable Load load(@Nullable NodeReport report) {
        return report == null
                ? null
                : new HaReport.Load(
                        report.load() < 0 ? null : report.load(),
                        report.heapUsed(),
                        report.heapMax() < 0 ? null : report.heapMax());
    }

    private static HaReport.@Nullable Drained drained(Orders.@Nullable Drain drain) {
        return drain == null ? null : new HaReport.Drained(drain.at(), drain.by(), drain.why());
    }

    private HaReport.Health health(Node node) {
        Condition condition = health.condition(node);
        return new HaReport.Health(condition.status().name(), condition.reason(), condition.since());
    }

    private @Nullable List<String> tasksNotHere(Node node) {
        TaskRegistry own = registry.get();
        return node.tasks() == null
                ? null
                : node.tasks().keySet().stream()
                        .filter(task -> own.find(task).isEmpty())
                        .toList();
    }
}
