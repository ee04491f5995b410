package org.hatask.durable;

import java.time.Duration;
import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;
import org.hatask.TaskState;
import org.jspecify.annotations.Nullable;

/**
 * How many tasks a store keeps.
 *
 * @param byState every state, with zeros
 * @param oldestDue for how long the task has been due that waits for a node longest; null when none does
 * @param unreadable records that cannot be read and were set aside
 */
public record TaskCounts(
        Map<TaskState, Long> byState, @Nullable Duration oldestDue, long unreadable) {

    public TaskCounts {
        Map<TaskState, Long> all = new EnumMap<>(TaskState.class);
        for (TaskState state : TaskState.values()) {
            all.put(state, byState.getOrDefault(state, 0L));
        }
        byState = Collections.unmodifiableMap(all);
    }
}
