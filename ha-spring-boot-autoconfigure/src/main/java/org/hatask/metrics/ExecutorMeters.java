package org.hatask.metrics;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.util.function.Supplier;
import org.hatask.dispatch.RetryBudget;
import org.hatask.execute.TaskExecutor;
import org.hatask.failure.NodeHealth;
import org.hatask.failure.StuckTaskWatchdog;

/** What this node has in hand, what hangs on it, and what it can still afford. */
public final class ExecutorMeters implements MeterBinder {

    private final TaskExecutor executor;
    private final StuckTaskWatchdog watchdog;
    private final NodeHealth health;
    private final RetryBudget budget;

    public ExecutorMeters(TaskExecutor executor, StuckTaskWatchdog watchdog, NodeHealth health, RetryBudget budget) {
        this.executor = executor;
        this.watchdog = watchdog;
        this.health = health;
        this.budget = budget;
    }

    @Override
    public void bindTo(MeterRegistry registry) {
        gauge(registry, "ha.executor.in.flight", "Attempts that run here or wait for a thread", executor::inFlight);
        gauge(registry, "ha.executor.queued", "Attempts of other nodes that wait for a thread", executor::queued);
        gauge(
                registry,
                "ha.executor.threads",
                "Attempts of other nodes, of one task, that may run at once",
                executor::threads);
        gauge(registry, "ha.executor.queue.capacity", "Attempts of other nodes that may wait", executor::queueCapacity);
        gauge(
                registry,
                "ha.tasks.overdue",
                "Attempts that run here for longer than the max-task-duration of their task",
                () -> watchdog.state().overdue().size());
        gauge(
                registry,
                "ha.tasks.stuck",
                "Overdue attempts that go on here although they were interrupted",
                () -> watchdog.state().stuck());
        gauge(registry, "ha.tasks.sick", "Tasks that were overdue on several nodes lately", () -> health.sickTasks()
                .size());
        gauge(
                registry,
                "ha.node.suspect",
                "1 while a stuck task makes this node suspect",
                () -> StateGauges.of(watchdog.state().suspect() != null));
        gauge(
                registry,
                "ha.breaker.panic",
                "1 while so many nodes look sick that all are used",
                () -> StateGauges.of(health.isPanic()));
        gauge(
                registry,
                "ha.retry.budget.available",
                "Attempts beyond the first for which the retry budget would pay now",
                budget::available);
        FunctionCounter.builder("ha.retry.budget.denied", budget, RetryBudget::denied)
                .description("Attempts that were not made for want of retry budget")
                .register(registry);
    }

    private static void gauge(
            MeterRegistry registry, String name, String description, Supplier<? extends Number> value) {
        Gauge.builder(name, value::get).description(description).register(registry);
    }
}
