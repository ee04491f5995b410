package org.hatask;

/** How far a durable task has come. Its record says who makes which step. */
public enum TaskState {
    /** Recorded; waits for its time, and for a node that can execute it. */
    PENDING,
    /** Given to a node, which has not begun. */
    LEASED,
    /** Its method is about to be called, or has been. */
    RUNNING,
    /** An attempt failed; the next one follows after a pause. */
    RETRY_WAIT,
    /** Its method returned. Final. */
    SUCCEEDED,
    /** Its last attempt failed, nobody knows what became of it, or its time to live was over. Final, unless an operator retries it. */
    FAILED,
    /** Cancelled by the application or an operator. Final. */
    CANCELLED,
    /** Laid aside: nodes died while they executed it, or no node can read it. Waits for an operator. */
    PARKED;

    /** Whether nothing but an operator's retry changes it any more. */
    public boolean isFinal() {
        return this == SUCCEEDED || this == FAILED || this == CANCELLED;
    }

    /** Whether it goes on by itself. */
    public boolean isOpen() {
        return this == PENDING || this == LEASED || this == RUNNING || this == RETRY_WAIT;
    }

    /** Whether a node has it in hand. */
    public boolean isHeld() {
        return this == LEASED || this == RUNNING;
    }
}
