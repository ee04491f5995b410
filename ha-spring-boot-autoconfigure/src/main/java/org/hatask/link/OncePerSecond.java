package org.hatask.link;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Keeps strangers from filling the log: one line a second for each address, over a bounded number of addresses. */
final class OncePerSecond {

    private static final int MAX_ADDRESSES = 256;

    private final Map<String, Long> last = new LinkedHashMap<>();

    synchronized boolean allows(String address, long nowNanos) {
        Long before = last.get(address);
        if (before != null && nowNanos - before < TimeUnit.SECONDS.toNanos(1)) {
            return false;
        }
        if (before == null && last.size() >= MAX_ADDRESSES) {
            last.remove(last.keySet().iterator().next());
        }
        // Out and in again: the oldest line stays the first to go.
        last.remove(address);
        last.put(address, nowNanos);
        return true;
    }
}
