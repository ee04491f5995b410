package org.hatask.durable.zookeeper;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.apache.zookeeper.KeeperException.Code;
import org.apache.zookeeper.Op;
import org.hatask.TaskState;
import org.hatask.cluster.Mastership;
import org.hatask.durable.StoreUnavailableException;
import org.hatask.durable.TaskRecord;
import org.hatask.zookeeper.Reply;
import org.jspecify.annotations.Nullable;

/**
 * One record that is to take the place of another. It is tried until there is an answer: a second try of what was done
 * already finds its own work. Belongs to its caller, and to the store's thread while an attempt is under way.
 */
final class Replacement {

    private final TaskRecord changed;
    private final byte[] json;
    private final Layout layout;
    private final String epochPath;
    private final Mastership mastership;
    private final Set<String> ownWorkers;
    private final MirrorKeeper keeper;
    private final TaskMirror mirror;

    private boolean triedBefore;
    private @Nullable Boolean done;

    Replacement(
            TaskRecord changed,
            byte[] json,
            Layout layout,
            String epochPath,
            Mastership mastership,
            Set<String> ownWorkers,
            MirrorKeeper keeper,
            TaskMirror mirror) {
        this.changed = changed;
        this.json = json;
        this.layout = layout;
        this.epochPath = epochPath;
        this.mastership = mastership;
        this.ownWorkers = ownWorkers;
        this.keeper = keeper;
        this.mirror = mirror;
    }

    /** Null while that is not known. */
    @Nullable
    Boolean done() {
        return done;
    }

    /** Tries once. Afterwards {@link #done} tells, or it is to be tried again when the connection is back. */
    CompletableFuture<Void> attempt() {
        if (!Layout.isId(changed.id())) {
            return ended(false);
        }
        TaskRecord known = mirror.get(changed.id());
        if (known != null && known.version() == changed.version()) {
            return write(known);
        }
        // Memory may be behind, or ahead of what the caller knows.
        return keeper.fetch(changed.id()).thenCompose(code -> {
            TaskRecord kept = mirror.get(changed.id());
            if (Reply.isLost(code)) {
                return CompletableFuture.completedFuture(null);
            }
            return kept != null && kept.version() == changed.version() ? write(kept) : overtaken(kept);
        });
    }

    private CompletableFuture<Void> write(TaskRecord before) {
        List<Op> operations = new ArrayList<>();
        if (isManagers(before)) {
            long epoch = mastership.heldEpoch();
            if (epoch == 0) {
                return triedBefore ? unknown() : ended(false);
            }
            operations.add(Op.check(epochPath, (int) epoch));
        }
        int set = operations.size();
        operations.add(Op.setData(layout.task(changed.id()), json, (int) (changed.version() - 1)));
        TaskRecord after = changed.withVersion(changed.version() + 1);
        return keeper.write(operations, () -> mirror.put(after)).thenCompose(written -> answered(written, set));
    }

    private CompletableFuture<Void> answered(Reply written, int set) {
        if (written.isOk()) {
            return ended(true);
        }
        if (written.isLost()) {
            triedBefore = true;
            return CompletableFuture.completedFuture(null);
        }
        boolean refused = written.code() == Code.BADVERSION || written.code() == Code.NONODE;
        if (!refused) {
            return CompletableFuture.failedFuture(new StoreUnavailableException(
                    "ZooKeeper refused to change task " + changed + ": " + written.code()
                            + (written.code() == Code.NOAUTH ? "; check ha.zookeeper.auth against the ACLs there" : ""),
                    null));
        }
        if (!triedBefore) {
            // What stands there now is read, so that the caller sees it at once.
            return written.failedIndex() == set
                    ? keeper.fetch(changed.id()).thenCompose(code -> ended(false))
                    : ended(false);
        }
        return keeper.fetch(changed.id())
                .thenCompose(code -> Reply.isLost(code)
                        ? CompletableFuture.completedFuture(null)
                        : overtaken(mirror.get(changed.id())));
    }

    /** The record has another version than the one to be replaced; that may be the work of an attempt before. */
    private CompletableFuture<Void> overtaken(@Nullable TaskRecord kept) {
        if (!triedBefore || kept == null || kept.version() <= changed.version()) {
            return ended(false);
        }
        return kept.version() == changed.version() + 1
                ? ended(kept.equals(changed.withVersion(kept.version())))
                : unknown();
    }

    private CompletableFuture<Void> unknown() {
        return CompletableFuture.failedFuture(new StoreUnavailableException(
                "It is not known whether task " + changed
                        + " was changed: the connection to ZooKeeper was lost meanwhile, and others have changed it since."
                        + " Look it up.",
                null));
    }

    private CompletableFuture<Void> ended(boolean result) {
        done = result;
        return CompletableFuture.completedFuture(null);
    }

    /** Whether only the master may do it: to give a task to a worker, or to take it from one of another node. */
    private boolean isManagers(TaskRecord before) {
        if (changed.state() == TaskState.LEASED) {
            return true;
        }
        if (before.lease() == null || before.lease().equals(changed.lease())) {
            return false;
        }
        boolean cancelled = before.state() == TaskState.LEASED && changed.state() == TaskState.CANCELLED;
        return !cancelled && !ownWorkers.contains(before.lease().worker());
    }
}
