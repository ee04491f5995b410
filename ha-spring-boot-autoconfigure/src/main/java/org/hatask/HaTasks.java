package org.hatask;

import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Submits durable tasks by name, finds them, waits for them and cancels them; a bean to inject. All methods are thread-safe,
 * ask the store and may block for it, and throw {@link TaskStoreException} when it does not answer.
 */
public interface HaTasks {

    /**
     * Prepares a submission.
     *
     * @param task name of a task with {@code delivery = DURABLE}
     * @param arguments those of its method; numbers are widened as in a call of it, so {@code 42} fits a {@code long}
     * @throws IllegalArgumentException when this node has no such durable task, or the arguments do not fit its parameters
     */
    TaskSubmission prepare(String task, @Nullable Object... arguments);

    /**
     * Submits without further ado, as a call of the method does, but on any node: the task's {@code offRole} is for calls.
     *
     * @throws IllegalArgumentException as from {@link #prepare}
     * @throws TaskStoreException as from {@link TaskSubmission#submit}
     */
    default DurableTask submit(String task, @Nullable Object... arguments) {
        return prepare(task, arguments).submit();
    }

    /**
     * Submits several at once, which takes far less time than one after the other. All are recorded or none; only {@code zookeeper}
     * writes them in transactions of 50, of which some may be recorded when the connection is lost: the exception says so.
     *
     * @param submissions from {@link #prepare}, of any tasks; of those with the same task and key the first is recorded. It may be
     *     empty
     * @return for each, in their order, the task that is kept
     * @throws TaskStoreException as from {@link TaskSubmission#submit}
     */
    List<DurableTask> submitAll(Collection<TaskSubmission> submissions);

    /** The task with this id; empty when there is none or it is no longer kept. */
    Optional<DurableTask> find(String taskId);

    /**
     * The task of this name that was submitted with this key, see {@link TaskSubmission#idempotencyKey}; empty when there is none
     * or it is no longer kept.
     */
    Optional<DurableTask> find(String task, String idempotencyKey);

    /**
     * Tasks, the last submitted first.
     *
     * @param task only those of this name; null for all
     * @param states only those in one of these states; empty for all
     * @param atMost 1 to 1000
     */
    default List<DurableTask> list(@Nullable String task, Set<TaskState> states, int atMost) {
        return list(task, states, null, atMost);
    }

    /**
     * A page of tasks, the last submitted first.
     *
     * @param task only those of this name; null for all
     * @param states only those in one of these states; empty for all
     * @param after the last one of the page before, whether or not it is still kept; null for the first page
     * @param atMost 1 to 1000; a page with fewer is the last
     */
    List<DurableTask> list(@Nullable String task, Set<TaskState> states, @Nullable DurableTask after, int atMost);

    /**
     * What the task returns. The future fails as a direct call would: with what the method threw, with a
     * {@link HaException}, or with a {@link java.util.concurrent.CancellationException} when the task was cancelled. It also
     * fails when the task is laid aside. To cancel the future does not cancel the task.
     *
     * @param type what the task returns; wrapper types for primitives, {@code Void.class} for nothing
     */
    <T> CompletableFuture<@Nullable T> result(String taskId, Class<T> type);

    /**
     * Cancels the task: it never begins, or its running attempt is interrupted within about a second.
     *
     * @return false when it is unknown or final already
     */
    boolean cancel(String taskId);
}
