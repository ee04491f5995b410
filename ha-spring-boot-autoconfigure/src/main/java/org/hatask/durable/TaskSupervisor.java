package org.hatask.durable;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.hatask.TaskReassignedEvent;
import org.hatask.TaskState;
import org.hatask.cluster.ClusterListener;
import org.hatask.cluster.ClusterView;
import org.hatask.cluster.Mastership;
import org.hatask.cluster.Node;
import org.hatask.cluster.NodeState;
import org.jspecify.annotations.Nullable;
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
    private static final Duration LARGEST_JUMP = Duration.ofSeconds(1);
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

    /** What the store's clock said last, and when. */
    private @Nullable Instant lastTime;

    private long lastTimeNanos;
    private long steadyAgain;

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
        this.steadyAgain = nanoTime.getAsLong();
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
        if (!lease.isHeld()) {
            return;
        }
        if (!store.isClaimedByNodes() && !mastership.isHeld()) {
            forgetReleased();
            return;
        }
        Stages stages = new Stages();
        stages.run(this::releaseDeparted);
        stages.run(this::expire);
        stages.run(() -> {
            if (takeAbandoned()) {
                changed.run();
            }
        });
        stages.run(this::endOutdated);
        if (nanoTime.getAsLong() - nextHousekeeping >= 0) {
            nextHousekeeping = nanoTime.getAsLong() + HOUSEKEEPING.toNanos();
            stages.run(this::keepHouse);
        }
        stages.end();
    }

    /** What fails keeps nothing from being done that follows; then it is told. */
    private static final class Stages {

        private @Nullable RuntimeException first;

        void run(Runnable stage) {
            try {
                stage.run();
            } catch (RuntimeException e) {
                if (first == null) {
                    first = e;
                } else {
                    first.addSuppressed(e);
                }
            }
        }

        void end() {
            if (first != null) {
                throw first;
            }
        }
    }

    private void expire() {
        Instant time = store.now();
        if (clockIsSteady(time) && lease.isSteady()) {
            store.expire(time.plus(LARGEST_JUMP));
        }
    }

    /**
     * Changes them together; if that fails, one by one, as somebody may keep one of them. Two failures one after the other are the
     * store's.
     *
     * @return for each whether it was changed
     */
    private List<Boolean> replace(List<TaskRecord> tasks) {
        try {
            return store.replace(tasks);
        } catch (RuntimeException e) {
            if (tasks.size() == 1) {
                throw e;
            }
            log.warn(
                    "{} durable tasks cannot be changed together, and are one by one: {}",
                    tasks.size(),
                    e.getMessage());
        }
        List<Integer> order =
                new ArrayList<>(IntStream.range(0, tasks.size()).boxed().toList());
        Collections.shuffle(order);
        Boolean[] done = new Boolean[tasks.size()];
        Arrays.fill(done, false);
        boolean failed = false;
        for (int i : order) {
            try {
                done[i] = store.replace(List.of(tasks.get(i))).get(0);
                failed = false;
            } catch (RuntimeException e) {
                log.warn("Durable task {} cannot be changed, which is tried again: {}", tasks.get(i), e.getMessage());
                if (failed) {
                    break;
                }
                failed = true;
            }
        }
        return List.of(done);
    }

    /**
     * Whether the store's clock went no faster than this node's for as long as a lease lasts. When somebody sets it ahead, all leases
     * seem to be over at once; then their holders first have the time to renew them.
     */
    private boolean clockIsSteady(Instant time) {
        long nanos = nanoTime.getAsLong();
        Instant before = lastTime;
        if (before != null) {
            Duration jump = Duration.between(before, time).minusNanos(nanos - lastTimeNanos);
            if (jump.compareTo(LARGEST_JUMP) > 0) {
                log.warn(
                        "The clock of the store of durable tasks was set ahead by {} s: no lease is ended for {} s",
                        jump.toSeconds(),
                        lease.length().toSeconds());
                steadyAgain = nanos + lease.length().toNanos();
            }
        }
        lastTime = time;
        lastTimeNanos = nanos;
        return nanos - steadyAgain >= 0;
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

    /** The master does it. Should this node be the next one, it still has to know what that did not come to. */
    private void forgetReleased() {
        if (!departed.isEmpty()) {
            departed.retainAll(
                    store.workers().stream().map(WorkerLease::incarnationOf).collect(Collectors.toSet()));
        }
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
            taken = tell(abandoned, decided, replace(decided));
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
            replace(outdated.stream().map(task -> task.expired(store.now())).toList());
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
