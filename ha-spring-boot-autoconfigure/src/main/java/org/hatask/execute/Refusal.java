package org.hatask.execute;

/** Why a node did not start an attempt. */
public enum Refusal {
    /** Its queue is full. */
    BUSY,
    /** It is about to stop. */
    DRAINING,
    /** It is not the master, or cannot prove it at this moment. */
    NOT_MASTER,
    /** It is the master, of another epoch. */
    STALE_EPOCH,
    /** It does not execute tasks at all ({@code ha.node.accepts-tasks=false}, or no link can come in). */
    NOT_ACCEPTING,
    /** It has no task of this name and signature. */
    UNKNOWN_TASK,
    /** It could not read the arguments. */
    BAD_ARGUMENTS,
    /** A task is stuck on it, so it takes no more until that has ended. */
    SUSPECT,
    /** The time for the attempt was over before it could start. */
    TOO_LATE,
    /** It had not received the attempt when it was asked about it, and will not start it if it still arrives. */
    NOT_RECEIVED;

    /** Whether the same process would refuse the same call again. */
    public boolean isPermanent() {
        return this == NOT_ACCEPTING || this == UNKNOWN_TASK || this == BAD_ARGUMENTS;
    }
}
