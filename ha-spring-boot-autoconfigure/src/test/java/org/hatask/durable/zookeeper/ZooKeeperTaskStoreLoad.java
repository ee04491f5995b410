package org.hatask.durable.zookeeper;

import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.hatask.durable.Lease;
import org.hatask.durable.StoreLoad;
import org.hatask.durable.TaskRecord;
import org.hatask.durable.TaskStore;

/**
 * How many tasks a second go through the store, alone, without engine and tasks: one server and two nodes in this process, of
 * which one is the master and gives the tasks out, and the other submits and completes them. To be run by hand; arguments:
 * tasks, threads. {@code -Dzookeeper.forceSync=no} keeps the server from writing through to the disk.
 */
final class ZooKeeperTaskStoreLoad {

    private static final Lease WORKER = new Lease("w.1", "n1");

    private final TaskStore master;
    private final TaskStore node;
    private final int tasks;
    private final int threads;

    private ZooKeeperTaskStoreLoad(TaskStore master, TaskStore node, int tasks, int threads) {
        this.master = master;
        this.node = node;
        this.tasks = tasks;
        this.threads = threads;
    }

    public static void main(String[] arguments) throws Exception {
        int tasks = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 4_000;
        int threads = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 4;
        StoreLimits unlimited = new StoreLimits(8 * 1024, 1_000_000, 1_000_000, 1_000_000, 1_000_000, StoreScene.BOUND);
        try (StoreScene scene = new StoreScene()) {
            long epoch = scene.raiseEpoch();
            int port = scene.server().getPort();
            TaskStore master = scene.store(port, () -> epoch, unlimited);
            TaskStore node = scene.store(port, () -> 0, unlimited);
            node.register(WORKER.worker(), Duration.ofHours(1));
            ZooKeeperTaskStoreLoad load = new ZooKeeperTaskStoreLoad(master, node, tasks, threads);
            load.run(100); // for the compiler
            System.out.printf(
                    "%d tasks, %d threads, written through to the disk: %s%n",
                    tasks, threads, System.getProperty("zookeeper.forceSync", "yes"));
            for (int batch : new int[] {1, 16, 100}) {
                System.out.println(load.run(batch));
            }
        }
    }

    private String run(int batch) throws Exception {
        double submitted = StoreLoad.perSecond(tasks, () -> {
            AtomicInteger left = new AtomicInteger(tasks);
            StoreLoad.inThreads(threads, number -> () -> {
                for (int size = take(left, batch); size > 0; size = take(left, batch)) {
                    node.submit(IntStream.range(0, size).mapToObj(i -> task()).toList());
                }
                return null;
            });
        });
        double completed = StoreLoad.perSecond(tasks, () -> {
            BlockingQueue<List<TaskRecord>> given = new ArrayBlockingQueue<>(threads);
            AtomicInteger toTake = new AtomicInteger(tasks);
            StoreLoad.inThreads(threads + 1, number -> () -> {
                if (number == 0) {
                    give(batch, given);
                    return null;
                }
                while (toTake.get() > 0) {
                    List<TaskRecord> mine = given.poll(10, TimeUnit.MILLISECONDS);
                    if (mine != null) {
                        complete(mine);
                        toTake.addAndGet(-mine.size());
                    }
                }
                return null;
            });
        });
        double forgotten = StoreLoad.perSecond(tasks, () -> {
            int left = tasks;
            while (left > 0) {
                left -= master.prune(master.now().plusSeconds(60), 200);
            }
        });
        return String.format(
                "batches of %3d: %6.0f submitted/s, %6.0f given out, started and completed/s, %6.0f forgotten/s",
                batch, submitted, completed, forgotten);
    }

    private static int take(AtomicInteger left, int batch) {
        return Math.min(batch, left.getAndAdd(-batch));
    }

    private void give(int batch, BlockingQueue<List<TaskRecord>> given) throws InterruptedException {
        int left = tasks;
        while (left > 0) {
            List<TaskRecord> due = master.due(batch);
            if (!due.isEmpty()) {
                given.put(StoreLoad.changed(
                        master, due.stream().map(task -> task.leasedTo(WORKER)).toList()));
                left -= due.size();
            }
        }
    }

    private void complete(List<TaskRecord> leased) {
        List<TaskRecord> running = StoreLoad.changed(
                node, leased.stream().map(task -> task.started(node.now(), 1)).toList());
        StoreLoad.changed(
                node,
                running.stream()
                        .map(task -> task.succeeded(node.now(), "\"done\""))
                        .toList());
    }

    private TaskRecord task() {
        return TaskRecord.submitted(
                UUID.randomUUID().toString(),
                "mail",
                "(java.lang.String)void",
                "[\"" + "x".repeat(200) + "\"]",
                node.now(),
                "n1",
                null,
                Duration.ZERO,
                null,
                1);
    }
}
