package org.hatask.zookeeper;

import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Warns of what stands in ZooKeeper and was not written by a node of the cluster: once for each version of a record, and a
 * bounded number of times over all, since whoever writes there can write often. Its lock guards the state.
 */
final class OddRecords {

    private static final Logger log = LoggerFactory.getLogger(OddRecords.class);

    static final int MAX_PER_PERIOD = 20;
    private static final long PERIOD_NANOS = TimeUnit.MINUTES.toNanos(10);
    private static final int MAX_REMEMBERED = 1000;

    private final String cluster;
    private final LongSupplier nanoTime;
    private final Map<String, Long> told = new HashMap<>();
    private long periodStart;
    private int inPeriod;

    OddRecords(String cluster, LongSupplier nanoTime) {
        this.cluster = cluster;
        this.nanoTime = nanoTime;
        this.periodStart = nanoTime.getAsLong();
    }

    /**
     * @param revision of the node's content: its {@code mzxid}
     * @param problem what is wrong with it and what becomes of it, to be read after the path
     */
    synchronized void report(String path, long revision, String problem) {
        if (Objects.equals(told.get(path), revision)) {
            return;
        }
        if (told.size() >= MAX_REMEMBERED) {
            told.clear();
        }
        told.put(path, revision);
        long now = nanoTime.getAsLong();
        if (now - periodStart > PERIOD_NANOS) {
            periodStart = now;
            inPeriod = 0;
        }
        inPeriod++;
        if (inPeriod <= MAX_PER_PERIOD) {
            log.warn("[{}] {} {}", cluster, path, problem);
        } else if (inPeriod == MAX_PER_PERIOD + 1) {
            log.warn(
                    "[{}] more and more records in ZooKeeper are not of this cluster: {} and others. No more of this for ten"
                            + " minutes; find out who writes there, and set ha.zookeeper.auth",
                    cluster,
                    path);
        }
    }

    /** Forgets what lies below {@code parent} and is not there any more. */
    synchronized void retain(String parent, Collection<String> paths) {
        told.keySet().removeIf(path -> path.startsWith(parent + "/") && !paths.contains(path));
    }
}
