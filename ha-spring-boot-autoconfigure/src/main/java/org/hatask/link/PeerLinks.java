package org.hatask.link;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The links to one process and what is known of reaching it. Its lock guards everything; nothing is called from within.
 * Calls that wait for a connection share one dial.
 *
 * <p>Calls go over a link that this side opened. One that the peer opened is read on the container's request threads, and
 * when all of those wait for answers nobody is left to read them; so it carries own calls only where no other can be had.
 */
final class PeerLinks {

    private static final Duration FIRST_PAUSE = Duration.ofSeconds(1);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);
    private static final Duration FIRST_PAUSE_REFUSED = Duration.ofMillis(250);
    private static final Duration LONGEST_PAUSE_REFUSED = Duration.ofSeconds(1);
    private static final Duration LONGEST_PAUSE_NO_HTTP = Duration.ofMinutes(1);
    private static final Duration FIRST_PAUSE_BROKEN = Duration.ofMillis(20);

    private final List<Link> links = new ArrayList<>();
    private final List<Call> waiting = new ArrayList<>();
    private volatile @Nullable Link preferred;
    private boolean connectedBefore;
    private boolean dialling;
    private int failures;
    private long unreachableUntil;
    private @Nullable String unreachable;
    private boolean gone;
    private boolean leaving;
    private boolean closed;

    /** Why there is no link after a dial. */
    enum Failure {
        /** Something at the address said that nobody listens there. Another try is cheap. */
        REFUSED,
        /**
         * The connection was accepted and then broken off. A dying process does so as well: its connections are closed before
         * it stops to listen. So the next try is worth making at once.
         */
        BROKEN,
        /**
         * The answer was no HTTP. Java keeps such a connection for as long as the process lives, so a next one had better be
         * late.
         */
        NO_HTTP,
        /** No answer, or none that helps. */
        OTHER
    }

    /** What to do with a call. */
    sealed interface Route {}

    /**
     * @param dial whether to open an own link beside it, for the calls to come
     */
    record Over(Link link, boolean dial) implements Route {}

    /**
     * @param gone whether nothing listens at its address
     */
    record NotNow(String reason, boolean gone) implements Route {}

    /** The call waits for a connection; whoever gets {@code dial} opens it. */
    record Waits(boolean dial) implements Route {}

    Route route(Call call, String nodeId, long now) {
        Link usual = preferred;
        if (usual != null && usual.isDialled() && usual.isOpen() && !usual.isLeaving()) {
            return new Over(usual, false);
        }
        synchronized (this) {
            if (closed) {
                return new NotNow("this node is stopping", false);
            }
            // Who is about to stop still answers.
            if (leaving && !call.isQuestion()) {
                return new NotNow(nodeId + " is about to stop", false);
            }
            Link open = firstOpen();
            String reason = unreachable;
            boolean pausing = reason != null && now - unreachableUntil < 0;
            if (open != null && (open.isDialled() || failures > 0)) {
                boolean dial = !open.isDialled() && !dialling && !pausing;
                dialling = dialling || dial;
                return new Over(open, dial);
            }
            if (open == null && !dialling && pausing) {
                return new NotNow("no connection to " + nodeId + " a moment ago: " + reason, gone);
            }
            waiting.add(call);
            boolean first = !dialling;
            dialling = true;
            return new Waits(first);
        }
    }

    /**
     * A link is there, opened by either side.
     *
     * @return calls that waited for it, or null when this process is closing
     */
    synchronized @Nullable List<Call> add(Link link) {
        if (closed) {
            return null;
        }
        connectedBefore = true;
        links.add(link);
        preferred = firstOpen();
        if (!link.isDialled()) {
            // The own dial goes on, and what waits goes on waiting for it.
            return List.of();
        }
        failures = 0;
        unreachable = null;
        gone = false;
        return takeWaiting();
    }

    /** The link is no more. */
    synchronized void remove(Link link) {
        links.remove(link);
        preferred = firstOpen();
    }

    /** Whether to open an own link now, to be there before it is needed; then the dial is the caller's to make. */
    synchronized boolean wantsDial(boolean atOnce, long now) {
        boolean pausing = !atOnce && unreachable != null && now - unreachableUntil < 0;
        Link open = firstOpen();
        if (closed || leaving || dialling || pausing || open != null && open.isDialled()) {
            return false;
        }
        dialling = true;
        return true;
    }

    /** Whether there has been a link, so that a dial means that it broke, perhaps as the process has died. */
    synchronized boolean wasConnected() {
        return connectedBefore;
    }

    synchronized void dialled() {
        dialling = false;
    }

    /**
     * A dial failed.
     *
     * @return calls that waited for it
     */
    synchronized List<Call> dialFailed(String reason, Failure failure, long now) {
        dialling = false;
        gone = failure == Failure.REFUSED;
        Duration pause =
                switch (failure) {
                    case REFUSED -> pause(FIRST_PAUSE_REFUSED, LONGEST_PAUSE_REFUSED);
                    case BROKEN -> pause(FIRST_PAUSE_BROKEN, LONGEST_PAUSE);
                    case NO_HTTP -> pause(FIRST_PAUSE, LONGEST_PAUSE_NO_HTTP);
                    case OTHER -> pause(FIRST_PAUSE, LONGEST_PAUSE);
                };
        avoid(reason, pause, now);
        return takeWaiting();
    }

    /** How long no other dial is worth making. */
    synchronized Duration pauseLeft(long now) {
        return unreachable == null ? Duration.ZERO : Duration.ofNanos(Math.max(0, unreachableUntil - now));
    }

    /** The process gave no sign of life over a link. */
    synchronized void silent(long now) {
        avoid("it gave no sign of life", pause(FIRST_PAUSE, LONGEST_PAUSE), now);
    }

    private void avoid(String reason, Duration pause, long now) {
        failures++;
        unreachable = reason;
        unreachableUntil = now + pause.toNanos();
    }

    private Duration pause(Duration first, Duration longest) {
        Duration pause = first.multipliedBy(1L << Math.min(failures, 10));
        return pause.compareTo(longest) < 0 ? pause : longest;
    }

    synchronized void leaving() {
        leaving = true;
    }

    synchronized boolean isReachable(long now) {
        if (leaving) {
            return false;
        }
        if (firstOpen() != null || unreachable == null) {
            return true;
        }
        // While it is tried again, one call waits for the outcome and not all.
        return !dialling && now - unreachableUntil >= 0;
    }

    /** Whether nothing would be lost by forgetting this process. */
    synchronized boolean isUnused() {
        return links.isEmpty() && !dialling && waiting.isEmpty();
    }

    synchronized List<Link> links() {
        return List.copyOf(links);
    }

    /** No link is added any more. */
    synchronized List<Call> close() {
        closed = true;
        return takeWaiting();
    }

    synchronized List<Call> takeWaiting() {
        List<Call> taken = List.copyOf(waiting);
        waiting.clear();
        return taken;
    }

    /** An open link, one of our own if there is one. */
    synchronized @Nullable Link firstOpen() {
        Link accepted = null;
        for (Link link : links) {
            if (link.isOpen()) {
                if (link.isDialled()) {
                    return link;
                }
                accepted = accepted == null ? link : accepted;
            }
        }
        return accepted;
    }
}
