package org.hatask.durable.zookeeper;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.LongSupplier;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException.Code;
import org.apache.zookeeper.Op;
import org.hatask.TaskStoreException;
import org.hatask.cluster.Mastership;
import org.hatask.durable.ClaimRequest;
import org.hatask.durable.StoreUnavailableException;
import org.hatask.durable.TaskCounts;
import org.hatask.durable.TaskJson;
import org.hatask.durable.TaskQuery;
import org.hatask.durable.TaskRecord;
import org.hatask.durable.TaskStore;
import org.hatask.durable.WaitingTasks;
import org.hatask.zookeeper.Reply;
import org.hatask.zookeeper.ZooKeeperAccess;
import org.jspecify.annotations.Nullable;

/**
 * Keeps durable tasks in ZooKeeper, where the cluster is kept anyway: for small numbers, see {@code
 * docs/durable-tasks-zookeeper.md}. Reads come from memory, which one watch keeps true; every write is compared and set in
 * ZooKeeper.
 *
 * <p>Tasks are given out by the master. What only it may do – to give a task to a worker, or to take one from a worker of
 * another node – {@link #replace} does in a transaction that also checks the epoch; where this node is not master, or no longer,
 * it is not done and the answer is false. A cancellation is not among it. {@link #expire} likewise does nothing there.
 */
public final class ZooKeeperTaskStore implements TaskStore {

    private static final long MAX_CLOCK_AGE_NANOS = TimeUnit.SECONDS.toNanos(60);
    private static final String OTHER_STORE = "Choose ha.task-store.type=jdbc for more.";

    private final ZooKeeperAccess access;
    private final Layout layout;
    private final Mastership mastership;
    private final StoreLimits limits;
    private final LongSupplier nanoTime;
    private final StoreClock clock;
    private final SubmissionRate rate;
    private final TaskMirror mirror = new TaskMirror();
    private final MirrorKeeper keeper;

    /** Workers that were registered here. */
    private final Set<String> ownWorkers = ConcurrentHashMap.newKeySet();

    /** @param mastership of this node; its epoch goes into what only the master may write */
    public ZooKeeperTaskStore(ZooKeeperAccess access, Mastership mastership) {
        this(access, mastership, StoreLimits.DEFAULT, System::nanoTime);
    }

    /** @param nanoTime by which leases and rates are judged */
    ZooKeeperTaskStore(ZooKeeperAccess access, Mastership mastership, StoreLimits limits, LongSupplier nanoTime) {
        this.access = access;
        this.layout = new Layout(access.root());
        this.mastership = mastership;
        this.limits = limits;
        this.nanoTime = nanoTime;
        this.clock = new StoreClock(System::nanoTime);
        this.rate = new SubmissionRate(limits.perSecond(), limits.atOnce(), nanoTime);
        this.keeper = new MirrorKeeper(access, layout, mirror, clock, nanoTime);
        keeper.start();
    }

    @Override
    public Instant now() {
        if (!clock.isKnown()) {
            awaitTruth("ask the time");
        } else if (clock.ageNanos() > MAX_CLOCK_AGE_NANOS) {
            keeper.write(List.of(Op.setData(layout.clock(), new byte[0], -1)), () -> {});
        }
        return clock.now();
    }

    // Submitting and finding

    /**
     * Its attempts do not count: their number is bounded, and it must always be possible to write down what became of one. Nor does,
     * once it is submitted, what the engine adds.
     */
    @Override
    public boolean fits(TaskRecord task) {
        return sizeOf(task) <= limits.recordBytes() + (task.version() == 0 ? 0 : StoreLimits.ADDED_BYTES);
    }

    private static int sizeOf(TaskRecord task) {
        return TaskJson.write(task).length
                - TaskJson.writeAttempts(task.attempts()).getBytes(StandardCharsets.UTF_8).length;
    }

    @Override
    public List<TaskRecord> submit(List<TaskRecord> tasks) {
        if (tasks.isEmpty()) {
            return List.of();
        }
        Deadline deadline = new Deadline("record " + named(tasks));
        deadline.awaitTruth();
        requireRoom(tasks);
        Map<String, TaskRecord> byKey = new HashMap<>();
        List<TaskRecord> fresh = new ArrayList<>();
        for (TaskRecord task : tasks) {
            String key = layout.key(task);
            if (key == null || byKey.putIfAbsent(key, task) == null) {
                fresh.add(task);
            }
        }
        Map<String, TaskRecord> kept = new HashMap<>();
        new Submission(layout, access, keeper, mirror, deadline).submit(fresh, kept);
        return tasks.stream()
                .map(task -> {
                    String key = layout.key(task);
                    return kept(kept, key == null ? task : byKey.getOrDefault(key, task));
                })
                .toList();
    }

