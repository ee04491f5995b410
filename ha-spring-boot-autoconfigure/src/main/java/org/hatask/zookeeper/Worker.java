package org.hatask.zookeeper;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One daemon thread at a time, which owns the state of its component. An exception of a task is logged and stops nothing; after
 * {@link #close()} tasks are dropped in silence, since callbacks of ZooKeeper may come late.
 */
final class Worker implements Executor, AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(Worker.class);

    private static final Duration IDLE = Duration.ofSeconds(10);

    private final ScheduledThreadPoolExecutor executor;
    private volatile @Nullable Thread thread;

    Worker(String name) {
        executor = new ScheduledThreadPoolExecutor(1, task -> {
            Thread created = new Thread(task, name);
            created.setDaemon(true);
            thread = created;
            return created;
        });
        // Some have nothing to do for days. While something is scheduled the thread stays.
        executor.setKeepAliveTime(IDLE.toNanos(), TimeUnit.NANOSECONDS);
        executor.allowCoreThreadTimeOut(true);
        executor.setRemoveOnCancelPolicy(true);
        executor.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
        executor.setContinueExistingPeriodicTasksAfterShutdownPolicy(false);
    }

    @Override
    public void execute(Runnable task) {
        try {
            executor.execute(guarded(task));
        } catch (RejectedExecutionException closed) {
            log.trace("dropped after close");
        }
    }

    void schedule(Duration delay, Runnable task) {
        try {
            executor.schedule(guarded(task), Math.max(0, delay.toNanos()), TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException closed) {
            log.trace("dropped after close");
        }
    }

    /** Runs it and waits for it, but not longer than that; does nothing after {@link #close()}. */
    void executeAndWait(Runnable task, Duration atMost) {
        if (isCurrentThread()) {
            task.run();
            return;
        }
        CompletableFuture<Void> done = new CompletableFuture<>();
        execute(() -> {
            try {
                task.run();
            } finally {
                done.complete(null);
            }
        });
        if (!executor.isShutdown()) {
            done.completeOnTimeout(null, atMost.toMillis(), TimeUnit.MILLISECONDS)
                    .join();
        }
    }

    boolean isCurrentThread() {
        return Thread.currentThread() == thread;
    }

    private static Runnable guarded(Runnable task) {
        return () -> {
            try {
                task.run();
            } catch (RuntimeException e) {
                log.error("unexpected error; going on", e);
            }
        };
    }

    @Override
    public void close() {
        executor.shutdown();
    }
}
