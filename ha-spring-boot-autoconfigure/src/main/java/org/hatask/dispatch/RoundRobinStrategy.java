package org.hatask.dispatch;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntUnaryOperator;
import org.hatask.cluster.Node;
import org.jspecify.annotations.Nullable;

/**
 * Each node in turn. Every task has its own turn: with one for all, two tasks that are called alternately would each always
 * meet the same half of the nodes. Turns begin anywhere, so that not all nodes of a cluster begin with the same one.
 */
final class RoundRobinStrategy implements Strategy {

    private final IntUnaryOperator random;
    private final Map<String, AtomicInteger> turns = new ConcurrentHashMap<>();

    /**
     * @param random gives a number from 0 up to, but without, its argument
     */
    RoundRobinStrategy(IntUnaryOperator random) {
        this.random = random;
    }

    @Override
    public Node choose(String task, @Nullable String key, List<Node> candidates) {
        AtomicInteger turn = turns.get(task);
        if (turn == null) {
            turn = turns.computeIfAbsent(task, name -> new AtomicInteger(random.applyAsInt(1024)));
        }
        return candidates.get(Math.floorMod(turn.getAndIncrement(), candidates.size()));
    }

    @Override
    public Scores scores(@Nullable String key, List<Node> candidates) {
        return Scores.shares(candidates.stream().map(node -> 1.0).toList());
    }
}
