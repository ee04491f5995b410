package org.hatask.durable;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.hatask.TaskState;
import org.hatask.cluster.ClusterState;
import org.hatask.cluster.ClusterView;
import org.hatask.cluster.Mastership;
import org.hatask.cluster.Node;
import org.hatask.dispatch.RoleRouter;
import org.hatask.execute.Shares;
import org.hatask.execute.TaskDefinition;
import org.hatask.execute.TaskRegistry;
import org.hatask.failure.Fitness;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gives tasks to nodes, on the master, for stores from which nodes do not take them themselves. It remembers nothing that counts:
 * whoever is master next finds everything in the store. Each task goes to the fit node that holds the fewest, and not to the one that
 * made its last attempt as long as there is another. Its monitor lets one thread assign at a time.
 */
final class TaskAssigner {

    private static final Logger log = LoggerFactory.getLogger(TaskAssigner.class);
    private static final int AT_ONCE = 100;

    /** How many looks have to find a task waiting before it is moved. */
    private static final int LOOKS = 3;

    private final TaskStore store;
    private final ClusterState cluster;
    private final Mastership mastership;
    private final Fitness fitness;
    private final TaskRegistry registry;
    private final int concurrency;
    private final Set<String> unknown = new HashSet<>();

    /** By id what was LEASED when {@link #balance} looked last. */
    private final Map<String, Waiting> waiting = new HashMap<>();

    private record Waiting(long version, int looks) {}

    /** @param concurrency how many of a task a node executes while it has no others, see {@link Shares}; it is given twice as many */
    TaskAssigner(
            TaskStore store,
            ClusterState cluster,
            Mastership mastership,
            Fitness fitness,
            TaskRegistry registry,
            int concurrency) {
        this.store = store;
        this.cluster = cluster;
        this.mastership = mastership;
        this.fitness = fitness;
        this.registry = registry;
        this.concurrency = concurrency;
    }

    /** A worker and what it holds. */
    private static final class Load {

        private final Node node;
        private final Lease lease;

        /** What it begins, and with what is there in advance. */
        private final Shares begins;

        private final Shares places;
        private int tasks;

        Load(Node node, Lease lease, int concurrency) {
            this.node = node;
            this.lease = lease;
            this.begins = new Shares(concurrency);
            this.places = new Shares(2 * concurrency);
        }

        void add(TaskRecord task) {
            begins.add(task.task());
            places.add(task.task());
            tasks++;
        }

        void remove(TaskRecord task) {
            begins.giveBack(task.task());
            places.giveBack(task.task());
            tasks--;
        }
    }

    /** Gives out what is due, some of it if it is much: the change that this makes in the store is a reason to come again. */
    synchronized void assign() {
        if (store.isClaimedByNodes() || !mastership.isHeld()) {
            return;
        }
        List<TaskRecord> due = store.due(AT_ONCE);
        if (due.isEmpty()) {
            return;
        }
        ClusterView view = cluster.view();
        List<Load> loads = loads(view);
        Set<Node> fit = fit(loads, fitness::fit);
        loads.removeIf(load -> !fit.contains(load.node));
        List<TaskRecord> given = choose(view, due, loads);
        if (given.isEmpty() && due.size() == AT_ONCE) {
            // Those that nobody can execute now must not stand before the others.
            given = choose(view, store.due(Integer.MAX_VALUE), loads);
        }
        if (!given.isEmpty()) {
            store.replace(given);
        }
    }

    /**
     * Gives what has waited at its node for some time to another node that can begin it. To be called every now and then: what has
     * waited is what the last looks have found there, too.
     */
    synchronized void balance() {
        if (store.isClaimedByNodes() || !mastership.isHeld()) {
            waiting.clear();
            return;
        }
        List<TaskRecord> found = store.workers().stream()
                .flatMap(worker -> store.heldBy(worker).stream())
                .filter(task -> task.state() == TaskState.LEASED)
                .toList();
        Map<String, Waiting> before = Map.copyOf(waiting);
        waiting.clear();
        for (TaskRecord task : found) {
            Waiting last = before.get(task.id());
            int looks = last != null && last.version() == task.version() ? last.looks() + 1 : 1;
            waiting.put(task.id(), new Waiting(task.version(), looks));
        }
        List<TaskRecord> late = found.stream()
                .filter(task -> Objects.requireNonNull(waiting.get(task.id())).looks() >= LOOKS)
                .toList();
        if (!late.isEmpty()) {
            move(late);
        }
    }

