package org.hatask.durable;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.IntFunction;

/** What runs that measure stores have in common. */
public final class StoreLoad {

    private StoreLoad() {}

    /** Something to be measured. */
    public interface Step {
        void run() throws Exception;
    }

    /** How many tasks a second it was, when the step is about so many. */
    public static double perSecond(int tasks, Step step) throws Exception {
        long start = System.nanoTime();
        step.run();
        return tasks * 1e9 / (System.nanoTime() - start);
    }

    /** Changes them all, as nobody else does. */
    public static List<TaskRecord> changed(TaskStore store, List<TaskRecord> changed) {
        if (store.replace(changed).contains(false)) {
            throw new IllegalStateException("somebody else changed it");
        }
        return changed.stream()
                .map(task -> task.withVersion(task.version() + 1))
                .toList();
    }

    /** Does the work in so many threads, which are numbered from 0, and waits for all. */
    public static void inThreads(int threads, IntFunction<Callable<?>> work) throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        try {
            List<Future<?>> all = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                all.add(pool.submit(work.apply(i)));
            }
            for (Future<?> each : all) {
                each.get();
            }
        } finally {
            pool.shutdownNow();
        }
    }
}
