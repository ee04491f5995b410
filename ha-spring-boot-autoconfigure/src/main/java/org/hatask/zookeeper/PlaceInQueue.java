package org.hatask.zookeeper;

import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.function.LongSupplier;
import org.apache.curator.framework.recipes.locks.StandardLockInternalsDriver;
import org.hatask.cluster.ClusterState;
import org.hatask.cluster.ClusterView;
import org.hatask.cluster.Node;
import org.jspecify.annotations.Nullable;

/**
 * Whether a candidate stands so far in front of the latch's queue that it may soon lead. New ones stand behind, so its place only
 * gets better, and at most by one with each change of a member or of the master: ZooKeeper is asked again when enough have been seen
 * for it to matter. Were it asked at every change, what it sends would grow with the square of the nodes.
 *
 * <p>State is owned by the election's thread.
 */
final class PlaceInQueue {

    private static final String LATCH = "latch-";

    /** A candidate that stands aside is no change that others see. */
    private static final int SESSIONS_UNTIL_ASKED_ANYWAY = 60;

    private final ZooKeeperClients clients;
    private final ClusterState state;
    private final LongSupplier nanoTime;
    private final Executor thread;

    private @Nullable String path;
    private List<Node> members = List.of();
    private long epoch;
    private boolean asking;
    private boolean known;
    private boolean inFront;
    private long askedNanos;

    /** At least so many are before this one, as long as it is known and not in front. */
    private int ahead;

    /**
     * @param thread the election's
     */
    PlaceInQueue(ZooKeeperClients clients, ClusterState state, LongSupplier nanoTime, Executor thread) {
        this.clients = clients;
        this.state = state;
        this.nanoTime = nanoTime;
        this.thread = thread;
    }

    /** True as well while it is not known. */
    boolean isInFront() {
        return !known || inFront || ahead < MastershipHolder.WARM;
    }

    /**
     * Regularly.
     *
     * @param ownPath the candidate, or null while there is none
     */
    void check(@Nullable String ownPath) {
        if (ownPath == null || !ownPath.equals(path)) {
            path = ownPath;
            known = false;
            inFront = false;
        }
        ahead -= changes();
        Session session = clients.election().session();
        if (ownPath == null || session == null || asking || inFront || isFarForNow()) {
            return;
        }
        asking = true;
        askedNanos = nanoTime.getAsLong();
        session.children(clients.paths().election(), null)
                .thenAcceptAsync(
                        names -> {
                            asking = false;
                            if (names != null && ownPath.equals(path)) {
                                known = true;
                                ahead = before(ownPath, names);
                                inFront = ahead < MastershipHolder.WARM;
                            }
                        },
                        thread);
    }

    private boolean isFarForNow() {
        Duration patience = clients.settings().sessionTimeout().multipliedBy(SESSIONS_UNTIL_ASKED_ANYWAY);
        return !isInFront() && nanoTime.getAsLong() - askedNanos < patience.toNanos();
    }

    /** How many changes there were since this was asked last. */
    private int changes() {
        ClusterView view = state.view();
        int changes = (int) (view.lastEpoch() - epoch);
        epoch = view.lastEpoch();
        if (members != view.members()) {
            Set<Node> now = new HashSet<>(view.members());
            changes +=
                    (int) members.stream().filter(node -> !now.contains(node)).count();
            members = view.members();
        }
        return changes;
    }

    private static int before(String path, List<String> names) {
        String own = number(path);
        return (int)
                names.stream().filter(name -> number(name).compareTo(own) < 0).count();
    }

    /** By which the latch sorts. */
    private static String number(String name) {
        return StandardLockInternalsDriver.standardFixForSorting(name, LATCH);
    }
}
