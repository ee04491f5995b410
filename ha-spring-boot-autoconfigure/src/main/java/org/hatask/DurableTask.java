package org.hatask;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A durable task as it was when it was looked up. Times are those of the store's clock.
 *
 * @param id its id: {@link TaskContext#taskId()} of all its attempts
 * @param task name of the task
 * @param state how far it has come
 * @param attempts how often its method was started, at the most
 * @param submittedAt when it was recorded
 * @param submittedBy id of the node that submitted it
 * @param dueAt when it may begin, or be tried again
 * @param endedAt when it became final; null before
 * @param node id of the node that has it or had it last; null before the first
 * @param idempotencyKey the key it was submitted with, or null
 * @param progress what the task last said of its progress, or null
 * @param error why it failed or was laid aside, in words; null otherwise
 */
public record DurableTask(
        String id,
        String task,
        TaskState state,
        int attempts,
        Instant submittedAt,
        String submittedBy,
        Instant dueAt,
        @Nullable Instant endedAt,
        @Nullable String node,
        @Nullable String idempotencyKey,
        @Nullable String progress,
        @Nullable String error) {}