    private static TaskRecord kept(Map<String, TaskRecord> kept, TaskRecord task) {
        TaskRecord record = kept.get(task.id());
        if (record == null) {
            throw new IllegalStateException("Task " + task + " was submitted and is not among what is kept");
        }
        return record;
    }

    /** Nothing is kept when one of them cannot be. */
    private void requireRoom(List<TaskRecord> tasks) {
        for (TaskRecord task : tasks) {
            if (!Layout.isId(task.id())) {
                throw new IllegalArgumentException("'" + task.id() + "' cannot be the id of a task");
            }
            if (!fits(task)) {
                throw new TaskStoreException(
                        "Task " + task.task() + " was not recorded: with its arguments it has " + sizeOf(task)
                                + " bytes, and the task store in ZooKeeper takes " + limits.recordBytes()
                                + ". Keep what is large elsewhere and submit where it is. " + OTHER_STORE,
                        null);
            }
        }
        String what = tasks.size() == 1 ? "Task " + tasks.get(0).task() + " was" : tasks.size() + " tasks were";
        if (mirror.open() + tasks.size() > limits.open()) {
            throw new TaskStoreException(
                    what + " not recorded: the task store in ZooKeeper has " + mirror.open()
                            + " tasks that have not ended, and takes " + limits.open() + ". " + OTHER_STORE,
                    null);
        }
        if (mirror.size() + tasks.size() > limits.open() + 2 * limits.ended()) {
            throw new TaskStoreException(
                    what + " not recorded: the task store in ZooKeeper has " + mirror.size()
                            + " tasks, most of which have ended and wait for the master to forget them. "
                            + OTHER_STORE,
                    null);
        }
        if (!rate.take(tasks.size())) {
            throw new TaskStoreException(
                    what + " not recorded: the task store in ZooKeeper takes " + limits.perSecond()
                            + " submissions a second from a node, and " + limits.atOnce()
                            + " at once. Submit them later. " + OTHER_STORE,
                    null);
        }
    }

    private static String named(List<TaskRecord> tasks) {
        TaskRecord first = tasks.get(0);
        return tasks.size() == 1
                ? "task " + first.task() + " " + first.id()
                : tasks.size() + " tasks, the first " + first.task() + " " + first.id();
    }

    /** From memory; those that are not there are looked for in ZooKeeper, since they may be new. */
    @Override
    public List<TaskRecord> find(Collection<String> ids) {
        Deadline deadline = new Deadline("find tasks");
        deadline.awaitTruth();
        Set<String> wanted = Set.copyOf(ids);
        List<CompletableFuture<Code>> fetched = wanted.stream()
                .filter(id -> Layout.isId(id) && mirror.get(id) == null)
                .map(keeper::fetch)
                .toList();
        for (CompletableFuture<Code> answer : fetched) {
            deadline.requireOk(deadline.get(answer));
        }
        return mirror.get(wanted);
    }

    /** From memory; what is not there is looked for in ZooKeeper, since it may be new. */
    @Override
    public Optional<TaskRecord> find(String task, String key) {
        Deadline deadline = new Deadline("find a task by its idempotency key");
        deadline.awaitTruth();
        Optional<TaskRecord> known = mirror.find(task, key);
        if (known.isPresent()) {
            return known;
        }
        String id = deadline.get(keeper.fetchText(layout.key(task, key)));
        if (id != null) {
            return find(List.of(id)).stream().findFirst();
        }
        // There is none, or the connection got lost: when it is back, memory knows.
        deadline.awaitTruth();
        return mirror.find(task, key);
    }

    // Changing

    @Override
    public List<Boolean> replace(List<TaskRecord> changed) {
        if (changed.isEmpty()) {
            return List.of();
        }
        Deadline deadline = new Deadline("change " + named(changed));
        List<Replacement> all = changed.stream().map(this::replacement).toList();
        List<Replacement> open = all;
        while (!open.isEmpty()) {
            deadline.awaitTruth();
            List<CompletableFuture<Void>> steps =
                    open.stream().map(Replacement::attempt).toList();
            steps.forEach(deadline::get);
            open = open.stream().filter(each -> each.done() == null).toList();
            if (!open.isEmpty()) {
                deadline.mayHaveBeenDone();
            }
        }
        return all.stream().map(each -> Boolean.TRUE.equals(each.done())).toList();
    }

