package org.hatask.cluster;

import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A past change of master, for the history.
 *
 * @param epoch epoch of the new master
 * @param nodeId the new master
 * @param incarnation its incarnation
 * @param since when, by its own clock
 * @param cause why
 * @param gap time from the former master's last sign of life to the new master, both by ZooKeeper's clock; null where there
 *     was no former master
 */
public record MasterChange(
        long epoch,
        String nodeId,
        String incarnation,
        Instant since,
        String cause,
        @Nullable Duration gap) {}
