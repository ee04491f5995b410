package org.hatask.dispatch;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.hatask.cluster.Node;
import org.jspecify.annotations.Nullable;

/**
 * Each node in turn, as often as its weight says, and mixed well: the smooth weighted round robin of nginx. Before every
 * choice each candidate gains its weight in credit; the richest is chosen and pays what all have gained. The monitor of a
 * task's credits guards them.
 */
final class WeightedStrategy implements Strategy {

    private final Map<String, Map<String, Long>> creditsByTask = new ConcurrentHashMap<>();

    @Override
    public Node choose(String task, @Nullable String key, List<Node> candidates) {
        Map<String, Long> credits = creditsByTask.get(task);
        if (credits == null) {
            credits = creditsByTask.computeIfAbsent(task, name -> new HashMap<>());
        }
        synchronized (credits) {
            return choose(credits, candidates);
        }
    }

    private static Node choose(Map<String, Long> credits, List<Node> candidates) {
        Node richest = candidates.get(0);
        long most = Long.MIN_VALUE;
        long gained = 0;
        for (Node node : candidates) {
            long credit = credits.merge(node.incarnation(), (long) node.weight(), Long::sum);
            gained += node.weight();
            if (credit > most) {
                most = credit;
                richest = node;
            }
        }
        credits.merge(richest.incarnation(), -gained, Long::sum);
        if (credits.size() > 2 * candidates.size() + 16) {
            // Most of them are processes that are gone.
            Set<String> present = new HashSet<>();
            candidates.forEach(node -> present.add(node.incarnation()));
            credits.keySet().retainAll(present);
        }
        return richest;
    }

    @Override
    public Scores scores(@Nullable String key, List<Node> candidates) {
        return Scores.shares(
                candidates.stream().map(node -> (double) node.weight()).toList());
    }
}
