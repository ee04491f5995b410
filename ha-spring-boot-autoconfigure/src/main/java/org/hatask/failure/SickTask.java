package org.hatask.failure;

import java.time.Instant;
import java.util.List;

/**
 * A task that was overdue on several nodes, so that it is to blame and not they.
 *
 * @param task name of the task
 * @param nodes ids of the nodes, in the order in which they were found
 * @param since when it was found out, by this node's clock
 */
public record SickTask(String task, List<String> nodes, Instant since) {

    public SickTask {
        nodes = List.copyOf(nodes);
    }
}
