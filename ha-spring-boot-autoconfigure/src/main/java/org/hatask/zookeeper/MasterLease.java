package org.hatask.zookeeper;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;

/**
 * Until when a session certainly lives, from the times of its acknowledged writes: rule 1 of DESIGN.md §4.
 *
 * <p>One acknowledged write proves nothing: the leader may not have heard that the session was touched, as a follower tells
 * it only in its ping replies, twice a tick. But those travel on the stream of the requests, in order. So when a write is
 * acknowledged, every earlier one whose own acknowledgement had come a tick before it was sent is known to have touched the
 * session at the leader, and not before it was sent. From the newest such send the session lasts its timeout; a tenth is
 * kept for clocks that run at different speeds.
 *
 * <p>Fed by the election's thread, asked by any: guarded by its own lock, which is never held for long. Times are those of
 * {@link System#nanoTime()}, which goes on while a process is stopped; so a process that wakes too late knows it at once.
 */
final class MasterLease {

    /** More than a tick's worth of writes; what does not fit is forgotten, which only makes the lease shorter. */
    private static final int MAX_CANDIDATES = 128;

    private final LongSupplier nanoTime;
    private final long tickNanos;

    /** Acknowledged writes that are newer than the proved one and not proved themselves yet. */
    private final List<Write> candidates = new ArrayList<>();

    private long lengthNanos;
    private boolean acknowledgedAny;
    private long newestSend;
    private boolean proved;
    private long provedSend;

    private record Write(long sent, long acked) {}

    MasterLease(LongSupplier nanoTime, Duration tick) {
        this.nanoTime = nanoTime;
        this.tickNanos = tick.toNanos();
    }

    /** A new session: nothing is proved for it. */
    synchronized void restart(Duration sessionTimeout) {
        lengthNanos = sessionTimeout.toNanos() - sessionTimeout.toNanos() / 10;
        acknowledgedAny = false;
        proved = false;
        candidates.clear();
    }

    /**
     * A write of this session was acknowledged. Acknowledgements may be told in any order.
     *
     * @return whether the end moved on
     */
    synchronized boolean acknowledged(long sentNanos, long ackedNanos) {
        if (!acknowledgedAny || sentNanos - newestSend > 0) {
            newestSend = sentNanos;
            acknowledgedAny = true;
        }
        if (candidates.size() < MAX_CANDIDATES) {
            candidates.add(new Write(sentNanos, ackedNanos));
        }
        boolean moved = false;
        for (Write write : candidates) {
            boolean isProved = newestSend - write.acked >= tickNanos;
            if (isProved && (!proved || write.sent - provedSend > 0)) {
                proved = true;
                provedSend = write.sent;
                moved = true;
            }
        }
        if (proved) {
            candidates.removeIf(write -> write.sent - provedSend <= 0);
        }
        return moved;
    }

    /** Whether the session certainly lives now. */
    boolean holds() {
        return !remaining().isZero();
    }

    /** How long it still certainly lives; zero when that is over or was never proved. */
    synchronized Duration remaining() {
        long left = proved ? provedSend + lengthNanos - nanoTime.getAsLong() : 0;
        return left > 0 ? Duration.ofNanos(left) : Duration.ZERO;
    }
}
