package org.hatask.durable;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.time.Duration;
import java.time.Instant;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.hatask.TaskState;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

class TaskRecordTest {

    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00.123Z");
    private static final Instant LATER = NOW.plusSeconds(1);
    private static final Lease LEASE = new Lease("w.1", "n1");
    private static final TaskFailure THREW = new TaskFailure(TaskFailure.Kind.THREW, "no", "{}");

    private static TaskRecord pending(int maxAttempts) {
        return TaskRecord.submitted(
                "id", "mail", "()void", "[]", NOW, "n1", null, Duration.ZERO, Duration.ofMinutes(1), maxAttempts);
    }

    private static TaskRecord running(int maxAttempts) {
        return pending(maxAttempts).leasedTo(LEASE).started(NOW, 0);
    }

    private static Map<TaskState, TaskRecord> oneOfEach() {
        Map<TaskState, TaskRecord> records = new EnumMap<>(TaskState.class);
        records.put(TaskState.PENDING, pending(2));
        records.put(TaskState.LEASED, pending(2).leasedTo(LEASE));
        records.put(TaskState.RUNNING, running(2));
        records.put(TaskState.RETRY_WAIT, running(2).failed(NOW, THREW, Duration.ofSeconds(1)));
        records.put(TaskState.SUCCEEDED, running(2).succeeded(NOW, "1"));
        records.put(TaskState.FAILED, running(1).failed(NOW, THREW, Duration.ofSeconds(1)));
        records.put(TaskState.CANCELLED, pending(2).cancel(NOW));
        records.put(TaskState.PARKED, pending(2).leasedTo(LEASE).parked(NOW, "unreadable"));
        return records;
    }

    @Test
    void thereIsARecordOfEachState() {
        oneOfEach().forEach((state, task) -> assertThat(task.state()).isEqualTo(state));
        assertThat(oneOfEach()).hasSize(TaskState.values().length);
    }

    /** The whole table: which step leads from where to where; whatever is not named here is refused. */
    @TestFactory
    Stream<DynamicTest> everyOtherStepIsRefused() {
        Map<String, UnaryOperator<TaskRecord>> steps = new LinkedHashMap<>();
        steps.put("leasedTo", task -> task.leasedTo(LEASE));
        steps.put("started", task -> task.started(NOW, 0));
        steps.put("givenBack", task -> task.givenBack(NOW));
        steps.put("succeeded", task -> task.succeeded(NOW, "1"));
        steps.put("failed", task -> task.failed(NOW, THREW, null));
        steps.put("failed for now", task -> task.failed(NOW, THREW, Duration.ZERO));
        steps.put("lost", task -> task.lost(NOW, "gone", 2));
        steps.put("cancelled", task -> task.cancelled(NOW));
        steps.put("cancel", task -> task.cancel(NOW));
        steps.put("expired", task -> task.expired(NOW));
        steps.put("parked", task -> task.parked(NOW, "unreadable"));
        steps.put("retried", task -> task.retried(NOW));
        steps.put("reported", task -> task.reported("half", null));
        Map<String, Map<TaskState, TaskState>> allowed = Map.ofEntries(
                Map.entry(
                        "leasedTo",
                        Map.of(TaskState.PENDING, TaskState.LEASED, TaskState.RETRY_WAIT, TaskState.LEASED)),
                Map.entry("started", Map.of(TaskState.LEASED, TaskState.RUNNING)),
                Map.entry(
                        "givenBack", Map.of(TaskState.LEASED, TaskState.PENDING, TaskState.RUNNING, TaskState.PENDING)),
                Map.entry("succeeded", Map.of(TaskState.RUNNING, TaskState.SUCCEEDED)),
                Map.entry("failed", Map.of(TaskState.RUNNING, TaskState.FAILED)),
                Map.entry("failed for now", Map.of(TaskState.RUNNING, TaskState.RETRY_WAIT)),
                Map.entry("lost", Map.of(TaskState.RUNNING, TaskState.PENDING)),
                Map.entry("cancelled", Map.of(TaskState.RUNNING, TaskState.CANCELLED)),
                Map.entry(
                        "cancel",
                        Map.of(
                                TaskState.PENDING,
                                TaskState.CANCELLED,
                                TaskState.LEASED,
                                TaskState.CANCELLED,
                                TaskState.RUNNING,
                                TaskState.RUNNING,
                                TaskState.RETRY_WAIT,
                                TaskState.CANCELLED,
                                TaskState.PARKED,
                                TaskState.CANCELLED)),
                Map.entry(
                        "expired", Map.of(TaskState.PENDING, TaskState.FAILED, TaskState.RETRY_WAIT, TaskState.FAILED)),
                Map.entry("parked", Map.of(TaskState.LEASED, TaskState.PARKED, TaskState.RUNNING, TaskState.PARKED)),
                Map.entry("retried", Map.of(TaskState.FAILED, TaskState.PENDING, TaskState.PARKED, TaskState.PENDING)),
                Map.entry("reported", Map.of(TaskState.RUNNING, TaskState.RUNNING)));
        return steps.keySet().stream().flatMap(step -> EnumSet.allOf(TaskState.class).stream()
                .map(state -> DynamicTest.dynamicTest(state + " " + step, () -> {
                    @Nullable TaskState next = allowed.get(step).get(state);
                    TaskRecord task = oneOfEach().get(state);
                    if (next != null) {
                        assertThat(steps.get(step).apply(task).state()).isEqualTo(next);
                    } else {
                        assertThatIllegalStateException()
                                .isThrownBy(() -> steps.get(step).apply(task));
                    }
                })));
    }

