package org.hatask.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.hatask.HaTask;
import org.hatask.cluster.Node;
import org.hatask.cluster.NodeState;
import org.hatask.execute.Attempt;
import org.hatask.execute.Outcome;
import org.hatask.execute.TaskDefinition;
import org.hatask.execute.TaskObserver;
import org.hatask.execute.Tasks;
import org.junit.jupiter.api.Test;

/** Times on a clock that only the test moves. */
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
    private final AtomicLong nanos = new AtomicLong();
    private final TaskDefinition task = Tasks.of(Desk.class, "task");
    private boolean registryFails;
    private final TaskTimers timers = new TaskTimers(this::registry, nanos::get);

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

    private void pass(int millis) {
        nanos.addAndGet(Duration.ofMillis(millis).toNanos());
    }

    private void call() {
        TaskObserver.Call call = timers.called(task, "t1");
        pass(1);
        TaskObserver.Try tried = call.tried(NODE, attempt(1), true);
        pass(2);
        TaskObserver.Run run = timers.begun(attempt(1), TaskObserver.Origin.LOCAL);
        pass(4);
        run.ended(new Outcome.Succeeded(null));
        pass(8);
        tried.ended(new Outcome.Succeeded(null));
        pass(16);
        call.ended(TaskObserver.Ending.SUCCEEDED, null);
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
        call.tried(NODE, attempt(1), true).ended(new Outcome.NotSent("x"));
        call.tried(NODE, attempt(1), true).ended(new Outcome.Unknown("x", true));
        assertThat(registry.find("ha.task.retries").counter()).isNull();
        call.tried(NODE, attempt(2), true).ended(new Outcome.NotSent("x"));
        call.tried(NODE, attempt(2), true).ended(new Outcome.Succeeded("x"));

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
