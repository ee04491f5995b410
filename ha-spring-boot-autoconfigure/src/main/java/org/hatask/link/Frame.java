package org.hatask.link;

import java.util.Map;
import org.hatask.execute.Refusal;
import org.jspecify.annotations.Nullable;

/** The units that travel over an established link; {@code docs/wire-protocol.md} has their bytes. */
sealed interface Frame {

    /** A frame that belongs to one call; ids are chosen by the calling process, which uses each once. */
    sealed interface Answer extends Frame {
        long correlationId();
    }

    /** First message of the accepting side: the handshake is over. */
    record Ready() implements Frame {}

    /**
     * @param remainingMillis time left for the attempt: a duration, as the clocks of two machines differ
     * @param headers of the trace it belongs to; since version 3
     * @param arguments a JSON array
     */
    record Call(
            long correlationId,
            String task,
            String signature,
            String taskId,
            int attempt,
            long epoch,
            long remainingMillis,
            Map<String, String> headers,
            byte[] arguments)
            implements Frame {}

    /** The method returned. */
    record Result(long correlationId, byte[] json) implements Answer {}

    /** The method threw. */
    record Error(long correlationId, byte[] json) implements Answer {}

    /**
     * The attempt was not started.
     *
     * @param comeBackMillis how long the caller should stay away, zero where it makes no difference; since version 2
     */
    record Refused(long correlationId, Refusal refusal, int comeBackMillis, String message) implements Answer {}

    /** The attempt was started and nobody knows how far it came, such as when it was interrupted at its deadline. */
    record Unknown(long correlationId, boolean timedOut, String message) implements Answer {}

    /** The attempt ended because it was cancelled. */
    record Cancelled(long correlationId) implements Answer {}

    /**
     * What became of a call that was sent over another link? Answered like the call itself, as soon as it is known. Since
     * version 2.
     */
    record Ask(long correlationId) implements Frame {}

    /** The caller gave up. */
    record Cancel(long correlationId) implements Frame {}

    /**
     * A sign of life.
     *
     * @param pulse null from a node that does not measure round trips
     */
    record Heartbeat(NodeReport report, @Nullable Pulse pulse) implements Frame {}

    /**
     * What two ends of a link tell each other to measure the way there and back. Every end counts nanoseconds on a clock of its
     * own, which means nothing to the other: that sends the last figure back, with how long it had it.
     *
     * @param sent when this heartbeat was made, more than 0
     * @param echo {@code sent} of the last heartbeat of the other end, 0 before the first
     * @param held how long ago that had come
     */
    record Pulse(long sent, long echo, long held) {}

    /**
     * A part of another frame's bytes, which are too many for one message. The parts of one frame come one after the other, with
     * other frames between them. Since version 4.
     *
     * @param last whether the frame ends with it
     */
    record Part(boolean last, byte[] bytes) implements Frame {}

    /** The sender takes no calls any more; it still answers those it has. */
    record GoAway() implements Frame {}
}
