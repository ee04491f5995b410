package org.hatask.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.net.URI;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.hatask.HaTask;
import org.hatask.cluster.Node;
import org.hatask.cluster.NodeState;
import org.hatask.execute.Attempt;
import org.hatask.execute.Outcome;
import org.hatask.execute.TaskDefinition;
import org.hatask.execute.TaskObserver;
import org.hatask.execute.Tasks;
import org.junit.jupiter.api.Test;

class TaskTimersTest {

    @SuppressWarnings("unused")
    static class Desk {
        @HaTask
        public void task() {}
    }

    private static final Node NODE =
            new Node("n1", "i1", URI.create("http://n1"), NodeState.UP, true, true, 1, null, Instant.EPOCH);

    private final MeterRegistry registry = new SimpleMeterRegistry();
    private final AtomicInteger lookups = new AtomicInteger();
    private final TaskDefinition task = Tasks.of(Desk.class, "task");
    private boolean registryFails;
    private final TaskTimers timers = new TaskTimers(this::registry);

    private MeterRegistry registry() {
        lookups.incrementAndGet();
        if (registryFails) {
            throw new IllegalStateException("not yet");
        }
        return registry;
    }

    private Attempt attempt(int number) {
        return new Attempt(task, "t1", number, 0, 0, "n1");
    }

    private void call() {
        TaskObserver.Call call = timers.called(task, "t1");
        TaskObserver.Try tried = call.tried(NODE, attempt(1), true);
        TaskObserver.Run run = timers.begun(attempt(1), TaskObserver.Origin.LOCAL);
        run.ended(new Outcome.Succeeded(null), 4_000_000);
        tried.ended(new Outcome.Succeeded(null), 14_000_000);
        call.ended(TaskObserver.Ending.SUCCEEDED, null, 31_000_000);
    }

    private double millis(String timer) {
        return registry.get(timer).timer().totalTime(TimeUnit.MILLISECONDS);
    }

    @Test
    void everyTimerTakesItsOwnPart() {
        call();

        assertThat(millis("ha.task.calls")).isEqualTo(31);
        assertThat(millis("ha.task.attempts")).isEqualTo(14);
        assertThat(millis("ha.task.executions")).isEqualTo(4);
    }

    @Test
    void theRegistryIsAskedForAMeterOnceAndNotAtEveryCall() {
        for (int i = 0; i < 1000; i++) {
            call();
        }

        assertThat(lookups).hasValue(3);
        assertThat(registry.get("ha.task.calls").timer().count()).isEqualTo(1000);
    }

    @Test
    void aCallDoesNotSufferFromAMeterThatCannotBeMade() {
        registryFails = true;
        call();

        registryFails = false;
        call();

        assertThat(registry.get("ha.task.calls").timer().count()).isOne();
    }

    @Test
    void aRefusedAttemptThatIsMadeElsewhereIsNoRetry() {
        TaskObserver.Call call = timers.called(task, "t1");
        call.tried(NODE, attempt(1), true).ended(new Outcome.NotSent("x"), 1);
        call.tried(NODE, attempt(1), true).ended(new Outcome.Unknown("x", true), 1);
        assertThat(registry.find("ha.task.retries").counter()).isNull();
        call.tried(NODE, attempt(2), true).ended(new Outcome.NotSent("x"), 1);
        call.tried(NODE, attempt(2), true).ended(new Outcome.Succeeded("x"), 1);

        assertThat(registry.get("ha.task.retries")
                        .tag("reason", "timed_out")
                        .counter()
                        .count())
                .isOne();
        assertThat(registry.get("ha.task.refusals")
                        .tag("reason", "not_sent")
                        .counter()
                        .count())
                .isEqualTo(2);
    }
}
