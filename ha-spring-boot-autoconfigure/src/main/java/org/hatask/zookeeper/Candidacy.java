package org.hatask.zookeeper;

import java.util.List;
import org.apache.zookeeper.Op;
import org.jspecify.annotations.Nullable;

/**
 * Who is entitled to the mastership: one way of choosing. {@link MastershipHolder} does the rest, the same for all: it takes,
 * holds, renews and loses the mastership, and does so only under the guards of the {@link Entitlement} it was given. So a
 * wrong or late answer here costs time, never safety.
 *
 * <p>Every method is called on the holder's thread and must not block; answers go through {@link MastershipHolder#entitled}
 * and {@link MastershipHolder#notEntitled}, on that thread too.
 */
interface Candidacy {

    /** Why this node may be master: what has to be true in ZooKeeper for it, and what ends it in an orderly hand-over. */
    record Entitlement(
            List<Op> guards, List<Op> releases, @Nullable String watchedPath) {}

    /** Stands for election with the current session; if it stands already, anew, behind all others. */
    void stand();

    boolean isStanding();

    /** What a warm write can check, empty when there is nothing yet. */
    List<Op> guards();

    /** Does not stand any more. */
    void withdraw();

    /** Regularly while connected, to see whether it takes part at all. */
    void check();
}
