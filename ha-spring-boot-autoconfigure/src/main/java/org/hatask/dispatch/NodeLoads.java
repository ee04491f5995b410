package org.hatask.dispatch;

import java.time.Duration;
import java.util.Collection;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.hatask.cluster.Node;
import org.hatask.execute.Outcome;
import org.hatask.link.NodeReport;
import org.hatask.link.ReportListener;
import org.jspecify.annotations.Nullable;

/**
 * How many tasks are in flight on each node, as far as this one knows: its own calls exactly and at once, those of others
 * from the last heartbeat. A heartbeat counts our calls, too; they are recognized by their task ids, which begin with our
 * incarnation, and left out, since we know them better. Thread-safe, without locks.
 */
public final class NodeLoads implements ReportListener {

    private static final int HEARTBEATS_UNTIL_STALE = 3;

    private final Supplier<Node> self;
    private final IntSupplier localInFlight;
    private final long staleNanos;
    private final LongSupplier nanoTime;
    private final Map<String, AtomicInteger> ownCalls = new ConcurrentHashMap<>();
    private final Map<String, Others> othersCalls = new ConcurrentHashMap<>();

    /** What others have in flight on a node. */
    private record Others(double inFlight, long atNanos) {}

    /**
     * @param self this node
     * @param localInFlight tasks in flight on this node, of whatever caller
     * @param heartbeat how often nodes report
     */
    public NodeLoads(Supplier<Node> self, IntSupplier localInFlight, Duration heartbeat, LongSupplier nanoTime) {
        this.self = self;
        this.localInFlight = localInFlight;
        this.staleNanos = heartbeat.multipliedBy(HEARTBEATS_UNTIL_STALE).toNanos();
        this.nanoTime = nanoTime;
    }

    /** Counts an attempt on another node until its outcome is there. */
    CompletableFuture<Outcome> track(Node node, CompletableFuture<Outcome> pending) {
        if (pending.isDone()) {
            return pending;
        }
        AtomicInteger calls = ownCalls.get(node.incarnation());
        if (calls == null) {
            calls = ownCalls.computeIfAbsent(node.incarnation(), incarnation -> new AtomicInteger());
        }
        AtomicInteger counted = calls;
        counted.incrementAndGet();
        pending.whenComplete((outcome, error) -> counted.decrementAndGet());
        return pending;
    }

    @Override
    public void reported(String nodeId, String incarnation, NodeReport report) {
        othersCalls.put(incarnation, new Others(ofOthers(report), nanoTime.getAsLong()));
    }

    /** A long report is cut: what it names then stands for all. */
    private double ofOthers(NodeReport report) {
        int named = report.running().size();
        if (named == 0) {
            return report.inFlight();
        }
        String ours = TaskIds.prefix(self.get().incarnation());
        long own = report.running().stream()
                .filter(task -> task.taskId().startsWith(ours))
                .count();
        return Math.max(0, report.inFlight() * (1 - (double) own / named));
    }

    /** Tasks in flight on the node. */
    double load(Node node) {
        if (node.isSameProcessAs(self.get())) {
            return localInFlight.getAsInt();
        }
        AtomicInteger own = ownCalls.get(node.incarnation());
        return (own == null ? 0 : own.get()) + ofOthers(othersCalls.get(node.incarnation()));
    }

    private double ofOthers(@Nullable Others others) {
        return others == null || nanoTime.getAsLong() - others.atNanos() >= staleNanos ? 0 : others.inFlight();
    }

    /** Forgets processes that are no members any more. */
    public void retainOnly(Collection<Node> members) {
        Set<String> incarnations = members.stream().map(Node::incarnation).collect(Collectors.toSet());
        ownCalls.keySet().retainAll(incarnations);
        othersCalls.keySet().retainAll(incarnations);
    }
}