    private Replacement replacement(TaskRecord changed) {
        byte[] json = TaskJson.write(changed);
        if (json.length > StoreLimits.MAX_ZNODE_BYTES) {
            throw new TaskStoreException(
                    "Task " + changed + " was not changed: its record would have " + json.length
                            + " bytes, and the task store in ZooKeeper takes " + StoreLimits.MAX_ZNODE_BYTES + ". "
                            + OTHER_STORE,
                    null);
        }
        return new Replacement(changed, json, layout, access.epoch(), mastership, ownWorkers, keeper, mirror);
    }

    // Workers

    @Override
    public void register(String worker, Duration lease) {
        if (!Layout.isName(worker)) {
            throw new IllegalArgumentException("'" + worker + "' cannot be the id of a worker");
        }
        ownWorkers.add(worker);
        byte[] content = MirrorKeeper.leaseAsBytes(lease);
        String path = layout.worker(worker);
        Deadline deadline = new Deadline("register worker " + worker);
        Code code = deadline.write(
                List.of(Op.create(path, content, access.acl(path), CreateMode.PERSISTENT)),
                () -> renewed(worker, lease));
        if (code == Code.NODEEXISTS) {
            code = deadline.write(List.of(Op.setData(path, content, -1)), () -> renewed(worker, lease));
        }
        deadline.requireOk(code);
    }

    @Override
    public boolean renew(String worker, Duration lease) {
        if (!Layout.isName(worker)) {
            return false;
        }
        Deadline deadline = new Deadline("renew the lease of worker " + worker);
        Op write = Op.setData(layout.worker(worker), MirrorKeeper.leaseAsBytes(lease), -1);
        Code code = deadline.write(List.of(write), () -> renewed(worker, lease));
        if (code == Code.NONODE) {
            return false;
        }
        deadline.requireOk(code);
        return true;
    }

    private void renewed(String worker, Duration lease) {
        mirror.renewed(worker, nanoTime.getAsLong());
        mirror.setLease(worker, lease);
    }

    @Override
    public void release(String worker) {
        if (!Layout.isName(worker)) {
            return;
        }
        Deadline deadline = new Deadline("release worker " + worker);
        Code code = deadline.write(List.of(Op.delete(layout.worker(worker), -1)), () -> mirror.removeWorker(worker));
        if (code != Code.NONODE) {
            deadline.requireOk(code);
        }
    }

    /** Only on the master. A worker that was not heard of for the length of its lease, by this machine's clock, is gone. */
    @Override
    public void expire(Instant latest) {
        long epoch = mastership.heldEpoch();
        if (epoch == 0) {
            return;
        }
        Deadline deadline = new Deadline("end the leases that have run out");
        deadline.awaitTruth();
        for (String worker : mirror.silent(nanoTime.getAsLong())) {
            Integer version = deadline.get(keeper.fetchLease(worker));
            // It may be longer than was known; and whoever renews it in this moment raises its version.
            if (version != null && mirror.silent(nanoTime.getAsLong()).contains(worker)) {
                deadline.get(keeper.write(
                        List.of(Op.check(access.epoch(), (int) epoch), Op.delete(layout.worker(worker), version)),
                        () -> mirror.removeWorker(worker)));
            }
        }
    }

    @Override
    public Set<String> workers() {
        awaitTruth("list the workers");
        return mirror.workers();
    }

    @Override
    public List<TaskRecord> heldBy(String worker) {
        awaitTruth("find the tasks of worker " + worker);
        return mirror.heldBy(worker);
    }

    @Override
    public List<TaskRecord> abandoned(int atMost) {
        awaitTruth("find tasks whose worker is gone");
        return mirror.abandoned(atMost);
    }

    @Override
    public List<TaskRecord> outdated(int atMost) {
        awaitTruth("find tasks whose time to live is over");
        return mirror.outdated(now(), atMost);
    }

    // Giving out

    @Override
    public boolean isClaimedByNodes() {
        return false;
    }

    @Override
    public List<TaskRecord> claim(ClaimRequest request) {
        return List.of();
    }

    @Override
    public List<TaskRecord> due(int atMost) {
        awaitTruth("find tasks that are due");
        return mirror.due(now(), atMost);
    }

    @Override
    public void addListener(Runnable listener) {
        keeper.addListener(listener);
    }

    // Operators

    @Override
    public void pause(String task) {
        Deadline deadline = new Deadline("pause task " + task);
        String path = layout.pausedTask(task);
        Op create = Op.create(path, new byte[0], access.acl(path), CreateMode.PERSISTENT);
        Code code = deadline.write(List.of(create), () -> mirror.pause(task));
        if (code != Code.NODEEXISTS) {
            deadline.requireOk(code);
        }
    }

    @Override
    public void resume(String task) {
        Deadline deadline = new Deadline("resume task " + task);
        Op delete = Op.delete(layout.pausedTask(task), -1);
        Code code = deadline.write(List.of(delete), () -> mirror.resume(task));
        if (code != Code.NONODE) {
            deadline.requireOk(code);
        }
    }

