package org.hatask.dispatch;

import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.hatask.NodeHealthChangedEvent.Status;
import org.hatask.cluster.Node;
import org.hatask.execute.Attempt;
import org.hatask.execute.Outcome;
import org.hatask.failure.Condition;
import org.hatask.failure.Fitness;
import org.jspecify.annotations.Nullable;

/** Nodes are fit but for those that a test names; everything it is told is written down. */
public final class FakeFitness implements Fitness {

    final Set<String> unfit = new HashSet<>();
    final Set<String> denying = new HashSet<>();
    final List<String> told = new CopyOnWriteArrayList<>();
    final List<CompletableFuture<Outcome>> sent = new CopyOnWriteArrayList<>();

    @Override
    public List<Node> fit(List<Node> nodes) {
        return nodes.stream().filter(node -> !unfit.contains(node.id())).toList();
    }

    @Override
    public List<Node> couldBeFit(List<Node> nodes) {
        return fit(nodes);
    }

    @Override
    public List<Node> lastResort(List<Node> nodes) {
        return nodes;
    }

    @Override
    public Condition condition(Node node) {
        return unfit.contains(node.id())
                ? new Condition(Status.SICK, "a test says so", Instant.EPOCH)
                : new Condition(Status.UP, null, Instant.EPOCH);
    }

    @Override
    public @Nullable Trial begin(Node node, Attempt attempt, boolean anyway, long now) {
        if (!anyway && denying.contains(node.id())) {
            return null;
        }
        told.add("begin " + node.id());
        return new Trial() {
            @Override
            public void sent(CompletableFuture<Outcome> outcome) {
                sent.add(outcome);
            }

            @Override
            public void ended(Outcome outcome, long now) {
                told.add("ended " + node.id() + " " + outcome.getClass().getSimpleName());
            }

            @Override
            public void abandoned() {
                told.add("abandoned " + node.id());
            }
        };
    }
}
