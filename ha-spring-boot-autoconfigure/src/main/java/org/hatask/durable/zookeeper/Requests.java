package org.hatask.durable.zookeeper;

import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.apache.zookeeper.AddWatchMode;
import org.apache.zookeeper.AsyncCallback.ChildrenCallback;
import org.apache.zookeeper.AsyncCallback.DataCallback;
import org.apache.zookeeper.AsyncCallback.MultiCallback;
import org.apache.zookeeper.AsyncCallback.StatCallback;
import org.apache.zookeeper.AsyncCallback.VoidCallback;
import org.apache.zookeeper.KeeperException.Code;
import org.apache.zookeeper.Op;
import org.apache.zookeeper.Watcher;
import org.apache.zookeeper.Watcher.WatcherType;
import org.apache.zookeeper.ZooKeeper;
import org.apache.zookeeper.data.Stat;
import org.hatask.zookeeper.Reply;
import org.jspecify.annotations.Nullable;

/**
 * What is asked over one handle of ZooKeeper. Past Curator, which would repeat writes whose answer got lost. Answers and
 * events reach {@code thread} in the order in which the server sent them; each request is answered once, if only by the loss
 * of the connection.
 */
record Requests(ZooKeeper handle, Executor thread) {

    @FunctionalInterface
    interface Read {
        void done(Code code, byte @Nullable [] data, @Nullable Stat stat);
    }

    void write(List<Op> operations, Consumer<Reply> then) {
        long sent = System.nanoTime();
        MultiCallback callback = (rc, path, context, results) -> {
            Reply written = new Reply(Code.get(rc), results == null ? List.of() : results, sent, System.nanoTime());
            thread.execute(() -> then.accept(written));
        };
        handle.multi(operations, callback, null);
    }

    void exists(String path, BiConsumer<Code, @Nullable Stat> then) {
        StatCallback callback = (rc, requested, context, stat) -> thread.execute(() -> then.accept(Code.get(rc), stat));
        handle.exists(path, false, callback, null);
    }

    void read(String path, Read then) {
        DataCallback callback =
                (rc, requested, context, data, stat) -> thread.execute(() -> then.done(Code.get(rc), data, stat));
        handle.getData(path, false, callback, null);
    }

    void children(String path, BiConsumer<Code, List<String>> then) {
        ChildrenCallback callback = (rc, requested, context, names) ->
                thread.execute(() -> then.accept(Code.get(rc), names == null ? List.of() : names));
        handle.getChildren(path, false, callback, null);
    }

    /** From now on tells of everything below. */
    void watchAll(String path, Watcher watcher, Consumer<Code> then) {
        VoidCallback callback = (rc, requested, context) -> thread.execute(() -> then.accept(Code.get(rc)));
        handle.addWatch(path, watcher, AddWatchMode.PERSISTENT_RECURSIVE, callback, null);
    }

    void unwatch(String path, Watcher watcher) {
        VoidCallback nobodyAsks = (rc, requested, context) -> {};
        handle.removeWatches(path, watcher, WatcherType.Any, true, nobodyAsks, null);
    }
}
