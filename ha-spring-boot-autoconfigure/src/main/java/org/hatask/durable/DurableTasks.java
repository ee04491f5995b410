package org.hatask.durable;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.function.Supplier;
import org.hatask.DurableTask;
import org.hatask.HaException;
import org.hatask.HaTasks;
import org.hatask.TaskOutcomeUnknownException;
import org.hatask.TaskRejectedException;
import org.hatask.TaskState;
import org.hatask.TaskSubmission;
import org.hatask.TaskTimeoutException;
import org.hatask.cluster.ClusterState;
import org.hatask.dispatch.DurableCalls;
import org.hatask.execute.ArgumentCodec;
import org.hatask.execute.CodecException;
import org.hatask.execute.TaskDefinition;
import org.hatask.execute.TaskRegistry;
import org.jspecify.annotations.Nullable;

/** Submits durable tasks and tells what becomes of them. Holds nothing itself. */
public final class DurableTasks implements HaTasks, DurableCalls {

    private static final int MAX_KEY = 200;

    /** Longest delay and time to live. */
    private static final Duration MAX_TIME = Duration.ofDays(36_500);

    private final Supplier<TaskRegistry> registry;
    private final ClusterState cluster;
    private final ArgumentCodec codec;
    private final TaskManager manager;

    /** @param registry the tasks of this node, once they are known */
    public DurableTasks(
            Supplier<TaskRegistry> registry, ClusterState cluster, ArgumentCodec codec, TaskManager manager) {
        this.registry = registry;
        this.cluster = cluster;
        this.codec = codec;
        this.manager = manager;
    }

    @Override
    public @Nullable Object call(TaskDefinition task, @Nullable Object[] arguments) {
        Submission submission = new Submission(task, json(task, arguments));
        if (!task.async()) {
            submission.submit();
            return null;
        }
        TransactionResult<@Nullable Object> result = new TransactionResult<>(task.name());
        DurableTask submitted = submission.submit();
        manager.store()
                .afterTransaction(
                        () -> {
                            result.transactionIsOver();
                            follow(submitted.id(), Function.identity(), result);
                        },
                        () -> {
                            result.transactionIsOver();
                            result.completeExceptionally(new HaException("The transaction in which task " + task + " "
                                    + submitted.id() + " was submitted was rolled back, and the task with it."));
                        });
        return result;
    }

    @Override
    public TaskSubmission prepare(String task, @Nullable Object... arguments) {
        require(task, "name of the task");
        require(arguments, "array of arguments (of a single argument that is null, write (Object) null)");
        TaskDefinition definition = registry.get()
                .find(task)
                .orElseThrow(() -> new IllegalArgumentException(
                        "There is no task '" + task + "' on this node; durable tasks are " + durableNames() + "."));
        if (!definition.isDurable()) {
            throw new IllegalArgumentException("Task '" + task
                    + "' is not durable: annotate it with @HaTask(delivery = DURABLE). Durable tasks are "
                    + durableNames() + ".");
        }
        int expected = definition.parameterTypes().size();
        if (arguments.length != expected) {
            throw new IllegalArgumentException(
                    "Task '" + task + "' takes " + expected + " arguments, not " + arguments.length + ".");
        }
        return new Submission(definition, json(definition, Widening.widened(definition, arguments)));
    }

    /** For callers that no compiler has told that it must not be null. */
    @SuppressWarnings("ConstantValue")
    private static void require(Object value, String what) {
        if (value == null) {
            throw new IllegalArgumentException("The " + what + " must not be null.");
        }
    }

    private List<String> durableNames() {
        return registry.get().all().stream()
                .filter(TaskDefinition::isDurable)
                .map(TaskDefinition::name)
                .toList();
    }

    /** Read back at once: what another node could not read must not be recorded. */
    private String json(TaskDefinition task, @Nullable Object[] arguments) {
        byte[] json;
        try {
            json = codec.writeArguments(task, arguments);
            codec.readArguments(task, json);
        } catch (CodecException | ClassCastException e) {
            throw new IllegalArgumentException(
                    Widening.misfit(task, arguments).orElseGet(() -> String.valueOf(e.getMessage())), e);
        }
        return new String(json, StandardCharsets.UTF_8);
    }

    private final class Submission implements TaskSubmission {

        private final TaskDefinition task;
        private final String arguments;
        private @Nullable String key;
        private Duration delay = Duration.ZERO;
        private @Nullable Duration timeToLive;

        Submission(TaskDefinition task, String arguments) {
            this.task = task;
            this.arguments = arguments;
        }

        @Override
        public TaskSubmission idempotencyKey(String newKey) {
            require(newKey, "idempotency key");
            if (newKey.isEmpty() || newKey.length() > MAX_KEY) {
                throw new IllegalArgumentException(
                        "An idempotency key has 1 to " + MAX_KEY + " characters, not " + newKey.length() + ".");
            }
            key = newKey;
            return this;
        }

        @Override
        public TaskSubmission startAfter(Duration newDelay) {
            require(newDelay, "delay of a task");
            if (newDelay.isNegative() || newDelay.compareTo(MAX_TIME) > 0) {
                throw new IllegalArgumentException("A task can start between now and " + MAX_TIME.toDays()
                        + " days from now, not " + newDelay + " from now.");
            }
            delay = newDelay;
            return this;
        }

        @Override
        public TaskSubmission timeToLive(Duration time) {
            require(time, "time to live");
            if (time.isNegative() || time.isZero() || time.compareTo(MAX_TIME) > 0) {
                throw new IllegalArgumentException("A time to live is more than zero and at most " + MAX_TIME.toDays()
                        + " days, not " + time + ".");
            }
            timeToLive = time;
            return this;
        }

