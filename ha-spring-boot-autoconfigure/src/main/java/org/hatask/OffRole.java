package org.hatask;

/** What a call does on a node that has not the task's role. */
public enum OffRole {
    /** The call is dispatched to a node that has the role. */
    FORWARD,
    /**
     * The call does nothing and returns {@code null}, zero, {@code false} or a future completed with {@code null}. On a node
     * that has the role the method runs there and is never sent elsewhere.
     */
    SKIP,
    /**
     * The call fails with {@link TaskRejectedException}. On a node that has the role the method runs there and is never
     * sent elsewhere.
     */
    REJECT
}
