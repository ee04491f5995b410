package org.hatask.cluster;

import java.time.Clock;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Holds the newest {@link ClusterView}. Written by membership and election under this object's lock, read by everybody
 * through a volatile field. Listeners are told on the given executor, which must keep the order (one thread); observers at
 * once, on the thread that brings the change, which they must not hold up. Nor must what depends on
 * {@link ClusterView#changed()}, which completes there, too.
 */
public final class ClusterState {

    private final Executor notifier;
    private final Clock clock;
    private final List<ClusterListener> listeners = new CopyOnWriteArrayList<>();
    private final List<Runnable> observers = new CopyOnWriteArrayList<>();
    private volatile ClusterView view;

    public ClusterState(Node self, Executor notifier) {
        this(self, notifier, Clock.systemUTC());
    }

    public ClusterState(Node self, Executor notifier, Clock clock) {
        this.notifier = notifier;
        this.clock = clock;
        this.view = new ClusterView(
                self, List.of(), null, null, clock.instant(), 0, Orders.NONE, new CompletableFuture<>());
    }

    public ClusterView view() {
        return view;
    }

    public void addListener(ClusterListener listener) {
        listeners.add(listener);
    }

    /** For the engine's own threads, which only hand over. */
    public void addObserver(Runnable observer) {
        observers.add(observer);
    }

    /** Replaces what this node says of itself. */
    public void setSelf(Node self) {
        replace(old -> new ClusterView(
                ordered(self, old.orders()),
                old.members(),
                old.master(),
                old.formerMaster(),
                old.masterlessSince(),
                old.lastEpoch(),
                old.orders(),
                new CompletableFuture<>()));
    }

    /** Replaces the members, as they describe themselves, and what operators have decided of them. */
    public void setMembers(Collection<Node> members, Orders orders) {
        List<Node> sorted = members.stream()
                .map(node -> ordered(node, orders))
                .sorted(Comparator.comparing(Node::id))
                .toList();
        replace(old -> new ClusterView(
                ordered(old.self(), orders),
                sorted,
                old.master(),
                old.formerMaster(),
                old.masterlessSince(),
                old.lastEpoch(),
                orders,
                new CompletableFuture<>()));
    }

    /** An operator's word stands above a node's own, but for its end. */
    private static Node ordered(Node node, Orders orders) {
        Node plain = node.undrained();
        return orders.isDrained(node.id()) && plain.state() == NodeState.UP
                ? plain.withState(NodeState.DRAINED)
                : plain;
    }

    /** Replaces the master; a master of an older epoch than one already known is ignored. */
    public void setMaster(@Nullable Master master) {
        replace(old -> {
            if (master != null && master.epoch() < old.lastEpoch()) {
                return old;
            }
            boolean lost = master == null && old.master() != null;
            return new ClusterView(
                    old.self(),
                    old.members(),
                    master,
                    master != null ? null : lost ? old.master() : old.formerMaster(),
                    master != null ? null : lost ? clock.instant() : old.masterlessSince(),
                    master == null ? old.lastEpoch() : master.epoch(),
                    old.orders(),
                    new CompletableFuture<>());
        });
    }

    private void replace(UnaryOperator<ClusterView> change) {
        ClusterView before;
        ClusterView after;
        synchronized (this) {
            before = view;
            after = change.apply(before);
            if (isSame(before, after)) {
                return;
            }
            view = after;
            notifier.execute(() -> listeners.forEach(listener -> listener.viewChanged(before, after)));
        }
        observers.forEach(Runnable::run);
        // Not on the notifier: a listener of the application that blocks there must hold up no call that waits for
        // this.
        before.changed().complete(null);
    }

    private static boolean isSame(ClusterView a, ClusterView b) {
        return a.self().equals(b.self())
                && a.members().equals(b.members())
                && Objects.equals(a.master(), b.master())
                && a.orders().equals(b.orders());
    }
}
