package org.hatask.dispatch;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.hatask.Role;
import org.hatask.cluster.ClusterView;
import org.hatask.cluster.Node;
import org.hatask.cluster.NodeState;
import org.hatask.execute.TaskDefinition;
import org.jspecify.annotations.Nullable;

/** Which members may execute a task of a role. */
public final class RoleRouter {

    private RoleRouter() {}

    /** The candidates, ordered by id; empty when there is none at the moment. */
    static List<Node> candidates(ClusterView view, Role role) {
        return keep(view.members(), node -> node.takesTasks() && hasRole(view, node, role));
    }

    /** Whether a task of this role is for the node. */
    public static boolean hasRole(ClusterView view, Node node, Role role) {
        return switch (role) {
            case MASTER -> view.isMaster(node);
            case WORKER -> !view.isMaster(node);
            case ANY -> true;
        };
    }

    /** Why a member may not execute the task, as the end of a sentence; null when it may. */
    static @Nullable String whyNot(ClusterView view, Node node, TaskDefinition task) {
        if (!node.acceptsTasks()) {
            return "it executes no tasks (ha.node.accepts-tasks=false, or no link can come in: its log says why)";
        }
        if (node.state() != NodeState.UP) {
            return "its state is " + node.state();
        }
        String wrongRole =
                switch (task.role()) {
                    case MASTER -> view.isMaster(node) ? null : "it is a worker, and the task is for the master";
                    case WORKER -> view.isMaster(node) ? "it is the master, and the task is for workers" : null;
                    case ANY -> null;
                };
        return wrongRole != null
                ? wrongRole
                : node.lacks(task.name(), task.signature())
                        .map(lack -> "it " + lack)
                        .orElse(null);
    }

    /** Those of the candidates that can execute the task, as far as their records tell. */
    static List<Node> able(List<Node> candidates, TaskDefinition task) {
        return keep(
                candidates, node -> node.lacks(task.name(), task.signature()).isEmpty());
    }

    /** The list itself when all are kept: so it is as a rule, and every call asks. */
    private static List<Node> keep(List<Node> nodes, Predicate<Node> which) {
        List<Node> kept = null;
        for (int i = 0; i < nodes.size(); i++) {
            Node node = nodes.get(i);
            boolean keeps = which.test(node);
            if (!keeps && kept == null) {
                kept = new ArrayList<>(nodes.subList(0, i));
            } else if (keeps && kept != null) {
                kept.add(node);
            }
        }
        return kept == null ? nodes : kept;
    }

    /** What the candidates lack for the task, as words for a message; empty when all may execute it. */
    static String whyUnable(ClusterView view, List<Node> candidates, TaskDefinition task) {
        return candidates.stream()
                .flatMap(node -> node.lacks(task.name(), task.signature()).stream()
                        .map(lack -> (view.isMaster(node) ? "the master " : "node ") + node.id() + " " + lack))
                .collect(Collectors.joining(", "));
    }

    /** Why there is no candidate, and what the operator can do, as a sentence. */
    static String whyNone(ClusterView view, Role role) {
        if (view.members().isEmpty()) {
            return "This node has not joined the cluster: see the log and /actuator/health for the state of ZooKeeper.";
        }
        String members = view.members().stream()
                .map(node -> node.id() + " " + (view.isMaster(node) ? "(master, " : "(worker, ")
                        + (node.acceptsTasks() ? node.state().toString() : "takes no tasks") + ")")
                .reduce((a, b) -> a + ", " + b)
                .orElse("none");
        return switch (role) {
            case MASTER ->
                view.master() == null
                        ? "No master is elected. Members: " + members + "."
                        : "The master " + view.master().nodeId() + " of epoch "
                                + view.master().epoch() + " takes no tasks at the moment. Members: " + members + ".";
            case WORKER -> "No worker takes tasks; members: " + members + ". Start another node.";
            case ANY -> "No member takes tasks; members: " + members + ".";
        };
    }
}
