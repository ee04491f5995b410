package org.hatask.execute;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.lang.reflect.Method;
import java.time.DateTimeException;
import java.util.ArrayList;
import java.util.ConcurrentModificationException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeoutException;
import org.hatask.NoMasterException;
import org.hatask.NoNodeAvailableException;
import org.hatask.StaleEpochException;
import org.hatask.TaskRejectedException;

/**
 * The exceptions that may be rebuilt from another node's word: those the task's method declares and a fixed list. Never a
 * class that only the wire names.
 */
final class ErrorTypes {

    private static final List<Class<? extends Throwable>> UNCHECKED = List.of(
            RuntimeException.class,
            IllegalArgumentException.class,
            IllegalStateException.class,
            NullPointerException.class,
            UnsupportedOperationException.class,
            ArithmeticException.class,
            ClassCastException.class,
            IndexOutOfBoundsException.class,
            NumberFormatException.class,
            NoSuchElementException.class,
            ConcurrentModificationException.class,
            DateTimeException.class,
            SecurityException.class,
            CancellationException.class,
            NoMasterException.class,
            NoNodeAvailableException.class,
            TaskRejectedException.class,
            StaleEpochException.class);

    /** Only for methods that may throw them: a caller cannot catch a checked exception nobody declared. */
    private static final List<Class<? extends Throwable>> CHECKED =
            List.of(Exception.class, IOException.class, FileNotFoundException.class, TimeoutException.class);

    private ErrorTypes() {}

    static Map<String, Class<? extends Throwable>> of(Method method, RetrySettings retry) {
        List<Class<? extends Throwable>> candidates = new ArrayList<>(UNCHECKED);
        candidates.addAll(CHECKED);
        for (Class<?> declared : method.getExceptionTypes()) {
            candidates.add(declared.asSubclass(Throwable.class));
        }
        candidates.addAll(retry.retryFor());
        candidates.addAll(retry.noRetryFor());
        Map<String, Class<? extends Throwable>> types = new HashMap<>();
        candidates.stream()
                .filter(type -> mayBeThrownBy(method, type))
                .forEach(type -> types.put(type.getName(), type));
        return types;
    }

    private static boolean mayBeThrownBy(Method method, Class<? extends Throwable> type) {
        if (RuntimeException.class.isAssignableFrom(type) || Error.class.isAssignableFrom(type)) {
            return true;
        }
        for (Class<?> declared : method.getExceptionTypes()) {
            if (declared.isAssignableFrom(type)) {
                return true;
            }
        }
        return false;
    }
}
