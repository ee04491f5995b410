package org.hatask.link;

import java.util.Collection;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.hatask.execute.ArgumentCodec;
import org.hatask.execute.Attempt;
import org.hatask.execute.CodecException;
import org.hatask.execute.Outcome;
import org.hatask.execute.Refusal;
import org.hatask.execute.TaskDefinition;
import org.hatask.execute.TaskExecutor;
import org.hatask.execute.TaskRegistry;
import org.hatask.execute.Trace;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Admits calls of other nodes and hands them to the executor. Only a task of the registry with the very same signature is
 * ever looked at, and its arguments are decoded only when it is executed. Stateless, runs on the thread that reads the link.
 */
public final class TaskReceiver {

    private static final Logger log = LoggerFactory.getLogger(TaskReceiver.class);

    /** No attempt lasts longer, whatever a caller claims: keeps deadlines on the monotonic clock comparable. */
    private static final long LONGEST_MILLIS = TimeUnit.DAYS.toMillis(365);

    private final Supplier<TaskRegistry> registry;
    private final ArgumentCodec codec;
    private final TaskExecutor executor;

    /**
     * @param registry asked at every call; must not block
     */
    public TaskReceiver(Supplier<TaskRegistry> registry, ArgumentCodec codec, TaskExecutor executor) {
        this.registry = registry;
        this.codec = codec;
        this.executor = executor;
    }

    /**
     * @param answer called exactly once, here or later on a thread of the executor
     */
    void receive(Frame.Call call, String callerNode, Consumer<Frame.Answer> answer) {
        try {
            admit(call, callerNode, answer);
        } catch (RuntimeException e) {
            log.error(
                    "Task {} {}#{} of node {} could not be admitted; it is refused, and tried elsewhere",
                    call.task(),
                    call.taskId(),
                    call.attempt(),
                    callerNode,
                    e);
            answer.accept(refused(call, Refusal.BUSY, "it cannot admit tasks now, see its log"));
        }
    }

    private void admit(Frame.Call call, String callerNode, Consumer<Frame.Answer> answer) {
        TaskDefinition task = registry.get().find(call.task()).orElse(null);
        if (task == null || !task.signature().equals(call.signature())) {
            answer.accept(refused(
                    call,
                    Refusal.UNKNOWN_TASK,
                    task == null ? "no task of this name" : "the task has another signature: " + task.signature()));
            return;
        }
        if (call.remainingMillis() <= 0) {
            answer.accept(refused(call, Refusal.TOO_LATE, "its time was over when it arrived"));
            return;
        }
        long deadline =
                System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(Math.min(call.remainingMillis(), LONGEST_MILLIS));
        Attempt attempt = new Attempt(
                task, call.taskId(), call.attempt(), call.epoch(), deadline, callerNode, Trace.of(call.headers()));
        CompletableFuture<Outcome> running;
        try {
            running = executor.submit(attempt, () -> codec.readArguments(task, call.arguments()));
        } catch (RuntimeException | Error e) {
            // Whether it began is not known.
            running = CompletableFuture.failedFuture(e);
        }
        running.whenComplete((outcome, error) -> answer.accept(answer(call, task, outcome, error)));
    }

    void cancel(Frame.Call call, String callerNode) {
        executor.cancel(call.taskId(), call.attempt(), "its caller " + callerNode + " gave up");
    }

    /** The process that made these calls has left and cannot be answered. */
    void callerGone(Collection<Frame.Call> calls) {
        Set<AttemptKey> gone = calls.stream()
                .map(call -> new AttemptKey(call.taskId(), call.attempt()))
                .collect(Collectors.toSet());
        executor.callerGone(attempt -> gone.contains(new AttemptKey(attempt.taskId(), attempt.number())));
    }

    private record AttemptKey(String taskId, int number) {}

    private Frame.Answer answer(
            Frame.Call call, TaskDefinition task, @Nullable Outcome outcome, @Nullable Throwable error) {
        long id = call.correlationId();
        try {
            if (outcome instanceof Outcome.Succeeded succeeded) {
                return new Frame.Result(id, codec.writeResult(task, succeeded.value()));
            } else if (outcome instanceof Outcome.Failed failed) {
                return new Frame.Error(id, codec.writeError(failed));
            } else if (outcome instanceof Outcome.Refused refused) {
                return new Frame.Refused(
                        id,
                        refused.refusal(),
                        Math.toIntExact(refused.comeBackAfter().toMillis()),
                        refused.message());
            } else if (outcome instanceof Outcome.Unknown unknown) {
                return new Frame.Unknown(id, unknown.timedOut(), unknown.reason());
            } else if (outcome instanceof Outcome.Cancelled) {
                return new Frame.Cancelled(id);
            }
        } catch (CodecException e) {
            return new Frame.Error(id, codec.writeError(Outcome.Failed.of(e)));
        } catch (RuntimeException | Error e) {
            log.error(
                    "The answer of task {} {}#{} cannot be written: a class of its result or exception fails. Its caller is told that the outcome is unknown",
                    call.task(),
                    call.taskId(),
                    call.attempt(),
                    e);
            return new Frame.Unknown(id, false, "the answer could not be written, see the log of the node");
        }
        log.error(
                "Unexpected error in the execution of task {} {}#{}. Its caller is told that the outcome is unknown",
                call.task(),
                call.taskId(),
                call.attempt(),
                error);
        return new Frame.Unknown(id, false, "internal error, see the log of the node");
    }

    private static Frame.Refused refused(Frame.Call call, Refusal refusal, String message) {
        log.debug("Refused {} {}#{}: {}, {}", call.task(), call.taskId(), call.attempt(), refusal, message);
        return new Frame.Refused(call.correlationId(), refusal, 0, message);
    }
}