    @Test
    void aStepKeepsVersionAndIdentity() {
        TaskRecord task = pending(1).withVersion(7).leasedTo(LEASE);
        assertThat(task.version()).isEqualTo(7);
        assertThat(task.id()).isEqualTo("id");
        assertThat(task.withVersion(8).version()).isEqualTo(8);
    }

    @Test
    void onlyHeldTasksHaveAHolderAndOnlyFinalOnesAnEnd() {
        oneOfEach().forEach((state, task) -> {
            assertThat(task.lease() != null).as(state + " is held").isEqualTo(state.isHeld());
            assertThat(task.endedAt() != null).as(state + " has ended").isEqualTo(state.isFinal());
        });
    }

    @Test
    void aFailedAttemptWithoutRetryIsTheEnd() {
        TaskRecord failed = running(1).failed(LATER, THREW, Duration.ZERO);
        assertThat(failed.state()).isEqualTo(TaskState.FAILED);
        assertThat(failed.failure()).isEqualTo(THREW);
        assertThat(failed.endedAt()).isEqualTo(LATER);
        assertThat(failed.attempts().get(0).end()).isEqualTo(TaskAttempt.End.FAILED);
    }

    @Test
    void aFailedAttemptWithRetryWaitsForItsPause() {
        TaskRecord waiting = running(2).failed(LATER, THREW, Duration.ofSeconds(5));
        assertThat(waiting.dueAt()).isEqualTo(LATER.plusSeconds(5));
        assertThat(waiting.isDue(LATER.plusMillis(4999))).isFalse();
        assertThat(waiting.isDue(LATER.plusSeconds(5))).isTrue();
        TaskRecord second = waiting.leasedTo(LEASE).started(LATER, 0);
        assertThat(second.attempt()).isEqualTo(2);
        assertThat(second.failed(LATER, THREW, Duration.ZERO).state()).isEqualTo(TaskState.FAILED);
    }

    @Test
    void whatWasNotStartedIsNoAttempt() {
        TaskRecord back = running(1).givenBack(LATER);
        assertThat(back.attempts()).isEmpty();
        assertThat(back.leasedTo(LEASE).started(LATER, 0).attempt()).isEqualTo(1);
    }

    @Test
    void withoutRetryALostAttemptIsAFailureOfUnknownOutcome() {
        TaskRecord lost = running(1).lost(LATER, "node n1 has left", 2);
        assertThat(lost.state()).isEqualTo(TaskState.FAILED);
        assertThat(lost.failure().kind()).isEqualTo(TaskFailure.Kind.OUTCOME_UNKNOWN);
        assertThat(lost.attempts().get(0).end()).isEqualTo(TaskAttempt.End.LOST);
    }

    @Test
    void withRetryALostAttemptIsFollowedByAnotherAndTheSecondDeathIsTheLast() {
        TaskRecord lost = running(5).lost(LATER, "node n1 has left", 2);
        assertThat(lost.state()).isEqualTo(TaskState.PENDING);
        assertThat(lost.isDue(LATER)).isTrue();
        TaskRecord parked = lost.leasedTo(LEASE).started(LATER, 0).lost(LATER, "node n2 has left", 2);
        assertThat(parked.state()).isEqualTo(TaskState.PARKED);
        assertThat(parked.failure().kind()).isEqualTo(TaskFailure.Kind.POISON);
    }

