package org.hatask.campaign.check;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * All that is known after a run.
 *
 * @param processes every process of every node
 * @param unfenced the unfenced log, in its own order
 * @param fenced rows of the register, in the order of their commits
 * @param sessionTimeout of the nodes' ZooKeeper sessions
 * @param health from the end of the faults to full health, or null when that never came
 */
public record History(
        List<ProcessLog> processes,
        List<Append> unfenced,
        List<Row> fenced,
        Duration sessionTimeout,
        @Nullable Duration health) {

    /**
     * A line of the unfenced log.
     *
     * @param checkedNanos when the mastership was asked for, right before
     * @param process which wrote it
     */
    public record Append(long checkedNanos, String process, String id, long epoch) {}

    /** A committed write. */
    public record Row(long number, String id, long epoch, String node) {}
}
