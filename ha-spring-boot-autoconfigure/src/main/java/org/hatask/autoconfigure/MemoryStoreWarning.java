package org.hatask.autoconfigure;

import java.util.function.Supplier;
import org.hatask.cluster.ClusterListener;
import org.hatask.cluster.ClusterView;
import org.hatask.execute.TaskDefinition;
import org.hatask.execute.TaskRegistry;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells once that nodes of a cluster share no durable tasks, as each keeps its own in memory. On the thread of the cluster's events. */
final class MemoryStoreWarning implements ClusterListener {

    private static final Logger log = LoggerFactory.getLogger(MemoryStoreWarning.class);

    private final Supplier<TaskRegistry> registry;
    private boolean told;

    /** @param registry the tasks of this node, known when it joins */
    MemoryStoreWarning(Supplier<TaskRegistry> registry) {
        this.registry = registry;
    }

    @Override
    public void viewChanged(ClusterView before, ClusterView after) {
        if (!told
                && after.isJoined()
                && after.members().size() > 1
                && registry.get().all().stream().anyMatch(TaskDefinition::isDurable)) {
            told = true;
            log.warn(
                    "ha.task-store.type is memory, and the cluster has {} members: each keeps durable tasks of its own, which no"
                            + " other sees or takes over, and which end with it. Set ha.task-store.type to zookeeper or jdbc",
                    after.members().size());
        }
    }
}
