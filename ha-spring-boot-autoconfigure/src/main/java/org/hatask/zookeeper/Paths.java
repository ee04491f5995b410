package org.hatask.zookeeper;

import java.util.List;

/** Where a cluster keeps what in ZooKeeper, see DESIGN.md §3. Absolute: every client, ours or a human's, sees the same. */
final class Paths {

    /** The parent of all clusters. */
    static final String SHARED = "/ha";

    private final String root;

    Paths(String cluster) {
        this.root = SHARED + "/" + cluster;
    }

    String root() {
        return root;
    }

    String members() {
        return root + "/members";
    }

    String member(String nodeId) {
        return members() + "/" + nodeId;
    }

    /** The latch. */
    String election() {
        return root + "/election";
    }

    String master() {
        return root + "/master";
    }

    /** Its znode version is the epoch. */
    String epoch() {
        return root + "/epoch";
    }

    /** What operators have decided: who shall be master, who is drained. */
    String assigned() {
        return root + "/assigned";
    }

    /** Who has seen that a master's process is gone. */
    String gone() {
        return root + "/gone";
    }

    String history() {
        return root + "/history";
    }

    /** What the master renews; its time of modification is the master's last sign of life by ZooKeeper's clock. */
    String lease() {
        return root + "/lease";
    }

    String secret() {
        return root + "/secret";
    }

    /** What must exist before anything else, parents first. */
    List<String> persistent() {
        return List.of(SHARED, root, members(), election(), assigned(), gone(), epoch(), history(), lease());
    }
}
