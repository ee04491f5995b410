package org.hatask.durable;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.UnaryOperator;
import org.hatask.TaskTimeoutException;
import org.hatask.dispatch.RetryPolicy;
import org.hatask.execute.ArgumentCodec;
import org.hatask.execute.CodecException;
import org.hatask.execute.Outcome;
import org.hatask.execute.Refusal;
import org.hatask.execute.TaskDefinition;
import org.jspecify.annotations.Nullable;

/** What an outcome means for the record of a durable task. Thread-safe. */
final class AttemptEnds {

    /** A node that refuses what it took itself is busy with other things for a moment. */
    private static final Duration SHORTEST_REFUSAL = Duration.ofMillis(200);

    private final TaskStore store;
    private final ArgumentCodec codec;
    private final Map<String, RetryPolicy> retryPolicies = new ConcurrentHashMap<>();

    AttemptEnds(TaskStore store, ArgumentCodec codec) {
        this.store = store;
        this.codec = codec;
    }

    /**
     * The step from RUNNING to what follows.
     *
     * @param outcome null when there is an error of the engine instead
     */
    UnaryOperator<TaskRecord> step(Held held, @Nullable Outcome outcome, @Nullable Throwable error) {
        TaskDefinition task = held.task();
        if (outcome == null) {
            return record -> record.failed(
                    store.now(), new TaskFailure(TaskFailure.Kind.OUTCOME_UNKNOWN, String.valueOf(error), null), null);
        }
        if (outcome instanceof Outcome.Succeeded succeeded) {
            return succeeded(task, succeeded);
        }
        if (outcome instanceof Outcome.Failed failed) {
            return failed(task, failed);
        }
        if (outcome instanceof Outcome.Refused refused && refused.refusal() == Refusal.BAD_ARGUMENTS) {
            return record -> record.parked(store.now(), refused.message());
        }
        if (outcome instanceof Outcome.Refused refused) {
            Duration pause = refused.comeBackAfter().compareTo(SHORTEST_REFUSAL) > 0
                    ? refused.comeBackAfter()
                    : SHORTEST_REFUSAL;
            return record -> record.givenBack(store.now().plus(pause));
        }
        if (outcome instanceof Outcome.Unknown unknown && unknown.timedOut()) {
            return timedOut(task, unknown);
        }
        if (outcome instanceof Outcome.Unknown unknown) {
            return record -> record.lost(store.now(), sentence(unknown.reason()), 0);
        }
        return record -> record.cancelRequested()
                ? record.cancelled(store.now())
                : record.lost(
                        store.now(),
                        "It was interrupted on node " + record.lastNode()
                                + ", which stopped or could not renew its lease.",
                        0);
    }

    private UnaryOperator<TaskRecord> succeeded(TaskDefinition task, Outcome.Succeeded succeeded) {
        String json;
        try {
            json = new String(codec.writeResult(task, succeeded.value()), StandardCharsets.UTF_8);
        } catch (CodecException e) {
            return record -> unrunnable(record, "It succeeded, but: " + e.getMessage());
        }
        return record -> {
            TaskRecord done = record.succeeded(store.now(), json);
            return store.fits(done)
                    ? done
                    : unrunnable(
                            record,
                            "It succeeded, but its result of " + json.length()
                                    + " characters of JSON is too large to be kept. Let it return where the result is.");
        };
    }

    private TaskRecord unrunnable(TaskRecord record, String why) {
        return record.failed(store.now(), new TaskFailure(TaskFailure.Kind.UNRUNNABLE, why, null), null);
    }

    private UnaryOperator<TaskRecord> failed(TaskDefinition task, Outcome.Failed failed) {
        String error = new String(codec.writeError(failed), StandardCharsets.UTF_8);
        TaskFailure failure =
                new TaskFailure(TaskFailure.Kind.THREW, failed.error().toString(), error);
        RetryPolicy policy = policy(task);
        boolean again = policy.covers(failed);
        return record -> fitting(record.failed(store.now(), failure, again ? pause(policy, record) : null), record);
    }

    /** What was thrown may be larger than the store allows; then its text alone must do. */
    private TaskRecord fitting(TaskRecord after, TaskRecord before) {
        TaskFailure failure = after.failure();
        if (store.fits(after) || failure == null) {
            return after;
        }
        Duration pause = after.state().isOpen() ? Duration.between(store.now(), after.dueAt()) : null;
        return before.failed(store.now(), new TaskFailure(failure.kind(), failure.message(), null), pause);
    }

    private UnaryOperator<TaskRecord> timedOut(TaskDefinition task, Outcome.Unknown unknown) {
        TaskFailure failure = new TaskFailure(TaskFailure.Kind.TIMED_OUT, sentence(unknown.reason()), null);
        RetryPolicy policy = policy(task);
        return record -> {
            boolean again = policy.covers(
                    new TaskTimeoutException(unknown.reason(), record.id(), String.valueOf(record.lastNode()), null));
            return record.failed(store.now(), failure, again ? pause(policy, record) : null);
        };
    }

    private static Duration pause(RetryPolicy policy, TaskRecord record) {
        return policy.pauseAfter(Math.max(1, record.attempt() - record.attemptsBefore()));
    }

    private RetryPolicy policy(TaskDefinition task) {
        return retryPolicies.computeIfAbsent(task.name(), name -> new RetryPolicy(task.retry()));
    }

    private static String sentence(String reason) {
        return Character.toUpperCase(reason.charAt(0)) + reason.substring(1) + ".";
    }
}
