package org.hatask.execute;

import java.util.Optional;

/** Where an attempt of a durable task writes what it says of itself. Thread-safe. */
public interface Journal {

    /** As {@link org.hatask.TaskContext#progress}. */
    void progress(String text);

    /** As {@link org.hatask.TaskContext#checkpoint}. */
    <T> Optional<T> checkpoint(Class<T> type);

    /** As {@link org.hatask.TaskContext#saveCheckpoint}. */
    void saveCheckpoint(Object value);
}