        @Override
        public DurableTask submit() {
            return submitAll(List.of(this)).get(0);
        }

        /** Only now, as each of the two may have been set first. */
        private void requireTimeToBegin() {
            if (timeToLive != null && timeToLive.compareTo(delay) <= 0) {
                throw new IllegalArgumentException("Task '" + task + "' would never begin: it starts " + delay
                        + " after its submission, and its time to live, which counts from there too, is " + timeToLive
                        + ". Make the time to live longer than the delay.");
            }
        }

        private TaskRecord record(Instant now) {
            return TaskRecord.submitted(
                    manager.nextId(),
                    task.name(),
                    task.signature(),
                    arguments,
                    now,
                    cluster.view().self().id(),
                    key,
                    delay,
                    timeToLive,
                    task.retry().maxAttempts());
        }
    }

    @Override
    public List<DurableTask> submitAll(Collection<TaskSubmission> submissions) {
        require(submissions, "collection of submissions");
        List<Submission> own = submissions.stream().map(DurableTasks::own).toList();
        if (own.isEmpty()) {
            return List.of();
        }
        own.forEach(Submission::requireTimeToBegin);
        TaskStore store = manager.store();
        Instant now = store.now();
        List<TaskRecord> kept = store.submit(
                own.stream().map(submission -> submission.record(now)).toList());
        store.afterTransaction(manager::wake, () -> {});
        return kept.stream().map(TaskRecord::view).toList();
    }

    private static Submission own(TaskSubmission submission) {
        if (submission instanceof Submission own) {
            return own;
        }
        require(submission, "submission");
        throw new IllegalArgumentException("A submission is made by HaTasks.prepare(…), not a "
                + submission.getClass().getName() + ".");
    }

    @Override
    public Optional<DurableTask> find(String taskId) {
        require(taskId, "id of the task");
        return manager.find(taskId).map(TaskRecord::view);
    }

    @Override
    public Optional<DurableTask> find(String task, String idempotencyKey) {
        require(task, "name of the task");
        require(idempotencyKey, "idempotency key");
        return manager.find(task, idempotencyKey).map(TaskRecord::view);
    }

    @Override
    public List<DurableTask> list(
            @Nullable String task, Set<TaskState> states, @Nullable DurableTask after, int atMost) {
        require(states, "set of states, which may be empty,");
        TaskQuery.Position position = after == null ? null : TaskQuery.Position.of(after);
        return manager.list(new TaskQuery(task, states, position, atMost)).stream()
                .map(TaskRecord::view)
                .toList();
    }

    @Override
    public <T> CompletableFuture<@Nullable T> result(String taskId, Class<T> type) {
        require(taskId, "id of the task");
        require(type, "type of the result");
        CompletableFuture<@Nullable T> result = new CompletableFuture<>();
        follow(taskId, type::cast, result);
        return result;
    }

    /** Completes the future with what becomes of the task; who gives the future up is not looked for any more. */
    private <T> void follow(
            String taskId, Function<@Nullable Object, @Nullable T> cast, CompletableFuture<@Nullable T> result) {
        CompletableFuture<TaskRecord> end = manager.end(taskId);
        end.whenComplete((record, error) -> {
            if (record == null) {
                result.completeExceptionally(error);
            } else {
                complete(result, record, cast);
            }
        });
        result.whenComplete((value, error) -> end.cancel(false));
    }

    private <T> void complete(
            CompletableFuture<@Nullable T> result, TaskRecord record, Function<@Nullable Object, @Nullable T> cast) {
        try {
            switch (record.state()) {
                case SUCCEEDED -> result.complete(cast.apply(read(record)));
                case CANCELLED ->
                    result.completeExceptionally(new CancellationException("Task " + record + " was cancelled"));
                default -> result.completeExceptionally(failure(record));
            }
        } catch (RuntimeException | Error e) {
            result.completeExceptionally(e);
        }
    }

    private @Nullable Object read(TaskRecord record) {
        String json = record.result();
        return json == null ? null : codec.readResult(definition(record), json.getBytes(StandardCharsets.UTF_8));
    }

    private TaskDefinition definition(TaskRecord record) {
        return registry.get()
                .find(record.task())
                .orElseThrow(() -> new HaException(
                        "This node has no task '" + record.task() + "' and so cannot read what became of " + record));
    }

    private Throwable failure(TaskRecord record) {
        TaskFailure failure = record.failure();
        if (failure == null) {
            return new HaException("Task " + record + " ended without a result");
        }
        String node = String.valueOf(record.lastNode());
        String message = "Task " + record + ": " + failure.message();
        return switch (failure.kind()) {
            case THREW -> thrown(record, failure, message, node);
            case TIMED_OUT -> new TaskTimeoutException(message, record.id(), node, null);
            case OUTCOME_UNKNOWN -> new TaskOutcomeUnknownException(message, record.id(), node, null);
            case EXPIRED, POISON, UNRUNNABLE -> new TaskRejectedException(message);
        };
    }

    private Throwable thrown(TaskRecord record, TaskFailure failure, String message, String node) {
        String error = failure.error();
        return error == null
                ? new HaException(message)
                : codec.readError(definition(record), error.getBytes(StandardCharsets.UTF_8), node)
                        .error();
    }

    @Override
    public boolean cancel(String taskId) {
        require(taskId, "id of the task");
        return manager.cancel(taskId).isPresent();
    }
}
