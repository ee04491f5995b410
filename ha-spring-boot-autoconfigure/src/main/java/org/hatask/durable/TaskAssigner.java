package org.hatask.durable;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
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

    private final TaskStore store;
    private final ClusterState cluster;
    private final Mastership mastership;
    private final Fitness fitness;
    private final TaskRegistry registry;
    private final int atMostPerNode;
    private final Set<String> unknown = new HashSet<>();

    /** Versions by id of what was LEASED when {@link #balance} looked last. */
    private final Map<String, Long> waiting = new HashMap<>();

    /** @param atMostPerNode how many of a task a node is given before it ends some while it has no others; see {@link Shares} */
    TaskAssigner(
            TaskStore store,
            ClusterState cluster,
            Mastership mastership,
            Fitness fitness,
            TaskRegistry registry,
            int atMostPerNode) {
        this.store = store;
        this.cluster = cluster;
        this.mastership = mastership;
        this.fitness = fitness;
        this.registry = registry;
        this.atMostPerNode = atMostPerNode;
    }

    /** A worker and what it holds. */
    private static final class Load {

        private final Node node;
        private final Lease lease;
        private final Shares places;
        private int tasks;

        Load(Node node, Lease lease, int atMost) {
            this.node = node;
            this.lease = lease;
            this.places = new Shares(atMost);
        }

        void add(TaskRecord task) {
            places.add(task.task());
            tasks++;
        }

        void remove(TaskRecord task) {
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
     * Takes back what waits behind others at its node while another node could begin it, to be given out anew. Only what waited the
     * last time already, and not what is about to begin. To be called every now and then.
     */
    synchronized void balance() {
        if (store.isClaimedByNodes() || !mastership.isHeld()) {
            waiting.clear();
            return;
        }
        ClusterView view = cluster.view();
        List<Load> loads = loads(view);
        Map<String, Long> before = Map.copyOf(waiting);
        waiting.clear();
        List<TaskRecord> taken = new ArrayList<>();
        for (Load load : loads) {
            for (TaskRecord task : store.heldBy(load.lease.worker())) {
                if (task.state() == TaskState.LEASED) {
                    waiting.put(task.id(), task.version());
                    if (before.getOrDefault(task.id(), 0L) == task.version() && isBehindOthers(load, task)) {
                        another(view, task, load, loads).ifPresent(other -> {
                            load.remove(task);
                            other.add(task);
                            taken.add(task.givenBack(store.now()));
                        });
                    }
                }
            }
        }
        if (!taken.isEmpty()) {
            log.debug(
                    "{} durable tasks that waited behind others are given to nodes that can begin them", taken.size());
            store.replace(taken);
        }
    }

    /** A node begins half of what it is given; the other half is there in advance. */
    private boolean isBehindOthers(Load load, TaskRecord task) {
        return load.places.of(task.task()) > (atMostPerNode + 1) / 2;
    }

    private Optional<Load> another(ClusterView view, TaskRecord task, Load own, List<Load> loads) {
        List<Load> free = loads.stream()
                .filter(load -> load != own && load.places.of(task.task()) < (atMostPerNode + 1) / 2)
                .toList();
        return registry.find(task.task()).flatMap(definition -> choose(view, task, definition, free));
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

    private List<Load> loads(ClusterView view) {
        Map<String, Node> byIncarnation = new HashMap<>();
        view.members().stream().filter(Node::takesTasks).forEach(node -> byIncarnation.put(node.incarnation(), node));
        List<Node> nodes = List.copyOf(byIncarnation.values());
        List<Node> fit = fitness.fit(nodes);
        Set<Node> chosen = new HashSet<>(fit.isEmpty() ? fitness.lastResort(nodes) : fit);
        return store.workers().stream()
                .map(worker -> load(worker, byIncarnation))
                .flatMap(Optional::stream)
                .filter(load -> chosen.contains(load.node))
                .collect(Collectors.toCollection(ArrayList::new));
    }

    private Optional<Load> load(String worker, Map<String, Node> byIncarnation) {
        Node node = byIncarnation.get(WorkerLease.incarnationOf(worker));
        if (node == null) {
            return Optional.empty();
        }
        Load load = new Load(node, new Lease(worker, node.id()), atMostPerNode);
        store.heldBy(worker).forEach(load::add);
        return Optional.of(load);
    }

    private Optional<Load> choose(ClusterView view, TaskRecord task, TaskDefinition definition, List<Load> loads) {
        Comparator<Load> order = Comparator.<Load, Boolean>comparing(
                        load -> load.node.id().equals(task.lastNode()))
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
