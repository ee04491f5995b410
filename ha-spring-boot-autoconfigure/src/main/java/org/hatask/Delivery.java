package org.hatask;

/** What becomes of a call of a task when its caller dies. */
public enum Delivery {
    /** The caller waits for the result and moves the call on when a node fails; when the caller dies the call is over. */
    DIRECT,
    /**
     * The call is recorded first, and returns when the record is safe; whatever dies afterwards, the task goes on and ends in
     * a final {@link TaskState}. For methods that return {@code void} or a {@link java.util.concurrent.CompletableFuture}.
     */
    DURABLE
}