    private void move(List<TaskRecord> late) {
        ClusterView view = cluster.view();
        List<Load> loads = loads(view);
        // Who gets its share of calls as it recovers must not lose it by this.
        Set<Node> fit = fit(loads, fitness::couldBeFit);
        List<TaskRecord> moved = new ArrayList<>();
        for (TaskRecord task : late) {
            Optional<Load> own = loads.stream()
                    .filter(load -> load.lease.equals(task.lease()) && load.begins.room(task.task()) < 0)
                    .findFirst();
            List<Load> free = loads.stream()
                    .filter(load -> fit.contains(load.node) && load.begins.room(task.task()) > 0)
                    .toList();
            Optional<Load> other = own.flatMap(load -> registry.find(task.task()))
                    .flatMap(definition -> choose(view, task, definition, free));
            if (own.isPresent() && other.isPresent()) {
                own.get().remove(task);
                other.get().add(task);
                moved.add(task.givenBack(store.now()).leasedTo(other.get().lease));
            }
        }
        if (!moved.isEmpty()) {
            log.debug("{} durable tasks that waited are given to nodes that can begin them", moved.size());
            store.replace(moved);
        }
    }

    private List<TaskRecord> choose(ClusterView view, List<TaskRecord> due, List<Load> loads) {
        List<TaskRecord> given = new ArrayList<>();
        for (TaskRecord task : due) {
            if (given.size() == AT_ONCE) {
                break;
            }
            Optional<TaskDefinition> definition = registry.find(task.task());
            if (definition.isEmpty()) {
                tellUnknown(task);
                continue;
            }
            choose(view, task, definition.get(), loads).ifPresent(load -> {
                load.add(task);
                given.add(task.leasedTo(load.lease));
            });
        }
        return given;
    }

    /** Those of all members that take tasks. */
    private List<Load> loads(ClusterView view) {
        Map<String, Node> byIncarnation = new HashMap<>();
        view.members().stream().filter(Node::takesTasks).forEach(node -> byIncarnation.put(node.incarnation(), node));
        return store.workers().stream()
                .map(worker -> load(worker, byIncarnation))
                .flatMap(Optional::stream)
                .collect(Collectors.toCollection(ArrayList::new));
    }

    private Set<Node> fit(List<Load> loads, UnaryOperator<List<Node>> fitAmong) {
        List<Node> nodes = loads.stream().map(load -> load.node).distinct().toList();
        List<Node> fit = fitAmong.apply(nodes);
        return new HashSet<>(fit.isEmpty() ? fitness.lastResort(nodes) : fit);
    }

    private Optional<Load> load(String worker, Map<String, Node> byIncarnation) {
        Node node = byIncarnation.get(WorkerLease.incarnationOf(worker));
        if (node == null) {
            return Optional.empty();
        }
        Load load = new Load(node, new Lease(worker, node.id()), concurrency);
        store.heldBy(worker).forEach(load::add);
        return Optional.of(load);
    }

    private Optional<Load> choose(ClusterView view, TaskRecord task, TaskDefinition definition, List<Load> loads) {
        Comparator<Load> order = Comparator.<Load, Boolean>comparing(
                        load -> load.node.id().equals(task.lastNode()))
                .thenComparing(load -> load.begins.room(task.task()) <= 0)
                .thenComparing(load -> load.tasks)
                .thenComparing(load -> load.node.id());
        return loads.stream()
                .filter(load -> load.places.room(task.task()) > 0)
                .filter(load -> load.node.lacks(task.task(), task.signature()).isEmpty())
                .filter(load -> RoleRouter.hasRole(view, load.node, definition.role()))
                .min(order);
    }

    private void tellUnknown(TaskRecord task) {
        if (unknown.add(task.task())) {
            log.warn(
                    "This node, the master, has no task '{}', so that it cannot say which nodes may execute {}: it is kept until a"
                            + " master knows it",
                    task.task(),
                    task);
        }
    }
}
