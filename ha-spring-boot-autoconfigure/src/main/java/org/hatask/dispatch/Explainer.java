package org.hatask.dispatch;

import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import org.hatask.OffRole;
import org.hatask.cluster.ClusterView;
import org.hatask.cluster.Node;
import org.hatask.execute.TaskDefinition;
import org.hatask.failure.Condition;
import org.hatask.failure.Fitness;
import org.jspecify.annotations.Nullable;

/** Says why a task goes where it goes, by the same rules as {@link Execution}. Chooses nobody. */
final class Explainer {

    private final NodeChooser chooser;
    private final Fitness fitness;
    private final RetryBudget budget;
    private final LongSupplier nanoTime;
    private final Clock clock;

    Explainer(NodeChooser chooser, Fitness fitness, RetryBudget budget, LongSupplier nanoTime, Clock clock) {
        this.chooser = chooser;
        this.fitness = fitness;
        this.budget = budget;
        this.nanoTime = nanoTime;
        this.clock = clock;
    }

    Explanation explain(ClusterView view, TaskDefinition task, @Nullable String key, DecisionLog log) {
        Map<String, String> excluded = new HashMap<>();
        List<Node> candidates = candidates(view, task, excluded);
        Ranking ranking = chooser.rank(task, key, candidates);
        Map<String, Ranking.Rank> ranks = new HashMap<>();
        ranking.ranks().forEach(rank -> ranks.put(rank.node().incarnation(), rank));
        return new Explanation(
                task.name(),
                task.role(),
                ranking.strategy(),
                key,
                ranking.scoreMeaning(),
                view.members().stream()
                        .map(node -> member(node, ranks.get(node.incarnation()), excluded.get(node.incarnation())))
                        .toList(),
                new Explanation.Budget(budget.toString(), Math.floor(budget.available()), budget.denied()),
                decisions(ranking.strategy(), log));
    }

    /** Who could take a call now; why the others cannot is added to {@code excluded}. */
    private List<Node> candidates(ClusterView view, TaskDefinition task, Map<String, String> excluded) {
        List<Node> open = new ArrayList<>();
        for (Node node : view.members()) {
            String reason = task.offRole() != OffRole.FORWARD && !node.isSameProcessAs(view.self())
                    ? "with offRole = " + task.offRole() + " the task runs where it is called or not at all"
                    : RoleRouter.whyNot(view, node, task);
            if (reason == null) {
                open.add(node);
            } else {
                excluded.put(node.incarnation(), reason);
            }
        }
        List<Node> fit = fitness.couldBeFit(open);
        List<Node> chosenFrom = fit.isEmpty() && !open.isEmpty() ? fitness.lastResort(open) : fit;
        open.stream()
                .filter(node -> !chosenFrom.contains(node))
                .forEach(node -> excluded.put(node.incarnation(), unfit(node)));
        return chosenFrom;
    }

    private String unfit(Node node) {
        Condition condition = fitness.condition(node);
        return "it is " + condition.status() + (condition.reason() == null ? "" : ": " + condition.reason());
    }

    private static Explanation.Member member(Node node, Ranking.@Nullable Rank rank, @Nullable String excluded) {
        String reason = rank == null ? excluded : rank.excluded();
        return new Explanation.Member(
                node.id(),
                node.incarnation(),
                node.zone(),
                node.weight(),
                reason == null,
                rank == null ? null : rank.score(),
                reason);
    }

    private List<Explanation.Decision> decisions(String strategy, DecisionLog log) {
        Instant now = clock.instant();
        long nanos = nanoTime.getAsLong();
        return log.newestFirst().stream()
                .map(decision -> new Explanation.Decision(
                        now.minusNanos(nanos - decision.atNanos),
                        decision.taskId,
                        decision.attempt,
                        decision.node.id(),
                        decision.candidates,
                        decision.candidates == 1 ? "the only candidate" : strategy,
                        decision.outcome()))
                .toList();
    }
}
