package org.hatask.durable.zookeeper;

import java.time.Duration;

/**
 * How much the store takes.
 *
 * @param recordBytes size of a record without its attempts
 * @param open tasks that are not final
 * @param ended final tasks; the oldest beyond are forgotten
 * @param perSecond submissions of a node in a second, on average
 * @param atOnce submissions of a node at once
 * @param patience for how long ZooKeeper is waited for
 */
record StoreLimits(int recordBytes, int open, int ended, int perSecond, int atOnce, Duration patience) {

    static final StoreLimits DEFAULT = new StoreLimits(8 * 1024, 10_000, 10_000, 100, 1_000, Duration.ofSeconds(5));

    /** What a state, its times, its node, progress and the message of a failure take at the most. */
    static final int ADDED_BYTES = 4 * 1024;

    /** A znode that is larger than this is not read, and none is written. */
    static final int MAX_ZNODE_BYTES = 128 * 1024;
}
