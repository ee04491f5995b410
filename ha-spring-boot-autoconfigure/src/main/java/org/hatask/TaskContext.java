package org.hatask;

import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Callable;

/**
 * What a running task can know of itself. Bound to the thread that executes the method; a task that hands work to other
 * threads passes the context on by hand.
 */
public interface TaskContext {

    /** The context of the task that this thread executes; empty elsewhere. */
    static Optional<TaskContext> find() {
        return Optional.ofNullable(TaskContextHolder.CURRENT.get());
    }

    /**
     * The context of the task that this thread executes.
     *
     * @throws IllegalStateException when this thread executes none
     */
    static TaskContext current() {
        return find().orElseThrow(() -> new IllegalStateException(
                "No HA task is executed by this thread: TaskContext.current() works inside a method annotated with @HaTask, "
                        + "on the thread that was called"));
    }

    /**
     * Calls {@code work} with {@code context} bound to this thread, and binds what was bound before afterwards. For the
     * engine, for tasks with threads of their own and for tests of task methods.
     */
    static <T> T callWith(TaskContext context, Callable<T> work) throws Exception {
        TaskContext outer = TaskContextHolder.CURRENT.get();
        TaskContextHolder.CURRENT.set(context);
        try {
            return work.call();
        } finally {
            // Also where there was none: to remove it and enter it again would cost every local call its time.
            TaskContextHolder.CURRENT.set(outer);
        }
    }

    /** Name of the task. */
    String taskName();

    /** Id of the execution: the same for all attempts, on whatever node. */
    String taskId();

    /** Number of this attempt, from 1. */
    int attempt();

    /** Epoch of the master under which a task for the {@link Role#MASTER} runs; empty for other roles. */
    OptionalLong epoch();

    /** Time left for this attempt; zero when it is over. */
    Duration remaining();

    /** Id of the node whose call this is; may be this node. */
    String callerNode();

    /**
     * Whether nobody waits for this attempt any more: the caller gave up, time ran out, or the mastership is over. The
     * thread was interrupted then.
     */
    boolean isCancelled();

    /**
     * Says how far the task has come, for people to read. It is written soon, and of several texts only the newest; what does
     * not fit into 200 characters is cut off. Does nothing in a task that is not durable.
     */
    default void progress(String text) {}

    /**
     * What the task saved last, in this attempt or in one before; empty when it saved nothing, or is not durable.
     *
     * @param type what was saved, as one that Jackson can read
     * @throws HaException when what was saved is no such thing
     */
    default <T> Optional<T> checkpoint(Class<T> type) {
        return Optional.empty();
    }

    /**
     * Saves how far a durable task has come, so that its next attempt can go on from there, on whatever node. Returns when it
     * is safe, and so may block for as long as the store does not answer.
     *
     * @param value any JSON value; not null
     * @throws TaskStoreException when it is too large, or this attempt does not count any more: another one may have begun, and
     *     this one should end
     * @throws IllegalStateException when the task is not durable
     * @throws IllegalArgumentException when the value is null
     */
    default void saveCheckpoint(Object value) {
        throw new IllegalStateException(
                "Task " + taskName() + " is not durable, so nothing of it is kept: annotate it with"
                        + " @HaTask(delivery = DURABLE) to save a checkpoint");
    }

    /**
     * Makes sure that this node still is the master of {@link #epoch()}: to be called before an effect that only the master
     * may have. Does nothing in tasks for other roles.
     *
     * @throws StaleEpochException when the mastership is over or no longer certain
     */
    void checkMaster();
}
