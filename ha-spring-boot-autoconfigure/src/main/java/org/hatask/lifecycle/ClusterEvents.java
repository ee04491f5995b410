package org.hatask.lifecycle;

import java.util.List;
import org.hatask.MasterElectedEvent;
import org.hatask.MasterGainedEvent;
import org.hatask.MasterLostEvent;
import org.hatask.NodeHealthChangedEvent;
import org.hatask.NodeJoinedEvent;
import org.hatask.NodeLeftEvent;
import org.hatask.TaskReassignedEvent;
import org.hatask.cluster.ClusterListener;
import org.hatask.cluster.ClusterView;
import org.hatask.cluster.Master;
import org.hatask.cluster.MastershipListener;
import org.hatask.cluster.Node;
import org.hatask.failure.Condition;
import org.hatask.failure.SickTask;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.ApplicationEventPublisher;

/**
 * Tells the application and the log what changes in the cluster. Called on the one thread that notifies, so events are
 * published in order; a listener that fails does not keep the others from hearing.
 */
public final class ClusterEvents implements ClusterListener, MastershipListener {

    private static final Logger log = LoggerFactory.getLogger(ClusterEvents.class);

    private final String clusterName;
    private final ApplicationEventPublisher publisher;

    public ClusterEvents(String clusterName, ApplicationEventPublisher publisher) {
        this.clusterName = clusterName;
        this.publisher = publisher;
    }

    @Override
    public void viewChanged(ClusterView before, ClusterView after) {
        for (Node node : missing(before.members(), after.members())) {
            log.info("Node {} left cluster '{}'", node, clusterName);
            publish(new NodeLeftEvent(LocalCluster.toHaNode(before, node)));
        }
        for (Node node : missing(after.members(), before.members())) {
            log.info("Node {} joined cluster '{}'", node, clusterName);
            publish(new NodeJoinedEvent(LocalCluster.toHaNode(after, node)));
        }
        Master master = after.master();
        if (master != null && !master.equals(before.master())) {
            log.info(
                    "Node {} is master of cluster '{}' in epoch {}: {}",
                    master.nodeId(),
                    clusterName,
                    master.epoch(),
                    master.cause());
            publish(new MasterElectedEvent(master.nodeId(), master.epoch(), master.since(), master.cause()));
        } else if (master == null && before.master() != null) {
            log.info(
                    "Cluster '{}' has no master since {} of epoch {} is gone",
                    clusterName,
                    before.master().nodeId(),
                    before.master().epoch());
        }
    }

    /** The processes of {@code nodes} that are not among {@code others}. */
    private static List<Node> missing(List<Node> nodes, List<Node> others) {
        return nodes.stream()
                .filter(node -> others.stream().noneMatch(node::isSameProcessAs))
                .toList();
    }

    @Override
    public void gained(long epoch) {
        log.info("This node is master of cluster '{}' in epoch {}", clusterName, epoch);
        publish(new MasterGainedEvent(epoch));
    }

    @Override
    public void lost(long epoch, String cause) {
        log.info("This node is no longer master of cluster '{}', epoch {}: {}", clusterName, epoch, cause);
        publish(new MasterLostEvent(epoch, cause));
    }

    /** This node, with its view of the cluster, thinks otherwise of a node than before. */
    public void healthChanged(ClusterView view, Node node, Condition before, Condition after) {
        String reason = after.reason() == null ? "it is well" : after.reason();
        log.info(
                "Node {} of cluster '{}' is {} (was {}): {}",
                node.id(),
                clusterName,
                after.status(),
                before.status(),
                reason);
        publish(new NodeHealthChangedEvent(
                LocalCluster.toHaNode(view, node), before.status(), after.status(), reason, after.since()));
    }

    /** So many nodes look sick that none is left out any more, or that is over. */
    public void panicChanged(boolean panic, int sick, int living) {
        if (panic) {
            log.warn(
                    "{} of {} nodes of cluster '{}' look sick to this node: it distrusts its judgement and uses them all",
                    sick,
                    living,
                    clusterName);
        } else {
            log.info("This node trusts its judgement of the nodes of cluster '{}' again", clusterName);
        }
    }

    /** A durable task was taken from a node; who took it has told the log. */
    public void taskReassigned(TaskReassignedEvent event) {
        publish(event);
    }

    /** A task is overdue wherever it runs. */
    public void sickTask(SickTask task) {
        log.warn(
                "Task {} is overdue on nodes {} of cluster '{}': the task is to blame, no further node is left out for it",
                task.task(),
                task.nodes(),
                clusterName);
    }

    private void publish(Object event) {
        try {
            publisher.publishEvent(event);
        } catch (RuntimeException e) {
            log.error("A listener of the application failed on {}", event, e);
        }
    }
}
