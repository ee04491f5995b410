package org.hatask.execute;

import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.slf4j.MDC;

/** Names the attempt in the log lines of its thread, by SLF4J's MDC, while its method runs. */
final class LogContext {

    static final String NAME = "ha.task.name";
    static final String ID = "ha.task.id";
    static final String ATTEMPT = "ha.task.attempt";
    static final String EPOCH = "ha.epoch";

    private static final String FIRST = "1";

    private LogContext() {}

    /** Calls the method; afterwards these keys have the values they had before, and all others what the method left. */
    static <T extends @Nullable Object> T callWith(Attempt attempt, Callable<T> method) throws Exception {
        // An attempt may run within another one.
        String name = MDC.get(NAME);
        String id = MDC.get(ID);
        String number = MDC.get(ATTEMPT);
        String epoch = MDC.get(EPOCH);
        set(NAME, attempt.task().name());
        set(ID, attempt.taskId());
        set(ATTEMPT, attempt.number() == 1 ? FIRST : Integer.toString(attempt.number()));
        set(EPOCH, attempt.epoch() == 0 ? null : Long.toString(attempt.epoch()));
        try {
            return method.call();
        } finally {
            set(NAME, name);
            set(ID, id);
            set(ATTEMPT, number);
            set(EPOCH, epoch);
        }
    }

    private static void set(String key, @Nullable String value) {
        if (value == null) {
            MDC.remove(key);
        } else {
            MDC.put(key, value);
        }
    }
}
