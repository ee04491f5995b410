package org.hatask.dispatch;

import java.util.List;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;
import org.hatask.cluster.Node;
import org.jspecify.annotations.Nullable;

/** The calling node itself while it is not busy, and what another strategy says otherwise. */
final class LocalFirstStrategy implements Strategy {

    private final Predicate<Node> isSelf;
    private final ToDoubleFunction<Node> load;
    private final int busyFrom;
    private final Strategy otherwise;

    /**
     * @param load tasks in flight on a node
     * @param busyFrom how many of them make this node busy
     */
    LocalFirstStrategy(Predicate<Node> isSelf, ToDoubleFunction<Node> load, int busyFrom, Strategy otherwise) {
        this.isSelf = isSelf;
        this.load = load;
        this.busyFrom = busyFrom;
        this.otherwise = otherwise;
    }

    @Override
    public Node choose(String task, @Nullable String key, List<Node> candidates) {
        for (Node node : candidates) {
            if (isSelf.test(node)) {
                return load.applyAsDouble(node) < busyFrom ? node : otherwise.choose(task, key, candidates);
            }
        }
        return otherwise.choose(task, key, candidates);
    }

    @Override
    public Scores scores(@Nullable String key, List<Node> candidates) {
        return new Scores(
                "tasks in flight; this node is chosen while it has fewer than " + busyFrom
                        + ", then of two nodes drawn at random the one with fewer",
                candidates.stream().map(load::applyAsDouble).toList());
    }
}
