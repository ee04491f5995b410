package org.hatask.execute;

import org.jspecify.annotations.Nullable;

/**
 * Turns arguments, results and errors into JSON and back. Only the declared types of the task are ever built. Thread-safe.
 */
public interface ArgumentCodec {

    /**
     * @param arguments one for every parameter of the task
     * @return a JSON array
     * @throws CodecException when one cannot be written
     */
    byte[] writeArguments(TaskDefinition task, @Nullable Object[] arguments);

    /**
     * @throws CodecException when they do not fit the declared types
     */
    @Nullable
    Object[] readArguments(TaskDefinition task, byte[] json);

    /**
     * @throws CodecException when it cannot be written
     */
    byte[] writeResult(TaskDefinition task, @Nullable Object result);

    /**
     * @throws CodecException when it does not fit the declared type
     */
    @Nullable
    Object readResult(TaskDefinition task, byte[] json);

    /**
     * Writes what a durable task keeps for its next attempt.
     *
     * @throws CodecException when it cannot be written
     */
    byte[] writeCheckpoint(TaskDefinition task, Object value);

    /**
     * @throws CodecException when it does not fit the type
     */
    <T> T readCheckpoint(TaskDefinition task, byte[] json, Class<T> type);

    /** Writes an exception as data: type names, message, declared ones first. Never fails. */
    byte[] writeError(Outcome.Failed failure);

    /**
     * Rebuilds the exception where its type is known to the task, else a {@link org.hatask.RemoteTaskException}.
     *
     * @param nodeId the node that executed the task
     * @throws CodecException when the bytes are no error
     */
    Outcome.Failed readError(TaskDefinition task, byte[] json, String nodeId);
}
