package org.hatask.link;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A link as operators see it.
 *
 * @param nodeId id of the peer
 * @param incarnation incarnation of the peer
 * @param dialled whether this node opened it
 * @param since when it was established
 * @param pending own calls that wait for an answer
 * @param serving calls of the peer that are not answered yet
 * @param lastSeen when the last message came
 * @param leaving whether the peer said that it takes no calls any more
 * @param report what the peer said of itself with its last heartbeat, null before the first
 */
public record LinkInfo(
        String nodeId,
        String incarnation,
        boolean dialled,
        Instant since,
        int pending,
        int serving,
        Instant lastSeen,
        boolean leaving,
        @Nullable NodeReport report) {}
