package org.hatask.durable;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.hatask.cluster.ClusterState;
import org.hatask.cluster.Mastership;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells operators, on the master, of tasks that no node can execute: once, until none of that kind waits any more. Its monitor
 * guards what it has told.
 */
final class UnrunnableWatch {

    private static final Logger log = LoggerFactory.getLogger(UnrunnableWatch.class);

    private final TaskStore store;
    private final ClusterState cluster;
    private final Mastership mastership;
    private final Set<Kind> told = new HashSet<>();

    private record Kind(String task, String signature) {

        static Kind of(UnrunnableTasks tasks) {
            return new Kind(tasks.task(), tasks.signature());
        }
    }

    UnrunnableWatch(TaskStore store, ClusterState cluster, Mastership mastership) {
        this.store = store;
        this.cluster = cluster;
        this.mastership = mastership;
    }

    synchronized void look() {
        if (!mastership.isHeld()) {
            told.clear();
            return;
        }
        List<UnrunnableTasks> unrunnable =
                UnrunnableTasks.among(store.waiting(), cluster.view().members());
        told.retainAll(unrunnable.stream().map(Kind::of).collect(Collectors.toSet()));
        for (UnrunnableTasks tasks : unrunnable) {
            if (told.add(Kind.of(tasks))) {
                log.warn(
                        "{} durable tasks '{}' {} wait and cannot be executed: {}. They are kept; start a node that has the task"
                                + " as it was when they were submitted, or cancel them",
                        tasks.waiting(),
                        tasks.task(),
                        tasks.signature(),
                        tasks.why());
            }
        }
    }
}
