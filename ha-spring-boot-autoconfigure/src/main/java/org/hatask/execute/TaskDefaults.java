package org.hatask.execute;

import java.time.Duration;

/**
 * What holds for a task that says nothing itself.
 *
 * @param timeout longest time of one attempt ({@code ha.dispatch.timeout})
 * @param slowAfter an attempt that takes longer counts as slow ({@code ha.failure-detection.slow-after})
 * @param maxDuration an attempt that runs longer is overdue ({@code ha.failure-detection.max-task-duration})
 */
public record TaskDefaults(Duration timeout, Duration slowAfter, Duration maxDuration) {}
