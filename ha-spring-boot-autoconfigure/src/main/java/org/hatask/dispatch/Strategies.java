package org.hatask.dispatch;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.IntUnaryOperator;
import java.util.function.Supplier;
import org.hatask.Balance;
import org.hatask.cluster.Node;
import org.jspecify.annotations.Nullable;

/**
 * The built-in strategies, and the preference for the own zone that precedes all of them but the consistent hash: that one
 * must answer the same on every node. Thread-safe.
 */
public final class Strategies {

    private final Supplier<Node> self;
    private final boolean preferZone;
    private final Map<Balance, Strategy> strategies = new EnumMap<>(Balance.class);

    /**
     * @param self this node
     * @param loads tasks in flight
     * @param localThreads tasks in flight from which on this node is busy
     * @param preferZone whether nodes of this node's zone come first
     * @param random gives a number from 0 up to, but without, its argument; thread-safe
     */
    public Strategies(
            Supplier<Node> self, NodeLoads loads, int localThreads, boolean preferZone, IntUnaryOperator random) {
        this.self = self;
        this.preferZone = preferZone;
        Strategy leastActive = new LeastActiveStrategy(loads::load, random);
        strategies.put(Balance.ROUND_ROBIN, new RoundRobinStrategy(random));
        strategies.put(Balance.RANDOM, new RandomStrategy(random));
        strategies.put(Balance.WEIGHTED, new WeightedStrategy());
        strategies.put(Balance.LEAST_ACTIVE, leastActive);
        strategies.put(Balance.CONSISTENT_HASH, new ConsistentHashStrategy());
        strategies.put(
                Balance.LOCAL_FIRST,
                new LocalFirstStrategy(
                        node -> node.isSameProcessAs(self.get()), loads::load, localThreads, leastActive));
    }

    /** Chooses one of the candidates, of which there is at least one. */
    Node choose(Balance balance, String task, @Nullable String key, List<Node> candidates) {
        List<Node> near = inZone(balance, candidates);
        return near.size() == 1 ? near.get(0) : strategy(balance).choose(task, key, near);
    }

    /** The candidates among which the strategy chooses: those of this node's zone while there are any. */
    private List<Node> inZone(Balance balance, List<Node> candidates) {
        String zone = zone(balance);
        if (zone == null) {
            return candidates;
        }
        List<Node> near = new ArrayList<>(candidates.size());
        for (Node node : candidates) {
            if (zone.equals(node.zone())) {
                near.add(node);
            }
        }
        return near.isEmpty() ? candidates : near;
    }

    /** The zone whose nodes come first with this strategy, or null. */
    private @Nullable String zone(Balance balance) {
        return preferZone && balance != Balance.CONSISTENT_HASH ? self.get().zone() : null;
    }

    /** How it sees the candidates now, for operators. */
    Ranking rank(Balance balance, @Nullable String key, List<Node> candidates) {
        List<Node> near = inZone(balance, candidates);
        Strategy.Scores scores = strategy(balance).scores(key, near);
        List<Ranking.Rank> ranks = new ArrayList<>();
        for (Node node : candidates) {
            int place = near.indexOf(node);
            ranks.add(
                    place >= 0
                            ? new Ranking.Rank(node, scores.values().get(place), null)
                            : new Ranking.Rank(node, null, "another zone; nodes of " + zone(balance) + " come first"));
        }
        return new Ranking(balance.name().toLowerCase(Locale.ROOT).replace('_', '-'), scores.meaning(), ranks);
    }

    private Strategy strategy(Balance balance) {
        Strategy strategy = strategies.get(balance);
        if (strategy == null) {
            throw new IllegalArgumentException(balance + " is not a strategy");
        }
        return strategy;
    }
}
