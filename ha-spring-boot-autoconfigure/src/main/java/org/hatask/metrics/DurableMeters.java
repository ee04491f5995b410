package org.hatask.metrics;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.TimeGauge;
import java.time.Duration;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;
import org.hatask.TaskReassignedEvent;
import org.hatask.TaskState;
import org.hatask.durable.TaskCounts;
import org.hatask.durable.TaskManager;
import org.jspecify.annotations.Nullable;
import org.springframework.context.SmartLifecycle;
import org.springframework.context.event.EventListener;
import org.springframework.scheduling.concurrent.CustomizableThreadFactory;

/**
 * How many durable tasks there are in the cluster, and how long they wait. Binds its meters when the task manager, on which it
 * depends, has started, and only if there are durable tasks: whether there are is known no earlier.
 */
public final class DurableMeters implements SmartLifecycle, AutoCloseable {

    private final TaskManager manager;
    private final Supplier<MeterRegistry> registry;
    private final ThreadPoolExecutor asking;
    private final DurableFigures figures;
    private volatile @Nullable Counter reassigned;
    private volatile boolean running;

    /** @param keep how long figures of the store are good */
    public DurableMeters(TaskManager manager, Supplier<MeterRegistry> registry, Duration keep) {
        this.manager = manager;
        this.registry = registry;
        CustomizableThreadFactory threads = new CustomizableThreadFactory("ha-metrics-");
        threads.setDaemon(true);
        this.asking = new ThreadPoolExecutor(1, 1, 10, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), threads);
        this.asking.allowCoreThreadTimeOut(true);
        this.figures = new DurableFigures(manager::counts, keep, asking, System::nanoTime);
    }

    @Override
    public void start() {
        if (manager.isRunning() && reassigned == null) {
            bindTo(registry.get());
        }
        running = true;
    }

    private void bindTo(MeterRegistry meters) {
        StateGauges.register(
                meters,
                "ha.durable.tasks",
                "Durable tasks in the store by state",
                Tags.empty(),
                "state",
                TaskState.values(),
                state -> figure(counts -> counts.byState().get(state)));
        TimeGauge.builder(
                        "ha.durable.oldest.due",
                        () -> figure(counts -> {
                            Duration due = counts.oldestDue();
                            return due == null ? 0 : due.toMillis() / 1e3;
                        }),
                        TimeUnit.SECONDS)
                .description("For how long the durable task has been due that waits longest; 0 when none waits")
                .register(meters);
        Gauge.builder("ha.durable.unreadable", () -> figure(TaskCounts::unreadable))
                .description("Records in the store that cannot be read and were set aside")
                .register(meters);
        TimeGauge.builder("ha.durable.age", () -> figures.age().toNanos() / 1e9, TimeUnit.SECONDS)
                .description("How old the figures of the store are")
                .register(meters);
        FunctionCounter.builder("ha.durable.superseded", manager, TaskManager::superseded)
                .description("Results of this node that were dropped, as the task was in other hands or over")
                .register(meters);
        reassigned = Counter.builder("ha.durable.reassigned")
                .description("Durable tasks that this node found in the hands of a lost node and took from it")
                .register(meters);
    }

    private double figure(Function<TaskCounts, ? extends Number> figure) {
        return figures.counts()
                .map(counts -> figure.apply(counts).doubleValue())
                .orElse(Double.NaN);
    }

    /** A durable task was taken from a node. */
    @EventListener
    public void reassigned(TaskReassignedEvent event) {
        Counter counter = reassigned;
        if (counter != null) {
            counter.increment();
        }
    }

    @Override
    public void stop() {
        running = false;
    }

    @Override
    public boolean isRunning() {
        return running;
    }

    @Override
    public void close() {
        asking.shutdownNow();
    }
}
