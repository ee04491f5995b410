package org.hatask;

import static org.awaitility.Awaitility.await;

import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** A task that says where it is executed, for tests of how nodes reach each other. */
class WhereDesk {

    private final HaCluster cluster;

    WhereDesk(HaCluster cluster) {
        this.cluster = cluster;
    }

    @HaTask
    public String where() {
        return cluster.self().id();
    }

    /** Calls it on a node until all that are expected have executed it. */
    static void awaitCallsReach(TestNodes nodes, String from, String... expected) {
        Set<String> seen = new HashSet<>();
        await().atMost(TestNodes.PATIENCE).until(() -> {
            seen.add(nodes.bean(from, WhereDesk.class).where());
            return seen.containsAll(List.of(expected));
        });
    }
}
