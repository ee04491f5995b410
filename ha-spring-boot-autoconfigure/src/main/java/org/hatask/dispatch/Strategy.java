package org.hatask.dispatch;

import java.util.List;
import org.hatask.cluster.Node;
import org.jspecify.annotations.Nullable;

/** One way to choose among nodes. Thread-safe, never blocks for long. */
interface Strategy {

    /**
     * @param task name of the task
     * @param key the call's key, where the task has one
     * @param candidates at least one
     */
    Node choose(String task, @Nullable String key, List<Node> candidates);

    /**
     * What the strategy would go by now, for an operator. Asking changes nothing.
     *
     * @param key null asks for keys in general
     * @return a score for each candidate, in their order
     */
    Scores scores(@Nullable String key, List<Node> candidates);

    /**
     * @param meaning what a score means
     * @param values one for each candidate
     */
    record Scores(String meaning, List<Double> values) {

        /** Every candidate gets the part that its share has in all shares. */
        static Scores shares(List<Double> shares) {
            double sum = shares.stream().mapToDouble(Double::doubleValue).sum();
            return new Scores(
                    "share of the calls",
                    shares.stream().map(share -> share / sum).toList());
        }
    }
}
