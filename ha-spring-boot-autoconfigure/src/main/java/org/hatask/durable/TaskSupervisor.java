package org.hatask.durable;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import org.hatask.TaskReassignedEvent;
import org.hatask.TaskState;
import org.hatask.cluster.ClusterListener;
import org.hatask.cluster.ClusterView;
import org.hatask.cluster.Mastership;
import org.hatask.cluster.Node;
import org.hatask.cluster.NodeState;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes tasks from nodes that are gone and decides what becomes of them. Every node has one; where nodes take tasks for
 * themselves all of them are at work, and of two that decide about the same task one is too late. Elsewhere that of the
 * master is.
 *
 * <p>A node is gone when its lease has run out, or when its process has left the cluster without having said before that it
 * was about to stop: then its tasks go on at once. After a time in which the store did not answer no lease is ended before
 * every node has had the time to renew its own.
 *
 * <p>Its monitor lets one thread supervise at a time; the departed are put in by the cluster's.
 */
final class TaskSupervisor implements ClusterListener {

    private static final Logger log = LoggerFactory.getLogger(TaskSupervisor.class);

    /** With how many dead nodes a task is laid aside. */
    private static final int DEATHS_TO_PARK = 2;

    private static final int AT_ONCE = 200;
    private static final Duration HOUSEKEEPING = Duration.ofMinutes(1);

    private final TaskStore store;
    private final Mastership mastership;
    private final WorkerLease lease;
    private final Duration retention;
    private final LongSupplier nanoTime;
    private final Consumer<TaskReassignedEvent> reassigned;
    private final Runnable changed;
    private final Set<String> departed = ConcurrentHashMap.newKeySet();
    private long nextHousekeeping;

    /**
     * @param reassigned told of every task that was taken from a node
     * @param changed told when there are tasks to take
     */
    TaskSupervisor(
            TaskStore store,
            Mastership mastership,
            WorkerLease lease,
            Duration retention,
            LongSupplier nanoTime,
            Consumer<TaskReassignedEvent> reassigned,
            Runnable changed) {
        this.store = store;
        this.mastership = mastership;
        this.lease = lease;
        this.retention = retention;
        this.nanoTime = nanoTime;
        this.reassigned = reassigned;
        this.changed = changed;
        this.nextHousekeeping = nanoTime.getAsLong() + HOUSEKEEPING.toNanos();
    }

    @Override
    public void viewChanged(ClusterView before, ClusterView after) {
        for (Node node : before.members()) {
            // One that is about to stop gives its tasks back itself, and this node knows best whether it is there.
            if (node.state() != NodeState.DRAINING && after.membersAndSelf().noneMatch(node::isSameProcessAs)) {
                departed.add(node.incarnation());
            }
        }
        after.members().forEach(node -> departed.remove(node.incarnation()));
    }

    /** Looks after the tasks of nodes that are gone. */
    synchronized void supervise() {
        if (!lease.isHeld() || !(store.isClaimedByNodes() || mastership.isHeld())) {
            return;
        }
        releaseDeparted();
        if (lease.isSteady()) {
            store.expire();
        }
        boolean any = takeAbandoned();
        endOutdated();
        if (any) {
            changed.run();
        }
        if (nanoTime.getAsLong() - nextHousekeeping >= 0) {
            nextHousekeeping = nanoTime.getAsLong() + HOUSEKEEPING.toNanos();
            keepHouse();
        }
    }

    private void releaseDeparted() {
        if (departed.isEmpty()) {
            return;
        }
        Set<String> gone = Set.copyOf(departed);
        for (String worker : store.workers()) {
            if (gone.contains(WorkerLease.incarnationOf(worker))) {
                log.info("The node of worker {} has left the cluster: its durable tasks are taken from it", worker);
                store.release(worker);
            }
        }
        // Whoever is gone cannot register anew, and one that returns is known by its membership.
        departed.removeAll(gone);
    }

    /** Whether tasks can be taken by others now. */
    private boolean takeAbandoned() {
        boolean any = false;
        List<TaskRecord> abandoned;
        long taken;
        do {
            abandoned = store.abandoned(AT_ONCE);
            List<TaskRecord> decided = new ArrayList<>();
            for (TaskRecord task : abandoned) {
                decided.add(
                        task.state() == TaskState.LEASED
                                ? task.givenBack(store.now())
                                : task.lost(
                                        store.now(),
                                        "Node " + nodeOf(task)
                                                + " died or was cut off while it executed it, and nobody knows how far it"
                                                + " came.",
                                        DEATHS_TO_PARK));
            }
            taken = tell(abandoned, decided, store.replace(decided));
            any |= taken > 0;
        } while (taken > 0 && abandoned.size() == AT_ONCE);
        return any;
    }

    private long tell(List<TaskRecord> before, List<TaskRecord> after, List<Boolean> replaced) {
        List<TaskReassignedEvent> events = new ArrayList<>();
        for (int i = 0; i < before.size(); i++) {
            if (replaced.get(i)) {
                TaskRecord task = before.get(i);
                events.add(new TaskReassignedEvent(
                        task.task(), task.id(), nodeOf(task), after.get(i).state()));
            }
        }
        Map<String, Map<TaskState, Long>> byNode = events.stream()
                .collect(Collectors.groupingBy(
                        TaskReassignedEvent::fromNode,
                        Collectors.groupingBy(TaskReassignedEvent::state, Collectors.counting())));
        byNode.forEach((node, states) -> log.warn("Durable tasks were taken from node {}: {}", node, states));
        events.forEach(reassigned);
        return events.size();
    }

    private static String nodeOf(TaskRecord task) {
        return task.lease() == null ? "unknown" : task.lease().nodeId();
    }

    private void endOutdated() {
        List<TaskRecord> outdated = store.outdated(AT_ONCE);
        if (!outdated.isEmpty()) {
            store.replace(
                    outdated.stream().map(task -> task.expired(store.now())).toList());
        }
    }

    private void keepHouse() {
        int pruned;
        do {
            pruned = store.prune(store.now().minus(retention), AT_ONCE);
        } while (pruned == AT_ONCE && lease.isHeld());
        store.tidy();
    }
}
