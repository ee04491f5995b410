package org.hatask.durable;

import java.util.Collection;
import java.util.Objects;
import java.util.stream.Stream;
import org.hatask.TaskStoreException;

/**
 * How large a task may be, in stores that could keep larger ones: most characters of its arguments, of its result and of its
 * checkpoint.
 */
public record PayloadLimit(int characters) {

    public boolean allows(TaskRecord task) {
        return Stream.of(task.arguments(), task.result(), task.checkpoint())
                .filter(Objects::nonNull)
                .allMatch(text -> text.length() <= characters);
    }

    /** @throws TaskStoreException when one of the tasks, which are about to be submitted, is too large */
    public void require(Collection<TaskRecord> tasks) {
        for (TaskRecord task : tasks) {
            if (!allows(task)) {
                throw new TaskStoreException(
                        "The arguments of task " + task.task() + " are too large: "
                                + task.arguments().length() + " characters of JSON, at most " + characters
                                + " (ha.task-store.max-payload). Keep what is large elsewhere and submit where it is.",
                        null);
            }
        }
    }
}
