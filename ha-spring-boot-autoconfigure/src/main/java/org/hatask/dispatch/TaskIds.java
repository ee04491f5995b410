package org.hatask.dispatch;

import java.util.concurrent.atomic.AtomicLong;

/** Makes ids of executions: unique in the cluster for all time, and telling whose call it is. Thread-safe. */
final class TaskIds {

    private final String prefix;
    private final AtomicLong last = new AtomicLong();

    /** @param incarnation of this process */
    TaskIds(String incarnation) {
        this.prefix = prefix(incarnation);
    }

    /** The id of the next call. */
    String next() {
        // Not by a plus: the builder that becomes of it grows, and is copied, on the way of every call.
        return prefix.concat(Long.toString(last.incrementAndGet()));
    }

    /** How the ids of its calls begin. */
    static String prefix(String incarnation) {
        return incarnation + "-";
    }
}
