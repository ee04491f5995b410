package org.hatask.failure;

/**
 * A task that runs for longer than its max-task-duration.
 *
 * @param task name of the task
 * @param taskId id of the execution
 * @param nodeId id of the node on which it runs
 * @param runningMillis since when
 */
public record Overdue(String task, String taskId, String nodeId, long runningMillis) {}
