package org.hatask.zookeeper;

import java.util.List;
import org.apache.zookeeper.Op;
import org.jspecify.annotations.Nullable;

/**
 * Who is entitled to the mastership: one way of choosing. {@link MastershipHolder} does the rest, the same for all: it takes,
 * holds, renews and loses the mastership, and does so only under the guards of the {@link Entitlement} it was given. So a
 * wrong or late answer here costs time, never safety.
 *
 * <p>Every method is called on the holder's thread and must not block; answers go through {@link MastershipHolder#entitled},
 * {@link MastershipHolder#notEntitled} and {@link MastershipHolder#handOver}, on that thread too.
 */
interface Candidacy {

    /**
     * What has to be true in ZooKeeper.
     *
     * @param guards to become master
     * @param keeps to stay master
     * @param releases what ends it in an orderly hand-over
     * @param watchedPath the node whose end ends the mastership, or null
     */
    record Entitlement(
            List<Op> guards,
            List<Op> keeps,
            List<Op> releases,
            @Nullable String watchedPath) {

        /** The existence of the candidate's own node says it all. */
        static Entitlement ofNode(String path) {
            List<Op> exists = List.of(Op.check(path, -1));
            return new Entitlement(exists, exists, List.of(Op.delete(path, -1)), path);
        }
    }

    /** Stands for election with the current session, if it may; if it stands already, anew, behind all others. */
    void stand();

    boolean isStanding();

    /**
     * Whether it may soon lead, for all that is known. Only a few of many do, and who does not need not prove all the time that its
     * session lives: should it win all the same, it begins when it has proved that.
     */
    default boolean mayLeadSoon() {
        return true;
    }

    /** What a warm write can check, empty when there is nothing yet. */
    List<Op> guards();

    /** Does not stand any more. */
    void withdraw();

    /** Regularly while connected, to see whether it takes part at all. */
    void check();

    /** The cluster or the operators' orders have changed, or may have. */
    void reconsider();

    /** As long as it is not null, another node that can lead shall. */
    void standAside(@Nullable String why);

    /** This node was deposed by others although it lives; {@link #stand} follows. */
    default void deposed() {}

    /** This node gave the mastership back because it could not fill it. */
    void gaveBack();
}
