package org.hatask.metrics;

import io.micrometer.core.instrument.MeterRegistry;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.hatask.cluster.Node;
import org.hatask.execute.Attempt;
import org.hatask.execute.Outcome;
import org.hatask.execute.TaskDefinition;
import org.hatask.execute.TaskObserver;
import org.jspecify.annotations.Nullable;

/** Times calls, attempts and executions. The meters of a task are kept with it, so that a call looks none up by its tags. */
public final class TaskTimers implements TaskObserver {

    private final Supplier<MeterRegistry> registry;
    private final Map<String, TaskMeters> metersByTask = new ConcurrentHashMap<>();

    /**
     * @param registry asked when a meter is needed for the first time, and not before: a registry may be customised by beans that
     *     need the engine, of which this is a part
     */
    public TaskTimers(Supplier<MeterRegistry> registry) {
        this.registry = registry;
    }

    @Override
    public Call called(TaskDefinition task, String taskId) {
        return new TimedCall(meters(task));
    }

    @Override
    public Run begun(Attempt attempt, Origin origin) {
        TaskMeters meters = meters(attempt.task());
        if (attempt.number() > 1) {
            meters.repeated();
        }
        return (outcome, tookNanos) -> meters.executed(outcome.kind(), origin, tookNanos);
    }

    private TaskMeters meters(TaskDefinition task) {
        TaskMeters known = metersByTask.get(task.name());
        return known != null
                ? known
                : metersByTask.computeIfAbsent(
                        task.name(), name -> new TaskMeters(registry, name, StateGauges.tag(task.role())));
    }

    /** Its methods are called one after the other. */
    private static final class TimedCall implements Call {

        private final TaskMeters meters;
        private int lastNumber;
        private TaskMeters.@Nullable RetryReason retryReason;

        TimedCall(TaskMeters meters) {
            this.meters = meters;
        }

        @Override
        public Try tried(Node node, Attempt attempt, boolean here) {
            if (attempt.number() > lastNumber) {
                lastNumber = attempt.number();
                if (retryReason != null) {
                    meters.retried(retryReason);
                }
            }
            return (outcome, tookNanos) -> {
                meters.attempted(outcome.kind(), here, tookNanos);
                if (outcome instanceof Outcome.Refused refused) {
                    meters.notTaken(refused.refusal());
                } else if (outcome instanceof Outcome.NotSent) {
                    meters.notTaken(null);
                } else if (outcome instanceof Outcome.Unknown unknown) {
                    retryReason =
                            unknown.timedOut() ? TaskMeters.RetryReason.TIMED_OUT : TaskMeters.RetryReason.UNKNOWN;
                } else if (outcome instanceof Outcome.Failed) {
                    retryReason = TaskMeters.RetryReason.FAILED;
                }
            };
        }

        @Override
        public void ended(Ending ending, @Nullable Throwable error, long tookNanos) {
            meters.called(ending, tookNanos);
        }
    }
}