    @Override
    public Set<String> paused() {
        awaitTruth("list the tasks that are paused");
        return mirror.paused();
    }

    @Override
    public TaskCounts counts() {
        awaitTruth("count the tasks");
        return mirror.counts(now());
    }

    @Override
    public List<WaitingTasks> waiting() {
        awaitTruth("count the tasks that wait");
        return mirror.waiting();
    }

    @Override
    public List<TaskRecord> list(TaskQuery query) {
        awaitTruth("list tasks");
        return mirror.list(query);
    }

    /** Also forgets the oldest of those that are too many. */
    @Override
    public int prune(Instant endedBefore, int atMost) {
        Deadline deadline = new Deadline("forget old tasks");
        deadline.awaitTruth();
        List<TaskRecord> old = mirror.forgettable(endedBefore, limits.ended(), atMost);
        List<CompletableFuture<Reply>> answers =
                old.stream().map(task -> forget(task, layout.key(task))).toList();
        int forgotten = 0;
        for (int i = 0; i < answers.size(); i++) {
            Reply written = deadline.get(answers.get(i));
            if (written.code() == Code.NONODE && layout.key(old.get(i)) != null) {
                // Somebody has deleted its key, or both.
                written = deadline.get(forget(old.get(i), null));
            }
            if (written.isOk()) {
                forgotten++;
            }
        }
        return forgotten;
    }

    private CompletableFuture<Reply> forget(TaskRecord task, @Nullable String key) {
        List<Op> operations = new ArrayList<>();
        operations.add(Op.delete(layout.task(task.id()), (int) (task.version() - 1)));
        if (key != null) {
            operations.add(Op.delete(key, -1));
        }
        return keeper.write(operations, () -> mirror.remove(task.id()));
    }

    private void awaitTruth(String what) {
        new Deadline(what).awaitTruth();
    }

    @Override
    public void close() {
        keeper.close();
    }

    /** For how long a caller waits, and what it is told when that was in vain. Belongs to the caller's thread. */
    final class Deadline {

        private final String what;
        private final long nanos = System.nanoTime() + limits.patience().toNanos();
        private boolean doubtful;

        /** @param what to be read after "could not" */
        Deadline(String what) {
            this.what = what;
        }

        /** A part of it was done, or may have been. */
        void mayHaveBeenDone() {
            doubtful = true;
        }

        /** What to throw when it is refused for a reason of its own. */
        TaskStoreException refused(String why) {
            return doubtful
                    ? new StoreUnavailableException(
                            why + " Others submitted with it may have been: look them up.", null)
                    : new TaskStoreException(why, null);
        }

        void awaitTruth() {
            if (System.nanoTime() - nanos >= 0) {
                throw unavailable("there was no answer", null);
            }
            try {
                String problem = keeper.await(nanos);
                if (problem != null) {
                    throw unavailable(problem, null);
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw unavailable("interrupted while waiting for ZooKeeper", e);
            }
        }

        <T extends @Nullable Object> T get(CompletableFuture<T> answer) {
            try {
                return answer.get(Math.max(0, nanos - System.nanoTime()), TimeUnit.NANOSECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                doubtful = true;
                throw unavailable("interrupted while waiting for ZooKeeper", e);
            } catch (TimeoutException e) {
                doubtful = true;
                throw unavailable("there was no answer", e);
            } catch (ExecutionException e) {
                doubtful = true;
                throw e.getCause() instanceof TaskStoreException known
                        ? known
                        : unavailable("an unexpected error", e.getCause());
            }
        }

        /** Writes what may be written twice, until there is an answer. */
        Code write(List<Op> operations, Runnable applied) {
            while (true) {
                awaitTruth();
                Code code = get(keeper.write(operations, applied)).code();
                if (!Reply.isLost(code)) {
                    return code;
                }
                doubtful = true;
            }
        }

        void requireOk(Code code) {
            if (code != Code.OK) {
                doubtful |= Reply.isLost(code);
                throw unavailable(
                        "ZooKeeper refused it: " + code
                                + (code == Code.NOAUTH ? "; check ha.zookeeper.auth against the ACLs there" : ""),
                        null);
            }
        }

        StoreUnavailableException unavailable(String why, @Nullable Throwable cause) {
            return new StoreUnavailableException(
                    "The task store in ZooKeeper could not " + what + " within "
                            + limits.patience().toMillis() + " ms: " + why + ". "
                            + (doubtful
                                    ? "It is not known whether it was done: look it up when ZooKeeper is back."
                                    : "Nothing was done; see /actuator/health for the state of ZooKeeper."),
                    cause);
        }
    }
}
