package org.hatask;

import java.time.Instant;

/**
 * A node became master; published on every node.
 *
 * @param nodeId the new master
 * @param epoch its epoch
 * @param since when, by ZooKeeper's clock or the master's own
 * @param cause why there was a change
 */
public record MasterElectedEvent(String nodeId, long epoch, Instant since, String cause) {}
