package org.hatask.durable;

import java.util.Comparator;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.hatask.cluster.Node;

/**
 * Tasks that wait although no member of the cluster can execute them, as far as the members say what they have. They are kept, and
 * run when a node joins that can.
 *
 * @param task their name
 * @param signature of their method at the submission
 * @param waiting how many there are
 * @param why no member can, in words
 */
public record UnrunnableTasks(String task, String signature, long waiting, String why) {

    /** @param members of the cluster; where there are none, nothing is known of any task */
    static List<UnrunnableTasks> among(List<WaitingTasks> waiting, List<Node> members) {
        return waiting.stream()
                .filter(kind -> !members.isEmpty() && members.stream().allMatch(lacks(kind)))
                .map(kind -> new UnrunnableTasks(kind.task(), kind.signature(), kind.count(), why(kind, members)))
                .sorted(Comparator.comparing(UnrunnableTasks::task).thenComparing(UnrunnableTasks::signature))
                .toList();
    }

    private static Predicate<Node> lacks(WaitingTasks kind) {
        return node -> node.lacks(kind.task(), kind.signature()).isPresent();
    }

    private static String why(WaitingTasks kind, List<Node> members) {
        String others = members.stream()
                .filter(node -> node.tasks() != null && node.tasks().containsKey(kind.task()))
                .map(Node::id)
                .collect(Collectors.joining(", "));
        return others.isEmpty()
                ? "no node has a task of this name"
                : "the task of this name has other parameters or another result on every node that has it: " + others;
    }
}
