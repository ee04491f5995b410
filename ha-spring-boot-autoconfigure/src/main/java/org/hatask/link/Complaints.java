package org.hatask.link;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Remembers what the log has been told about a peer, so that a lasting problem is told when it begins and then every ten minutes
 * instead of with every try. Over a bounded number of peers.
 */
final class Complaints {

    private static final int MAX_PEERS = 256;
    private static final long REPEAT_NANOS = TimeUnit.MINUTES.toNanos(10);

    private final Map<Handshake.Peer, Told> told = new LinkedHashMap<>();

    private record Told(String reason, long nanos) {}

    /** Whether to tell it; then it counts as told. */
    synchronized boolean isNew(Handshake.Peer peer, String reason, long nowNanos) {
        Told before = told.get(peer);
        if (before != null && before.reason().equals(reason) && nowNanos - before.nanos() < REPEAT_NANOS) {
            return false;
        }
        if (before == null && told.size() >= MAX_PEERS) {
            told.remove(told.keySet().iterator().next());
        }
        told.put(peer, new Told(reason, nowNanos));
        return true;
    }

    /** It was reached: whatever comes next is news. */
    synchronized void forget(Handshake.Peer peer) {
        told.remove(peer);
    }
}
