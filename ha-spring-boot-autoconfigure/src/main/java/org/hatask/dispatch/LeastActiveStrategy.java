package org.hatask.dispatch;

import java.util.List;
import java.util.function.IntUnaryOperator;
import java.util.function.ToDoubleFunction;
import org.hatask.cluster.Node;
import org.jspecify.annotations.Nullable;

/**
 * Of two nodes drawn at random the one with fewer tasks in flight; the first drawn when both have as many. Two are compared
 * and not all, since what is known of other nodes is a little old: all callers would rush to the one that seemed idle.
 */
final class LeastActiveStrategy implements Strategy {

    private final ToDoubleFunction<Node> load;
    private final IntUnaryOperator random;

    /**
     * @param load tasks in flight on a node, as far as known
     * @param random gives a number from 0 up to, but without, its argument
     */
    LeastActiveStrategy(ToDoubleFunction<Node> load, IntUnaryOperator random) {
        this.load = load;
        this.random = random;
    }

    @Override
    public Node choose(String task, @Nullable String key, List<Node> candidates) {
        int size = candidates.size();
        if (size == 1) {
            return candidates.get(0);
        }
        int first = random.applyAsInt(size);
        int second = (first + 1 + random.applyAsInt(size - 1)) % size;
        Node one = candidates.get(first);
        Node other = candidates.get(second);
        return load.applyAsDouble(other) < load.applyAsDouble(one) ? other : one;
    }

    @Override
    public Scores scores(@Nullable String key, List<Node> candidates) {
        return new Scores(
                "tasks in flight; of two nodes drawn at random the one with fewer is chosen",
                candidates.stream().map(load::applyAsDouble).toList());
    }
}
