package org.hatask.dispatch;

import java.util.List;
import org.hatask.cluster.Node;
import org.jspecify.annotations.Nullable;

/**
 * How a chooser sees candidates at this moment.
 *
 * @param strategy its name
 * @param scoreMeaning what a score means, or null when there are none
 * @param ranks one for each candidate, in their order
 */
record Ranking(String strategy, @Nullable String scoreMeaning, List<Rank> ranks) {

    /**
     * @param node the candidate
     * @param score by the strategy, or null
     * @param excluded why the strategy does not look at it, or null when it does
     */
    record Rank(Node node, @Nullable Double score, @Nullable String excluded) {}

    /** The ranking of a strategy that says nothing of itself. */
    static Ranking unknown(String strategy, List<Node> candidates) {
        return new Ranking(
                strategy,
                null,
                candidates.stream().map(node -> new Rank(node, null, null)).toList());
    }
}
