package org.hatask;

import java.time.Duration;

/** A durable task about to be submitted. Nothing is recorded before {@link #submit()}. Not thread-safe. */
public interface TaskSubmission {

    /**
     * A second submission of the same task with the same key records nothing and returns what became of the first, whatever
     * its arguments, delay and time to live. So it is for as long as the first is kept, which is until it has been over for
     * {@code ha.durable.retention} (with {@code zookeeper} less, when very many have ended), also when it is FAILED or CANCELLED:
     * to try it again takes an operator's retry or another key.
     *
     * @param key 1 to 200 characters
     */
    TaskSubmission idempotencyKey(String key);

    /** The task does not begin before this time has passed: zero to 36500 days. */
    TaskSubmission startAfter(Duration delay);

    /**
     * If it has not begun when this time has passed since the submission, it never does, and is {@link TaskState#FAILED}. So is
     * one that failed and whose next attempt would begin later.
     *
     * @param time more than zero, at most 36500 days, and longer than the delay
     */
    TaskSubmission timeToLive(Duration time);

    /**
     * Records the task and returns when the record is safe. With the store {@code jdbc} it is part of the transaction of the
     * calling thread, if there is one: it is executed after the commit, and never after a rollback.
     *
     * @throws IllegalArgumentException when its time to live is over before its delay is
     * @throws TaskStoreException when the store cannot be reached, is full, or the arguments are too large; the task is not
     *     recorded then, or the message says that this is not known
     */
    DurableTask submit();
}
