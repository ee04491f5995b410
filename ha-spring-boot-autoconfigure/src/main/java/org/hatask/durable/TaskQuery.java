package org.hatask.durable;

import java.util.Set;
import org.hatask.TaskState;
import org.jspecify.annotations.Nullable;

/**
 * Which tasks to list, the last submitted first.
 *
 * @param task only those of this name; null for all
 * @param states only those in one of these states; empty for all
 * @param after id of the last one of the page before; null for the first page
 * @param atMost 1 to {@value #MAX}
 */
public record TaskQuery(
        @Nullable String task,
        Set<TaskState> states,
        @Nullable String after,
        int atMost) {

    /** Most tasks on one page. */
    public static final int MAX = 1000;

    public TaskQuery {
        states = Set.copyOf(states);
        if (atMost < 1 || atMost > MAX) {
            throw new IllegalArgumentException("A page has 1 to " + MAX + " tasks, not " + atMost);
        }
    }
}
