package org.hatask.durable;

import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Tasks of one kind that wait for a node.
 *
 * @param task their name
 * @param signature of their method at the submission
 * @param count how many are PENDING or in RETRY_WAIT, due or not, paused or not; at least one
 */
public record WaitingTasks(String task, String signature, long count) {

    /** Counts those among them that wait, for stores that have them in memory. */
    public static List<WaitingTasks> count(Stream<TaskRecord> tasks) {
        Map<WaitingTasks, Long> counts = tasks.filter(
                        task -> task.state().isOpen() && !task.state().isHeld())
                .collect(Collectors.groupingBy(
                        task -> new WaitingTasks(task.task(), task.signature(), 1), Collectors.counting()));
        return counts.entrySet().stream()
                .map(entry ->
                        new WaitingTasks(entry.getKey().task(), entry.getKey().signature(), entry.getValue()))
                .toList();
    }
}
