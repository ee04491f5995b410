package org.hatask;

/** Keeps the context of the running task; owned by the thread. */
final class TaskContextHolder {

    static final ThreadLocal<TaskContext> CURRENT = new ThreadLocal<>();

    private TaskContextHolder() {}
}
