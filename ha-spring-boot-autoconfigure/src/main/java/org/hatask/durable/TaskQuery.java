package org.hatask.durable;

import java.time.Instant;
import java.util.Set;
import org.hatask.DurableTask;
import org.hatask.TaskState;
import org.jspecify.annotations.Nullable;

/**
 * Which tasks to list, the last submitted first.
 *
 * @param task only those of this name; null for all
 * @param states only those in one of these states; empty for all
 * @param after the end of the page before; null for the first page
 * @param atMost 1 to {@value #MAX}
 */
public record TaskQuery(
        @Nullable String task,
        Set<TaskState> states,
        @Nullable Position after,
        int atMost) {

    /** Most tasks on one page. */
    public static final int MAX = 1000;

    public TaskQuery {
        states = Set.copyOf(states);
        if (atMost < 1 || atMost > MAX) {
            throw new IllegalArgumentException("A page has 1 to " + MAX + " tasks, not " + atMost);
        }
    }

    /** Whether the task is among those asked for. */
    public boolean wants(TaskRecord candidate) {
        return (task == null || task.equals(candidate.task()))
                && (states.isEmpty() || states.contains(candidate.state()))
                && (after == null || after.isBefore(candidate));
    }

    /**
     * Where a task stands in a list. It says so itself, since the task may be forgotten by the time the next page is asked for.
     *
     * @param submittedAt when the task was submitted, by the store's clock; milliseconds count
     * @param id its id
     */
    public record Position(Instant submittedAt, String id) {

        private static final String BETWEEN = "~";

        public Position {
            submittedAt = Times.kept(submittedAt);
        }

        public static Position of(TaskRecord task) {
            return new Position(task.submittedAt(), task.id());
        }

        public static Position of(DurableTask task) {
            return new Position(task.submittedAt(), task.id());
        }

        /**
         * What {@link #toString} wrote.
         *
         * @throws IllegalArgumentException when it is something else
         */
        public static Position parse(String text) {
            int end = text.indexOf(BETWEEN);
            if (end > 0 && end < text.length() - 1) {
                try {
                    return new Position(
                            Instant.ofEpochMilli(Long.parseLong(text.substring(0, end))), text.substring(end + 1));
                } catch (IllegalArgumentException e) {
                    // It is told below what it should be.
                }
            }
            throw new IllegalArgumentException(
                    "'after' must be what 'next' of the page before said, such as 1700000000000" + BETWEEN
                            + "3f9a-d1: milliseconds and the id of a task. Leave it out for the first page.");
        }

        /** Whether the task comes later in the list: it was submitted before this one. */
        boolean isBefore(TaskRecord other) {
            int order = submittedAt.compareTo(other.submittedAt());
            return order > 0 || order == 0 && id.compareTo(other.id()) > 0;
        }

        /** As text, for a URL: {@code <millis>~<id>}. */
        @Override
        public String toString() {
            return submittedAt.toEpochMilli() + BETWEEN + id;
        }
    }
}
