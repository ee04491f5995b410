package org.hatask.autoconfigure;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.springframework.scheduling.concurrent.CustomizableThreadFactory;

/**
 * The engine's threads in one bean: as beans of their own, executors would replace the application's default executor.
 *
 * @param events one thread, so that what changes in the cluster is told in order
 * @param duties one thread, on which what a master does beside tasks is taken up and laid down
 * @param callbacks goes on with calls that hold no thread, and runs what the application hangs on their futures
 */
record HaThreads(ExecutorService events, ExecutorService duties, ExecutorService callbacks) implements AutoCloseable {

    private static final int CALLBACKS = Math.max(4, 2 * Runtime.getRuntime().availableProcessors());

    static HaThreads start() {
        ThreadPoolExecutor callbacks = new ThreadPoolExecutor(
                CALLBACKS, CALLBACKS, 60, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), named("ha-callback-"));
        callbacks.allowCoreThreadTimeOut(true);
        return new HaThreads(
                Executors.newSingleThreadExecutor(named("ha-events-")),
                Executors.newSingleThreadExecutor(named("ha-duties-")),
                callbacks);
    }

    private static CustomizableThreadFactory named(String prefix) {
        CustomizableThreadFactory threads = new CustomizableThreadFactory(prefix);
        threads.setDaemon(true);
        return threads;
    }

    @Override
    public void close() {
        events.shutdown();
        duties.shutdown();
        callbacks.shutdown();
    }
}
