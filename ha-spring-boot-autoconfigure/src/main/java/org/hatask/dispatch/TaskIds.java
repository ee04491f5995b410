package org.hatask.dispatch;

import java.util.concurrent.atomic.AtomicLong;

/** Makes ids of executions: unique in the cluster for all time, and telling whose call it is. Thread-safe. */
final class TaskIds {

    private final AtomicLong last = new AtomicLong();

    /** The id of the next call of the process with this incarnation. */
    String next(String incarnation) {
        return prefix(incarnation) + Long.toString(last.incrementAndGet(), Character.MAX_RADIX);
    }

    /** How the ids of its calls begin. */
    static String prefix(String incarnation) {
        return incarnation + "-";
    }
}