    @Test
    void theStopOfANodeIsNoDeath() {
        TaskRecord lost = running(5).lost(LATER, "node n1 stopped", 0);
        assertThat(lost.nodeDeaths()).isZero();
        assertThat(lost.leasedTo(LEASE).started(LATER, 0).lost(LATER, "died", 2).state())
                .isEqualTo(TaskState.PENDING);
    }

    @Test
    void aCancelledTaskIsNotTriedAgainButASuccessStands() {
        TaskRecord asked = running(5).cancel(LATER);
        assertThat(asked.cancelRequested()).isTrue();
        assertThat(asked.lost(LATER, "died", 2).state()).isEqualTo(TaskState.CANCELLED);
        assertThat(asked.givenBack(LATER).state()).isEqualTo(TaskState.CANCELLED);
        assertThat(asked.failed(LATER, THREW, Duration.ZERO).state()).isEqualTo(TaskState.FAILED);
        assertThat(asked.cancelled(LATER).state()).isEqualTo(TaskState.CANCELLED);
        assertThat(asked.succeeded(LATER, "1").state()).isEqualTo(TaskState.SUCCEEDED);
    }

    @Test
    void anOperatorsRetryBeginsAnew() {
        TaskRecord failed = running(1).failed(NOW, THREW, null);
        TaskRecord again = failed.retried(LATER);
        assertThat(again.isDue(LATER)).isTrue();
        assertThat(again.failure()).isNull();
        TaskRecord second = again.leasedTo(LEASE).started(LATER, 0);
        assertThat(second.attempt()).isEqualTo(2);
        assertThat(second.succeeded(LATER, "1").state()).isEqualTo(TaskState.SUCCEEDED);
        assertThat(second.lost(LATER, "died", 2).state()).isEqualTo(TaskState.FAILED);
    }

    @Test
    void itsTimeToLiveEndsWhatHasNotBegun() {
        TaskRecord task = pending(1);
        assertThat(task.isOutdated(NOW.plusSeconds(59))).isFalse();
        assertThat(task.isOutdated(NOW.plusSeconds(60))).isTrue();
        assertThat(task.isDue(NOW.plusSeconds(60))).isFalse();
        assertThat(running(1).isOutdated(NOW.plusSeconds(60))).isFalse();
        assertThat(task.expired(LATER).failure().kind()).isEqualTo(TaskFailure.Kind.EXPIRED);
    }

    @Test
    void onlyTheFirstAndTheNewestAttemptsAreKept() {
        TaskRecord task = pending(1000);
        for (int i = 1; i <= 100; i++) {
            task = task.leasedTo(LEASE).started(NOW, i).failed(NOW, THREW, Duration.ZERO);
            assertThat(task.attempt()).isEqualTo(i);
        }
        assertThat(task.attempts()).hasSize(TaskRecord.MAX_ATTEMPTS_KEPT);
        assertThat(task.attempts().get(0).number()).isEqualTo(1);
        assertThat(task.attempts().get(1).number()).isEqualTo(82);
        assertThat(task.attempts()).extracting(TaskAttempt::end).containsOnly(TaskAttempt.End.FAILED);
    }

    @Test
    void aCheckpointIsHandedToTheNextAttempt() {
        TaskRecord task = running(2).reported("half", "{\"page\":7}").failed(NOW, THREW, Duration.ZERO);
        TaskRecord next = task.leasedTo(LEASE).started(LATER, 0);
        assertThat(next.checkpoint()).isEqualTo("{\"page\":7}");
    }

    @Test
    void timesAreOfMilliseconds() {
        Instant precise = Instant.parse("2026-01-01T00:00:00.123456789Z");
        TaskRecord task = TaskRecord.submitted(
                "id", "mail", "()void", "[]", precise, "n1", null, Duration.ZERO, Duration.ofNanos(1), 1);
        assertThat(List.of(task.submittedAt(), task.dueAt(), task.expiresAt())).containsOnly(NOW);
        TaskRecord ended = task.leasedTo(LEASE).started(precise, 0).succeeded(precise, "1");
        assertThat(ended.endedAt()).isEqualTo(NOW);
        assertThat(ended.attempts().get(0).startedAt()).isEqualTo(NOW);
        assertThat(ended.attempts().get(0).endedAt()).isEqualTo(NOW);
    }
}
