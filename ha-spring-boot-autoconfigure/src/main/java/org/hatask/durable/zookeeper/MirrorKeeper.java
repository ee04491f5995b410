package org.hatask.durable.zookeeper;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.apache.curator.framework.state.ConnectionState;
import org.apache.curator.framework.state.ConnectionStateListener;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException.Code;
import org.apache.zookeeper.Op;
import org.apache.zookeeper.OpResult;
import org.apache.zookeeper.WatchedEvent;
import org.apache.zookeeper.Watcher;
import org.apache.zookeeper.Watcher.Event.EventType;
import org.apache.zookeeper.Watcher.Event.KeeperState;
import org.apache.zookeeper.data.Stat;
import org.hatask.durable.TaskJson;
import org.hatask.zookeeper.Reply;
import org.hatask.zookeeper.ZooKeeperAccess;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the mirror true: reads everything after each connection, and what changes as one recursive watch tells. The thread
 * {@code ha-task-store} owns everything here and alone writes to the mirror. Answers and events reach it in the order in which
 * the server sent them, so that the last word is always the newest; what this node writes is put into the mirror before its
 * caller is told.
 */
final class MirrorKeeper implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(MirrorKeeper.class);

    /** For a worker that does not say how long its lease is. */
    private static final Duration UNKNOWN_LEASE = Duration.ofMinutes(1);

    private static final byte[] NOTHING = new byte[0];

    /** Which wrote what may not be looked at. */
    private static final long UNKNOWN_TRANSACTION = -1;

    private final ZooKeeperAccess access;
    private final Layout layout;
    private final TaskMirror mirror;
    private final StoreClock clock;
    private final LongSupplier nanoTime;
    private final ConnectionStateListener connections = (client, state) -> connectionChanged(state);
    private final List<Runnable> listeners = new CopyOnWriteArrayList<>();
    private final ExecutorService thread = Executors.newSingleThreadExecutor(task -> {
        Thread created = new Thread(task, "ha-task-store");
        created.setDaemon(true);
        return created;
    });

    private final Object truth = new Object();
    /** Written by the thread, under {@link #truth}. */
    private Phase phase = Phase.AWAY;
    /** Why it is not true; under {@link #truth}. */
    private String problem = "there is no connection yet";

    /** The present handle; null before the first. Written by the thread. */
    private volatile @Nullable Requests requests;

    // All below belongs to the thread.
    private @Nullable Watcher watcher;
    /** Counts the readings of everything, so that an older one ends when a newer one has begun. */
    private int reading;
    /** Tasks that are being read, with those who asked for it once more meanwhile. */
    private final Map<String, List<Consumer<Code>>> askedAgain = new HashMap<>();

    private enum Phase {
        /** No connection, or it is of no use. */
        AWAY,
        READING,
        /** The mirror follows. */
        TRUE,
        CLOSED
    }

    MirrorKeeper(ZooKeeperAccess access, Layout layout, TaskMirror mirror, StoreClock clock, LongSupplier nanoTime) {
        this.access = access;
        this.layout = layout;
        this.mirror = mirror;
        this.clock = clock;
        this.nanoTime = nanoTime;
    }

    void start() {
        access.client().getConnectionStateListenable().addListener(connections);
        if (access.client().getZookeeperClient().isConnected()) {
            execute(this::connected);
        }
    }

    void addListener(Runnable listener) {
        listeners.add(listener);
    }

    // For callers, on any thread

    /**
     * Waits until the mirror is true.
     *
     * @return null when it is, else why it is not
     */
    @Nullable
    String await(long deadlineNanos) throws InterruptedException {
        boolean tried = false;
        synchronized (truth) {
            while (phase != Phase.TRUE) {
                long left = deadlineNanos - System.nanoTime();
                if (phase == Phase.CLOSED || left <= 0) {
                    return problem;
                }
                if (phase == Phase.AWAY && !tried) {
                    tried = true; // It may have been refused for a reason that is gone.
                    execute(this::connected);
                }
                truth.wait(Math.max(1, left / 1_000_000));
            }
            return null;
        }
    }

    /**
     * Writes, once.
     *
     * @param applied puts what was written into the mirror; on the thread
     * @return completes with what became of it
     */
    CompletableFuture<Reply> write(List<Op> operations, Runnable applied) {
        Requests via = requests;
        long now = System.nanoTime();
        if (via == null) {
            return CompletableFuture.completedFuture(new Reply(Code.CONNECTIONLOSS, List.of(), now, now));
        }
        CompletableFuture<Reply> answer = new CompletableFuture<>();
        via.write(operations, written -> {
            if (written.isOk()) {
                learnTime(written);
                if (via == requests) {
                    applied.run();
                    tell();
                }
            }
            answer.complete(written);
        });
        return answer;
    }

    /** Reads the task anew, if it has changed; completes when the mirror has it. */
    CompletableFuture<Code> fetch(String id) {
        CompletableFuture<Code> answer = new CompletableFuture<>();
        execute(() -> refresh(id, answer::complete));
        return answer;
    }

    /**
     * Reads the lease of a worker anew.
     *
     * @return completes with its version, or null when there is none or it cannot be read
     */
    CompletableFuture<@Nullable Integer> fetchLease(String worker) {
        CompletableFuture<@Nullable Integer> answer = new CompletableFuture<>();
        execute(() -> readLease(worker, stat -> answer.complete(stat == null ? null : stat.getVersion())));
        return answer;
    }

    /** Reads the content of a node; completes with null when there is none. */
    CompletableFuture<@Nullable String> fetchText(String path) {
        CompletableFuture<@Nullable String> answer = new CompletableFuture<>();
        Requests via = requests;
        if (via == null) {
            answer.complete(null);
        } else {
            via.read(
                    path,
                    (code, data, stat) ->
                            answer.complete(data == null ? null : new String(data, StandardCharsets.UTF_8)));
        }
        return answer;
    }

    /** Something of the layout is missing: makes it anew and reads everything. */
    void repair() {
        execute(() -> away("its layout was incomplete", true));
    }

    // Connections, on the thread from here on

    private void connectionChanged(ConnectionState state) {
        if (state == ConnectionState.CONNECTED || state == ConnectionState.RECONNECTED) {
            execute(this::connected);
        }
    }

    private void connected() {
        if (!access.client().getZookeeperClient().isConnected()) {
            return; // It tells again.
        }
        Requests current = requests;
        try {
            var handle = access.client().getZookeeperClient().getZooKeeper();
            if (current == null || current.handle() != handle) {
                current = new Requests(handle, this::execute);
                requests = current;
                watcher = watcherOf(current);
            } else if (phase() != Phase.AWAY) {
                return;
            }
        } catch (Exception e) {
            log.debug("the connection was lost as soon as it was made", e);
            return;
        }
        readAll(current);
    }

    private Watcher watcherOf(Requests via) {
        return event -> execute(() -> {
            if (via == requests) {
                told(event);
            }
        });
    }

    private void told(WatchedEvent event) {
        if (event.getType() == EventType.None) {
            // In order with everything else on this connection, unlike what Curator tells.
            if (event.getState() == KeeperState.SyncConnected) {
                connected();
            } else {
                away("the connection was lost", false);
            }
            return;
        }
        changed(layout.place(event.getPath()), event.getType());
    }

    private void away(String why, boolean readAgain) {
        reading++;
        become(Phase.AWAY, why);
        if (readAgain) {
            connected();
        }
    }

    private Phase phase() {
        synchronized (truth) {
            return phase;
        }
    }

    private void become(Phase next, String why) {
        synchronized (truth) {
            if (phase != Phase.CLOSED) {
                phase = next;
                problem = why;
                truth.notifyAll();
            }
        }
    }

    // Reading everything

    private void readAll(Requests via) {
        become(Phase.READING, "the tasks are still being read");
        Round round = new Round(via, ++reading);
        round.layout(
                () -> round.watch(() -> round.time(() -> round.workers(() -> round.paused(() -> round.bucket(0))))));
    }

    private Watcher watcher() {
        Watcher current = watcher;
        if (current == null) {
            throw new IllegalStateException("there is a watcher with every handle");
        }
        return current;
    }

    /** One reading of everything. Ends without a trace when the next has begun; a failure ends it, too. */
    private final class Round {

        private final Requests via;
        private final int number;

        Round(Requests via, int number) {
            this.via = via;
            this.number = number;
        }

        private boolean isOver() {
            return number != reading || via != requests;
        }

        /** Goes on when the answer is good. */
        private void check(String what, Code code, Runnable next) {
            if (isOver()) {
                return;
            }
            if (code == Code.OK) {
                next.run();
            } else {
                failed(what, code);
            }
        }

        private void failed(String what, Code code) {
            String why = "could not " + what + ": " + code
                    + (code == Code.NOAUTH || code == Code.INVALIDACL || code == Code.AUTHFAILED
                            ? "; check ha.zookeeper.auth against the ACLs of the existing nodes"
                            : "");
            if (code == Code.CONNECTIONLOSS || code == Code.SESSIONEXPIRED) {
                log.debug("reading the tasks in ZooKeeper was interrupted: {}", why);
            } else {
                log.warn("the tasks in ZooKeeper cannot be read: {}", why);
            }
            away(why, false);
        }

        /** Runs it when it was called so often. */
        private Runnable countdown(int from, Runnable then) {
            int[] left = {from};
            return () -> {
                if (--left[0] == 0 && !isOver()) {
                    then.run();
                }
            };
        }

        void layout(Runnable then) {
            via.children(
                    layout.tasks(),
                    (tasksCode, tasks) -> via.children(layout.keys(), (keysCode, keys) -> {
                        if (isOver()) {
                            return;
                        }
                        List<String> missing = new ArrayList<>(layout.all());
                        if (tasksCode == Code.OK) {
                            missing.remove(layout.tasks());
                            tasks.forEach(name -> missing.remove(layout.tasks() + "/" + name));
                        }
                        if (keysCode == Code.OK) {
                            missing.remove(layout.keys());
                            keys.forEach(name -> missing.remove(layout.keys() + "/" + name));
                        }
                        if (missing.isEmpty()) {
                            then.run();
                        } else {
                            create(missing, then);
                        }
                    }));
        }

        private void create(List<String> missing, Runnable then) {
            List<String> paths = new ArrayList<>(layout.parents());
            int parents = paths.size();
            paths.addAll(missing);
            Runnable created = countdown(paths.size(), then);
            for (int i = 0; i < paths.size(); i++) {
                String path = paths.get(i);
                boolean mayBeAnothers = i < parents;
                via.write(List.of(Op.create(path, NOTHING, access.acl(path), CreateMode.PERSISTENT)), written -> {
                    boolean there = written.isOk()
                            || written.code() == Code.NODEEXISTS
                            // Without the right to create, ZooKeeper does not say that it is there already.
                            || mayBeAnothers && written.code() == Code.NOAUTH;
                    check("create " + path, there ? Code.OK : written.code(), created);
                });
            }
        }

        void watch(Runnable then) {
            via.watchAll(layout.tasks(), watcher(), code -> check("watch " + layout.tasks(), code, then));
        }

        void time(Runnable then) {
            via.write(List.of(Op.setData(layout.clock(), NOTHING, -1)), written -> {
                learnTime(written);
                check("write to " + layout.clock(), written.code(), then);
            });
        }

        void workers(Runnable then) {
            via.children(
                    layout.workers(),
                    (code, names) -> check("read " + layout.workers(), code, () -> {
                        mirror.setWorkers(names, nanoTime.getAsLong());
                        Runnable read = countdown(names.size() + 1, then);
                        names.forEach(name -> readLease(name, stat -> read.run()));
                        read.run();
                    }));
        }

        void paused(Runnable then) {
            via.children(
                    layout.paused(),
                    (code, names) -> check("read " + layout.paused(), code, () -> {
                        mirror.setPaused(names.stream()
                                .map(Layout::decoded)
                                .flatMap(Optional::stream)
                                .toList());
                        then.run();
                    }));
        }

        /** One after the other, so that never too much is under way. */
        void bucket(int index) {
            if (index == Layout.buckets().size()) {
                become(Phase.TRUE, "");
                tell();
                return;
            }
            String bucket = Layout.buckets().get(index);
            String path = layout.bucketPath(bucket);
            via.children(
                    path,
                    (code, names) -> check("read " + path, code, () -> {
                        mirror.retain(bucket, names);
                        List<String> ids = names.stream()
                                .filter(name -> Layout.bucketOf(name).equals(bucket))
                                .toList();
                        Runnable read = countdown(ids.size() + 1, () -> bucket(index + 1));
                        ids.forEach(id -> refresh(id, answered -> check("read " + layout.task(id), answered, read)));
                        read.run();
                    }));
        }
    }

    // Following what changes

    private void changed(Layout.Place place, EventType how) {
        boolean deleted = how == EventType.NodeDeleted;
        if (place instanceof Layout.Place.Task task) {
            if (deleted) {
                mirror.remove(task.id());
                tell();
            } else {
                refresh(task.id(), code -> {});
            }
        } else if (place instanceof Layout.Place.Worker worker) {
            workerChanged(worker.worker(), how);
        } else if (place instanceof Layout.Place.Paused paused) {
            if (deleted) {
                mirror.resume(paused.task());
            } else {
                mirror.pause(paused.task());
            }
            tell();
        } else if (place instanceof Layout.Place.Frame && deleted) {
            // Made anew when next somebody needs it: made at once, it would come in the way of whoever is still
            // deleting.
            away("parts of " + layout.tasks() + " were deleted", false);
        }
    }

    /** A renewal alone costs no further request. */
    private void workerChanged(String worker, EventType how) {
        if (how == EventType.NodeDeleted) {
            mirror.removeWorker(worker);
            tell();
            return;
        }
        mirror.renewed(worker, nanoTime.getAsLong());
        if (how == EventType.NodeCreated) {
            readLease(worker, stat -> tell());
        }
    }

    private void readLease(String worker, Consumer<@Nullable Stat> then) {
        Requests via = requests;
        if (via == null) {
            then.accept(null);
            return;
        }
        via.read(layout.worker(worker), (code, data, stat) -> {
            if (via == requests && code == Code.OK && data != null) {
                mirror.setLease(worker, leaseIn(data));
            }
            then.accept(code == Code.OK ? stat : null);
        });
    }

    static byte[] leaseAsBytes(Duration lease) {
        return Long.toString(lease.toMillis()).getBytes(StandardCharsets.UTF_8);
    }

    private static Duration leaseIn(byte[] data) {
        String text = new String(data, StandardCharsets.UTF_8);
        return text.matches("\\d{1,12}") ? Duration.ofMillis(Long.parseLong(text)) : UNKNOWN_LEASE;
    }

    /** Reads the task if it has changed. Who asks while it is being read has it read once more, with all others who do. */
    private void refresh(String id, Consumer<Code> then) {
        List<Consumer<Code>> again = askedAgain.get(id);
        if (again != null) {
            again.add(then);
            return;
        }
        askedAgain.put(id, new ArrayList<>());
        Requests via = requests;
        if (via == null) {
            refreshed(id, Code.CONNECTIONLOSS, then);
            return;
        }
        // Not read before its size is known: an answer that the client holds for too large ends the connection.
        via.exists(layout.task(id), (code, stat) -> {
            if (via != requests) {
                refreshed(id, Code.CONNECTIONLOSS, then);
            } else if (code == Code.NONODE) {
                mirror.remove(id);
                refreshed(id, Code.OK, then);
            } else if (code == Code.NOAUTH) {
                mayNotBeRead(id, then);
            } else if (stat == null || mirror.isCurrent(id, stat)) {
                refreshed(id, code, then);
            } else if (stat.getDataLength() > StoreLimits.MAX_ZNODE_BYTES) {
                setAside(id, stat.getMzxid(), "it is too large (" + stat.getDataLength() + " bytes)");
                refreshed(id, Code.OK, then);
            } else {
                read(via, id, then);
            }
        });
    }

    /** Some servers say so when they are asked whether it is there, others only when its content is asked for. */
    private void mayNotBeRead(String id, Consumer<Code> then) {
        setAside(id, UNKNOWN_TRANSACTION, "its ACL does not let this node read it");
        refreshed(id, Code.OK, then);
    }

    private void read(Requests via, String id, Consumer<Code> then) {
        via.read(layout.task(id), (code, data, stat) -> {
            if (via != requests) {
                refreshed(id, Code.CONNECTIONLOSS, then);
                return;
            }
            if (code == Code.NOAUTH) {
                mayNotBeRead(id, then);
                return;
            }
            if (code == Code.NONODE) {
                mirror.remove(id);
            } else if (stat != null) {
                keep(id, data == null ? NOTHING : data, stat);
            }
            refreshed(id, code == Code.NONODE ? Code.OK : code, then);
        });
    }

    private void keep(String id, byte[] data, Stat stat) {
        TaskJson.read(data, stat.getVersion() + 1L)
                .filter(task -> task.id().equals(id))
                .ifPresentOrElse(mirror::put, () -> setAside(id, stat.getMzxid(), "it is no record of a task"));
    }

    private void setAside(String id, long writtenBy, String why) {
        if (mirror.setAside(id, writtenBy)) {
            log.warn(
                    "leaving {} in ZooKeeper aside: {}. Delete it, or put a record there that can be read",
                    layout.task(id),
                    why);
        }
    }

    private void refreshed(String id, Code code, Consumer<Code> then) {
        List<Consumer<Code>> again = askedAgain.remove(id);
        then.accept(code);
        tell();
        if (again != null && !again.isEmpty()) {
            refresh(id, all -> again.forEach(each -> each.accept(all)));
        }
    }

    private void learnTime(Reply written) {
        for (OpResult result : written.results()) {
            if (result instanceof OpResult.SetDataResult set) {
                clock.sample(set.getStat().getMtime(), written.sentNanos(), written.ackedNanos());
            }
        }
    }

    private void tell() {
        if (phase() == Phase.TRUE) {
            listeners.forEach(Runnable::run);
        }
    }

    private void execute(Runnable task) {
        try {
            thread.execute(() -> {
                try {
                    task.run();
                } catch (RuntimeException e) {
                    log.error("unexpected error in the task store; reading everything anew", e);
                    away("an unexpected error: " + e, false);
                }
            });
        } catch (RejectedExecutionException closed) {
            log.trace("dropped after close");
        }
    }

    @Override
    public void close() {
        access.client().getConnectionStateListenable().removeListener(connections);
        execute(() -> {
            Requests last = requests;
            requests = null;
            if (last != null) {
                last.unwatch(layout.tasks(), watcher());
            }
        });
        become(Phase.CLOSED, "the store was closed");
        thread.shutdown();
    }
}
