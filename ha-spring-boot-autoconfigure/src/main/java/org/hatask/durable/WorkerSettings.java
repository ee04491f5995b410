package org.hatask.durable;

import java.time.Duration;

/**
 * How this node works on durable tasks.
 *
 * @param lease how long a node that is not heard of keeps its tasks
 * @param concurrency how many of one name it executes at the same time while there are no others, see {@link org.hatask.execute.Shares}
 * @param pollInterval how often it looks for tasks that are due, where the store does not tell
 * @param retention how long final tasks are kept
 */
public record WorkerSettings(Duration lease, int concurrency, Duration pollInterval, Duration retention) {}
