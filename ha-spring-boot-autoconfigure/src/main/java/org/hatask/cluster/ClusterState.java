package org.hatask.cluster;

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
 * through a volatile field. Listeners are told on the given executor, which must keep the order (one thread).
 */
public final class ClusterState {

    private final Executor notifier;
    private final List<ClusterListener> listeners = new CopyOnWriteArrayList<>();
    private volatile ClusterView view;

    public ClusterState(Node self, Executor notifier) {
        this.notifier = notifier;
        this.view = new ClusterView(self, List.of(), null, 0, new CompletableFuture<>());
    }

    public ClusterView view() {
        return view;
    }

    public void addListener(ClusterListener listener) {
        listeners.add(listener);
    }

    /** Replaces what this node says of itself. */
    public void setSelf(Node self) {
        replace(old -> new ClusterView(self, old.members(), old.master(), old.lastEpoch(), new CompletableFuture<>()));
    }

    /** Replaces the members. */
    public void setMembers(Collection<Node> members) {
        List<Node> sorted =
                members.stream().sorted(Comparator.comparing(Node::id)).toList();
        replace(old -> new ClusterView(old.self(), sorted, old.master(), old.lastEpoch(), new CompletableFuture<>()));
    }

    /** Replaces the master; a master of an older epoch than one already known is ignored. */
    public void setMaster(@Nullable Master master) {
        replace(old -> {
            if (master != null && master.epoch() < old.lastEpoch()) {
                return old;
            }
            long epoch = master == null ? old.lastEpoch() : master.epoch();
            return new ClusterView(old.self(), old.members(), master, epoch, new CompletableFuture<>());
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
        before.changed().completeAsync(() -> null, notifier);
    }

    private static boolean isSame(ClusterView a, ClusterView b) {
        return a.self().equals(b.self()) && a.members().equals(b.members()) && Objects.equals(a.master(), b.master());
    }
}
