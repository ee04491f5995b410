package org.hatask.durable;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;
import java.io.IOException;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Records as JSON, for stores: ISO-8601 instants, nothing where there is null. Unknown fields are ignored, so that versions
 * can be mixed; what cannot be understood, or contradicts itself, is empty, never an exception, since anybody may have written it.
 */
public final class TaskJson {

    private static final ObjectMapper JSON = JsonMapper.builder()
            .addModule(new JavaTimeModule())
            .disable(SerializationFeature.WRITE_DATES_AS_TIMESTAMPS)
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .defaultPropertyInclusion(
                    JsonInclude.Value.construct(JsonInclude.Include.NON_NULL, JsonInclude.Include.ALWAYS))
            .build();

    private static final TypeReference<TaskRecord> RECORD = new TypeReference<>() {};
    private static final TypeReference<List<TaskAttempt>> ATTEMPTS = new TypeReference<>() {};
    private static final TypeReference<TaskFailure> FAILURE = new TypeReference<>() {};

    private TaskJson() {}

    /** The whole record as UTF-8, without its version, which is the store's. */
    public static byte[] write(TaskRecord task) {
        try {
            return JSON.writeValueAsBytes(task.withVersion(0));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("cannot write task " + task, e);
        }
    }

    /** Empty when it cannot be understood. */
    public static Optional<TaskRecord> read(byte[] json, long version) {
        try {
            return Optional.ofNullable(JSON.readValue(json, RECORD)).map(task -> task.withVersion(version));
        } catch (IOException | RuntimeException e) {
            return Optional.empty();
        }
    }

    public static String writeAttempts(List<TaskAttempt> attempts) {
        return text(attempts);
    }

    /** Empty when they cannot be understood. */
    public static Optional<List<TaskAttempt>> readAttempts(String json) {
        return read(json, ATTEMPTS).filter(attempts -> attempts.stream().allMatch(Objects::nonNull));
    }

    public static @Nullable String writeFailure(@Nullable TaskFailure failure) {
        return failure == null ? null : text(failure);
    }

    /** Empty when it cannot be understood. */
    public static Optional<TaskFailure> readFailure(String json) {
        return read(json, FAILURE);
    }

    private static String text(Object value) {
        try {
            return JSON.writeValueAsString(value);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("cannot write " + value.getClass().getSimpleName() + " as JSON", e);
        }
    }

    private static <T> Optional<T> read(String json, TypeReference<T> type) {
        try {
            return Optional.ofNullable(JSON.readValue(json, type));
        } catch (IOException | RuntimeException e) {
            return Optional.empty();
        }
    }
}
