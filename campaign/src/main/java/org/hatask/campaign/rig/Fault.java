package org.hatask.campaign.rig;

import java.time.Duration;
import java.util.EnumSet;
import java.util.Set;

/**
 * One entry of a {@link Schedule}.
 *
 * @param at after the start of the campaign
 * @param length how long it lasts; after a kill or a stop, how long until the restart
 * @param onMaster whether it hits whoever is master then, instead of {@code target}
 * @param target number of the node or ZooKeeper server, from 1
 * @param other number of the node at the other end, never {@code target}
 * @param amount what the kind makes of it: milliseconds of delay, seconds of a clock's jump
 */
public record Fault(Duration at, Kind kind, Duration length, boolean onMaster, int target, int other, int amount) {

    /** What happens. */
    public enum Kind {
        /** kill -9, and a restart later. */
        KILL(6, 0, 8),
        /** SIGSTOP, and SIGCONT later: shorter and longer than a session. */
        PAUSE(8, 1, 10),
        /** SIGTERM, and a restart later. */
        TERMINATE(4, 0, 6),
        /** The process's clock jumps, and back later. */
        CLOCK(4, 2, 10),
        /** Nothing passes between two nodes. */
        CUT(4, 1, 10),
        /** Nothing passes from one node to another; the other way it does. */
        CUT_ONE_WAY(4, 1, 10),
        /** Delay and loss between two nodes. */
        SLOW(3, 2, 10),
        /** Delay and loss between a node and all ZooKeeper servers. */
        ZOOKEEPER_SLOW(3, 2, 10),
        /** A node is cut off from all ZooKeeper servers, from nothing else; where they are embedded, from all other nodes. */
        ZOOKEEPER_CUT(6, 1, 10),
        /** A node hears ZooKeeper, ZooKeeper does not hear it. */
        ZOOKEEPER_CUT_ONE_WAY(3, 1, 10),
        /** A ZooKeeper server is cut off from the others, and the node reaches that one only. */
        ZOOKEEPER_MINORITY(6, 2, 12),
        /** kill -9 of a ZooKeeper server, and a restart later. */
        ZOOKEEPER_KILL(3, 0, 5),
        /** kill -9 of all ZooKeeper servers, and a restart later. */
        ZOOKEEPER_RESTART(1, 0, 5),
        /** All other nodes are refused by a node that lives: as if its process were gone. */
        REJECT(4, 1, 8),
        /** The same, and the node is cut off from ZooKeeper too, which could have told it that it was deposed. */
        FALSE_CRASH(3, 3, 8),
        /** An operator promotes a node, whoever is master. */
        PROMOTE(10, 0, 1);

        private static final Set<Kind> OF_SERVERS = EnumSet.of(ZOOKEEPER_MINORITY, ZOOKEEPER_KILL, ZOOKEEPER_RESTART);

        final int weight;
        final int leastSeconds;
        final int mostSeconds;

        Kind(int weight, int leastSeconds, int mostSeconds) {
            this.weight = weight;
            this.leastSeconds = leastSeconds;
            this.mostSeconds = mostSeconds;
        }

        /** Those that make sense. */
        static Set<Kind> of(Election election, Ensemble ensemble) {
            Set<Kind> kinds = EnumSet.allOf(Kind.class);
            if (election != Election.OPERATOR) {
                kinds.remove(PROMOTE);
            }
            if (ensemble == Ensemble.EMBEDDED) {
                kinds.removeAll(OF_SERVERS);
            }
            return kinds;
        }
    }

    @Override
    public String toString() {
        return String.format(
                "%s of %s (or %d) for %.1f s, amount %d",
                kind, onMaster ? "the master" : Integer.toString(target), other, length.toMillis() / 1000.0, amount);
    }
}
