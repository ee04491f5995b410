package org.hatask.dispatch;

import java.util.List;
import java.util.function.IntUnaryOperator;
import org.hatask.cluster.Node;
import org.jspecify.annotations.Nullable;

/** Any node, all with the same probability. */
final class RandomStrategy implements Strategy {

    private final IntUnaryOperator random;

    /**
     * @param random gives a number from 0 up to, but without, its argument
     */
    RandomStrategy(IntUnaryOperator random) {
        this.random = random;
    }

    @Override
    public Node choose(String task, @Nullable String key, List<Node> candidates) {
        return candidates.get(random.applyAsInt(candidates.size()));
    }

    @Override
    public Scores scores(@Nullable String key, List<Node> candidates) {
        return Scores.shares(candidates.stream().map(node -> 1.0).toList());
    }
}
