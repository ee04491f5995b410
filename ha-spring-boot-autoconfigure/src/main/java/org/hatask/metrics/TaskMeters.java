package org.hatask.metrics;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.IntFunction;
import java.util.function.Supplier;
import org.hatask.execute.Outcome;
import org.hatask.execute.Refusal;
import org.hatask.execute.TaskObserver.Ending;
import org.hatask.execute.TaskObserver.Origin;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The meters of one task, each made when it is needed for the first time and found by an index afterwards. Thread-safe: two
 * threads that make the same one get the same one from the registry.
 */
final class TaskMeters {

    private static final Logger log = LoggerFactory.getLogger(TaskMeters.class);

    /** Limits of the histograms' buckets: from a call in place to what an operator would call long. */
    private static final Duration[] BUCKETS = {
        Duration.ofMillis(1),
        Duration.ofMillis(5),
        Duration.ofMillis(25),
        Duration.ofMillis(100),
        Duration.ofMillis(500),
        Duration.ofSeconds(1),
        Duration.ofSeconds(5),
        Duration.ofSeconds(30),
        Duration.ofMinutes(5)
    };

    private static final Duration[] NO_BUCKETS = {};

    private static final Ending[] ENDINGS = Ending.values();
    private static final Outcome.Kind[] KINDS = Outcome.Kind.values();
    private static final Origin[] ORIGINS = Origin.values();
    private static final RetryReason[] RETRY_REASONS = RetryReason.values();
    private static final Refusal[] REFUSALS = Refusal.values();

    private final Supplier<MeterRegistry> registry;
    private final Tags tags;
    private final Slots<Timer> calls = new Slots<>(ENDINGS.length, this::newCalls);
    private final Slots<Timer> attempts = new Slots<>(2 * KINDS.length, this::newAttempts);
    private final Slots<Timer> executions = new Slots<>(ORIGINS.length * KINDS.length, this::newExecutions);
    private final Slots<Counter> retries = new Slots<>(RETRY_REASONS.length, this::newRetries);
    private final Slots<Counter> notTaken = new Slots<>(REFUSALS.length + 1, this::newNotTaken);
    private final Slots<Counter> repeated = new Slots<>(1, this::newRepeated);

    /** Why a call was executed again: what became of the attempt before. */
    enum RetryReason {
        FAILED,
        TIMED_OUT,
        UNKNOWN
    }

    TaskMeters(Supplier<MeterRegistry> registry, String task, String role) {
        this.registry = registry;
        this.tags = Tags.of("task", task, "role", role);
    }

    void called(Ending ending, long nanos) {
        record(calls.get(ending.ordinal()), nanos);
    }

    void attempted(Outcome.Kind kind, boolean here, long nanos) {
        record(attempts.get(2 * kind.ordinal() + (here ? 1 : 0)), nanos);
    }

    void executed(Outcome.Kind kind, Origin origin, long nanos) {
        record(executions.get(ORIGINS.length * kind.ordinal() + origin.ordinal()), nanos);
    }

    void retried(RetryReason reason) {
        increment(retries.get(reason.ordinal()));
    }

    /** @param refusal null when it could not be sent */
    void notTaken(@Nullable Refusal refusal) {
        increment(notTaken.get(refusal == null ? REFUSALS.length : refusal.ordinal()));
    }

    void repeated() {
        increment(repeated.get(0));
    }

    private static void record(@Nullable Timer timer, long nanos) {
        if (timer != null) {
            timer.record(nanos, TimeUnit.NANOSECONDS);
        }
    }

    private static void increment(@Nullable Counter counter) {
        if (counter != null) {
            counter.increment();
        }
    }

    private Timer newCalls(int ending) {
        return timer(
                "ha.task.calls",
                "Calls as their callers see them, with all their attempts and pauses",
                Tags.of("outcome", StateGauges.tag(ENDINGS[ending])),
                BUCKETS);
    }

    private Timer newAttempts(int index) {
        return timer(
                "ha.task.attempts",
                "Attempts of calls as the calling node sees them",
                Tags.of("outcome", StateGauges.tag(KINDS[index / 2]), "where", index % 2 == 1 ? "local" : "remote"),
                BUCKETS);
    }

    private Timer newExecutions(int index) {
        return timer(
                "ha.task.executions",
                "Attempts that this node executes, from the beginning of the method to its end",
                Tags.of(
                        "outcome",
                        StateGauges.tag(KINDS[index / ORIGINS.length]),
                        "origin",
                        StateGauges.tag(ORIGINS[index % ORIGINS.length])),
                NO_BUCKETS);
    }

    private Timer timer(String name, String description, Tags more, Duration[] buckets) {
        return Timer.builder(name)
                .description(description)
                .tags(tags.and(more))
                .serviceLevelObjectives(buckets)
                .register(registry.get());
    }

    private Counter newRetries(int reason) {
        return counter(
                "ha.task.retries",
                "Attempts beyond the first of a call, by what became of the one before",
                Tags.of("reason", StateGauges.tag(RETRY_REASONS[reason])));
    }

    private Counter newNotTaken(int index) {
        return counter(
                "ha.task.refusals",
                "Attempts that a node did not begin, so that they went to another one or waited",
                Tags.of("reason", index == REFUSALS.length ? "not_sent" : StateGauges.tag(REFUSALS[index])));
    }

    private Counter newRepeated(int index) {
        return counter(
                "ha.task.reexecutions",
                "Executions that this node began of what had been begun before, durable tasks included",
                Tags.empty());
    }

    private Counter counter(String name, String description, Tags more) {
        return Counter.builder(name)
                .description(description)
                .tags(tags.and(more))
                .register(registry.get());
    }

    /** Meters by index, made one by one. */
    private static final class Slots<M> {

        private final AtomicReferenceArray<@Nullable M> made;
        private final IntFunction<M> maker;
        private volatile boolean troubled;

        Slots(int size, IntFunction<M> maker) {
            this.made = new AtomicReferenceArray<>(size);
            this.maker = maker;
        }

        /** Null when it cannot be made: what is measured must not suffer from it. */
        @Nullable
        M get(int index) {
            M known = made.get(index);
            return known != null ? known : make(index);
        }

        private @Nullable M make(int index) {
            try {
                M fresh = maker.apply(index);
                made.set(index, fresh);
                return fresh;
            } catch (RuntimeException e) {
                if (!troubled) {
                    troubled = true;
                    log.warn("A meter of a task cannot be made and counts nothing, which is tried again", e);
                }
                return null;
            }
        }
    }
}
