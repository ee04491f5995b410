package org.hatask.zookeeper;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.apache.zookeeper.AsyncCallback.ACLCallback;
import org.apache.zookeeper.AsyncCallback.ChildrenCallback;
import org.apache.zookeeper.AsyncCallback.MultiCallback;
import org.apache.zookeeper.AsyncCallback.StatCallback;
import org.apache.zookeeper.AsyncCallback.StringCallback;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException.Code;
import org.apache.zookeeper.Op;
import org.apache.zookeeper.Watcher;
import org.apache.zookeeper.ZooKeeper;
import org.apache.zookeeper.data.ACL;
import org.jspecify.annotations.Nullable;

/**
 * A ZooKeeper session and the raw handle it belongs to. Writes go past Curator on purpose: it would repeat them after a lost
 * connection, and here every write must be known to have been sent once, at a known time. Nothing blocks; the futures
 * complete on ZooKeeper's event thread, so continue on a thread of your own.
 *
 * @param zooKeeper the handle, which never gets another session
 * @param id the session's id
 * @param timeout as negotiated
 */
record Session(ZooKeeper zooKeeper, long id, Duration timeout) {

    boolean isSameAs(Session other) {
        return id == other.id;
    }

    /** All of them, all at once or none: writes only, or reads only. */
    CompletableFuture<Reply> multi(List<Op> operations) {
        CompletableFuture<Reply> answer = new CompletableFuture<>();
        long sent = System.nanoTime();
        MultiCallback callback = (rc, path, context, results) -> answer.complete(
                new Reply(Code.get(rc), results == null ? List.of() : results, sent, System.nanoTime()));
        zooKeeper.multi(operations, callback, null);
        return answer;
    }

    CompletableFuture<Code> createPersistent(String path, List<ACL> acl) {
        CompletableFuture<Code> answer = new CompletableFuture<>();
        StringCallback callback = (rc, requested, context, name) -> answer.complete(Code.get(rc));
        zooKeeper.create(path, new byte[0], acl, CreateMode.PERSISTENT, callback, null);
        return answer;
    }

    /** Tells {@code watcher} once when the node changes; what it says now is of no interest. */
    void watch(String path, Watcher watcher) {
        StatCallback ignore = (rc, requested, context, stat) -> {};
        zooKeeper.exists(path, watcher, ignore, null);
    }

    /**
     * Names of the children; completes with null when they cannot be read.
     *
     * @param watcher told once when they change, or null
     */
    CompletableFuture<@Nullable List<String>> children(String path, @Nullable Watcher watcher) {
        CompletableFuture<@Nullable List<String>> answer = new CompletableFuture<>();
        ChildrenCallback callback =
                (rc, requested, context, names) -> answer.complete(Code.get(rc) == Code.OK ? names : null);
        zooKeeper.getChildren(path, watcher, callback, null);
        return answer;
    }

    /** Who may do what with the node; completes with null when that cannot be read. */
    CompletableFuture<@Nullable List<ACL>> acl(String path) {
        CompletableFuture<@Nullable List<ACL>> answer = new CompletableFuture<>();
        ACLCallback callback =
                (rc, requested, context, acl, stat) -> answer.complete(Code.get(rc) == Code.OK ? acl : null);
        zooKeeper.getACL(path, null, callback, null);
        return answer;
    }

    /** Creates what is missing of {@code paths}, in order. Completes with the first error, or OK. */
    CompletableFuture<Code> createMissing(List<String> paths, Function<String, List<ACL>> acl) {
        CompletableFuture<Code> all = CompletableFuture.completedFuture(Code.OK);
        for (String path : paths) {
            // Sent at once, answered in order: one round trip for all.
            CompletableFuture<Code> one = createPersistent(path, acl.apply(path));
            all = all.thenCombine(
                    one, (before, code) -> before != Code.OK ? before : code == Code.NODEEXISTS ? Code.OK : code);
        }
        // Without the right to create below a parent ZooKeeper does not say that the node exists already.
        return all.thenCompose(code -> code != Code.NOAUTH
                ? CompletableFuture.completedFuture(code)
                : multi(paths.stream().map(path -> Op.check(path, -1)).toList())
                        .thenApply(reply -> reply.isOk() ? Code.OK : Code.NOAUTH));
    }
}
