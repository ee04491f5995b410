package org.hatask.link;

import java.time.Duration;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.hatask.execute.Refusal;
import org.jspecify.annotations.Nullable;

/**
 * The calls of other processes by their correlation ids: what is under way, what became of the last ones, and which were
 * asked for before they arrived. So a caller whose connection broke can ask over another one. Its lock guards everything;
 * what is called from within only puts into maps.
 *
 * <p>Whatever is asked is answered truly:
 *
 * <ul>
 *   <li>An answer that is remembered is given again, and who waits for one is told when it is there.
 *   <li>"Not received" is a promise that the call will not be started either: should it still arrive over the old link, it is
 *       refused. Once such an entry is forgotten, all ids of that process up to it are refused.
 *   <li>It is said only where nothing can have been forgotten: a process counts its ids upwards, and of every process the
 *       highest id that was forgotten is kept. Up to that the answer is "unknown".
 * </ul>
 */
final class ServedCalls {

    /** Most answers that are remembered. */
    static final int MAX_ANSWERS = 8192;

    /** Most bytes of them all. */
    static final long MAX_BYTES = 16L * 1024 * 1024;

    /** A larger answer is not kept, only that there was one. */
    static final int MAX_ANSWER = 64 * 1024;

    /** Most calls that were asked for and had not come. */
    static final int MAX_DENIED = 4096;

    /** How long any of it is remembered: callers notice a broken link after seconds, and ask at once. */
    static final Duration MAX_AGE = Duration.ofSeconds(60);

    /** Processes of which is known what was forgotten; beyond, "not received" is not said to others any more. */
    static final int MAX_PROCESSES = 10_000;

    private final Map<Key, Running> running = new HashMap<>();
    private final Map<Key, Kept> answers = new LinkedHashMap<>();
    private final Map<Key, Long> denied = new LinkedHashMap<>();
    private final LinkedHashMap<Handshake.Peer, Forgotten> forgotten = new LinkedHashMap<>(16, 0.75f, true);
    private long bytes;
    private boolean processForgotten;

    private record Key(Handshake.Peer caller, long id) {}

    private static final class Running {

        private final Frame.Call call;
        private Link waiting;

        Running(Frame.Call call, Link waiting) {
            this.call = call;
            this.waiting = waiting;
        }
    }

    /**
     * @param frame the encoded answer
     */
    private record Kept(byte[] frame, long sinceNanos) {}

    /** Highest ids of a process about which something was known. */
    private static final class Forgotten {
        private long any;
        private long denied;
    }

    /** What to do with a call that has arrived. */
    enum Arrival {
        /** Execute it, and say how it ended. */
        NEW,
        /** Its caller was told that it is not executed. */
        DENIED,
        /** Its id was used before, against the protocol. */
        REPEATED
    }

    /**
     * A call has arrived.
     *
     * @param over where its answer goes
     */
    synchronized Arrival begin(Handshake.Peer caller, Frame.Call call, Link over) {
        Key key = new Key(caller, call.correlationId());
        if (denied.containsKey(key) || key.id() <= of(caller).denied) {
            return Arrival.DENIED;
        }
        if (running.containsKey(key) || answers.containsKey(key)) {
            return Arrival.REPEATED;
        }
        running.put(key, new Running(call, over));
        return Arrival.NEW;
    }

    /**
     * A call has ended, for which {@link #begin} said {@link Arrival#NEW}.
     *
     * @param frame the encoded answer
     * @return where to send it
     */
    synchronized Link end(Handshake.Peer caller, long id, byte[] frame, long now) {
        Key key = new Key(caller, id);
        Running ended = running.remove(key);
        if (ended == null) {
            throw new IllegalStateException("call " + id + " of " + caller.nodeId() + " has ended before");
        }
        Kept kept = new Kept(frame.length <= MAX_ANSWER ? frame : tooLargeToKeep(id, frame.length), now);
        answers.put(key, kept);
        bytes += kept.frame().length;
        forgetAnswers(now);
        return ended.waiting;
    }

    /**
     * A caller asks over another link.
     *
     * @param over where it waits
     * @return what to answer; null when the call is under way and its answer will be sent there
     */
    synchronized byte @Nullable [] ask(Handshake.Peer caller, long id, Link over, long now) {
        Key key = new Key(caller, id);
        Running current = running.get(key);
        if (current != null) {
            current.waiting.handOver(current.call);
            current.waiting = over;
            over.take(current.call);
            return null;
        }
        Kept kept = answers.get(key);
        if (kept != null) {
            return kept.frame();
        }
        if (!denied.containsKey(key)) {
            if (id <= of(caller).any) {
                return unknown(id, "the node does not remember it any more");
            }
            denied.put(key, now);
            forgetDenied(now);
        }
        return notReceived(id);
    }

    /** Who has calls under way. */
    synchronized Set<Handshake.Peer> callers() {
        return running.keySet().stream().map(Key::caller).collect(Collectors.toSet());
    }

    /** The calls of a process that are under way. */
    synchronized List<Frame.Call> underWay(Handshake.Peer caller) {
        return running.entrySet().stream()
                .filter(entry -> entry.getKey().caller().equals(caller))
                .map(entry -> entry.getValue().call)
                .toList();
    }

    /** Forgets what is too old. */
    synchronized void expire(long now) {
        forgetAnswers(now);
        forgetDenied(now);
    }

    private void forgetAnswers(long now) {
        for (Iterator<Map.Entry<Key, Kept>> eldest = answers.entrySet().iterator(); eldest.hasNext(); ) {
            Map.Entry<Key, Kept> entry = eldest.next();
            if (answers.size() <= MAX_ANSWERS
                    && bytes <= MAX_BYTES
                    && now - entry.getValue().sinceNanos() <= MAX_AGE.toNanos()) {
                return;
            }
            eldest.remove();
            bytes -= entry.getValue().frame().length;
            Forgotten of = of(entry.getKey().caller());
            of.any = Math.max(of.any, entry.getKey().id());
        }
    }

    private void forgetDenied(long now) {
        for (Iterator<Map.Entry<Key, Long>> eldest = denied.entrySet().iterator(); eldest.hasNext(); ) {
            Map.Entry<Key, Long> entry = eldest.next();
            if (denied.size() <= MAX_DENIED && now - entry.getValue() <= MAX_AGE.toNanos()) {
                return;
            }
            eldest.remove();
            Forgotten of = of(entry.getKey().caller());
            of.any = Math.max(of.any, entry.getKey().id());
            of.denied = Math.max(of.denied, entry.getKey().id());
        }
    }

    private Forgotten of(Handshake.Peer caller) {
        Forgotten known = forgotten.get(caller);
        if (known == null) {
            known = new Forgotten();
            known.any = processForgotten ? Long.MAX_VALUE : 0;
            forgotten.put(caller, known);
            if (forgotten.size() > MAX_PROCESSES) {
                Iterator<Handshake.Peer> longestSilent = forgotten.keySet().iterator();
                longestSilent.next();
                longestSilent.remove();
                processForgotten = true;
            }
        }
        return known;
    }

    static byte[] notReceived(long id) {
        return FrameCodec.encode(new Frame.Refused(
                id, Refusal.NOT_RECEIVED, 0, "the node had not received it when it was asked, and does not start it"));
    }

    private static byte[] tooLargeToKeep(long id, int length) {
        return unknown(id, "it has ended, but its answer of " + length + " bytes was too large to be kept");
    }

    private static byte[] unknown(long id, String why) {
        return FrameCodec.encode(new Frame.Unknown(id, false, why));
    }
}
