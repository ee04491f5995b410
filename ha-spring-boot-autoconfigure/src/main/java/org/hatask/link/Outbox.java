package org.hatask.link;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What waits to be sent over one link. One message is in flight; all that is offered meanwhile goes out with the next one, so
 * that a busy link pays for seal, header and system call once for many frames, and nobody waits for a slow peer. Large frames go
 * out in parts, one frame after the other, and each message takes one part along: so small ones overtake them.
 *
 * <p>The lock guards everything but the sealer, which belongs to whoever has set {@code busy}.
 */
final class Outbox {

    /** No message is larger where the peer knows parts; where it does not, a larger frame travels alone. */
    static final int MAX_MESSAGE = 64 * 1024;

    /** Frames are gathered up to this many bytes. */
    static final int BATCH = MAX_MESSAGE - Sealing.OVERHEAD;

    /** Bytes of the parts in which a larger frame goes out: half of a message, so that there is always room for others. */
    static final int PART = BATCH / 2 - FrameCodec.PART_HEAD;

    private final Wire wire;
    private final Sealing.Sealer sealer;
    private final boolean withParts;
    private final Executor writer;
    private final Consumer<Throwable> broken;
    private final Queue<Item> queue = new ArrayDeque<>();
    private final Queue<Item> large = new ArrayDeque<>();

    /** Bytes of the first large frame that are on their way. */
    private int begun;

    private CompletableFuture<Void> flushed = CompletableFuture.completedFuture(null);
    private long queuedBytes;
    private boolean busy;
    private boolean closed;

    /**
     * @param withParts whether the peer knows parts of frames
     * @param writer threads of the links' own that hand to sockets what nobody else may: a container may break the connection
     *     when the thread is interrupted, as a caller's or a cancelled task's may be at any time
     * @param broken told when the socket does not take a message
     */
    Outbox(Wire wire, Sealing.Sealer sealer, boolean withParts, Executor writer, Consumer<Throwable> broken) {
        this.wire = wire;
        this.sealer = sealer;
        this.withParts = withParts;
        this.writer = writer;
        this.broken = broken;
    }

    private record Item(byte[] frame, @Nullable Call call) {}

    enum Offer {
        TAKEN,
        FULL,
        CLOSED
    }

    /**
     * @param call the call whose frame it is, or null
     * @param limit bytes that may wait beside this frame; one frame always fits into an empty box
     * @param directly whether this thread may hand it to the socket if nothing is under way, which is quicker than to wake
     *     another one
     */
    Offer offer(byte[] frame, @Nullable Call call, long limit, boolean directly) {
        return offer(frame, call, limit, directly, isLarge(frame));
    }

    /** Takes a frame that has to arrive after the large one it is about. */
    Offer offerBehindLarge(byte[] frame, long limit) {
        return offer(frame, null, limit, false, withParts);
    }

    boolean isLarge(byte[] frame) {
        return withParts && frame.length > PART;
    }

    private Offer offer(byte[] frame, @Nullable Call call, long limit, boolean directly, boolean behindLarge) {
        synchronized (queue) {
            if (closed) {
                return Offer.CLOSED;
            }
            if (queuedBytes > 0 && queuedBytes + frame.length > limit) {
                return Offer.FULL;
            }
            (behindLarge ? large : queue).add(new Item(frame, call));
            queuedBytes += frame.length;
            if (busy) {
                return Offer.TAKEN;
            }
            busy = true;
            flushed = new CompletableFuture<>();
        }
        boolean direct = directly && !Thread.currentThread().isInterrupted();
        // One message and no more: what came meanwhile may be larger than what this thread may write.
        if (!direct || sendNext() && !rests()) {
            handOver();
        }
        return Offer.TAKEN;
    }

    private void handOver() {
        try {
            writer.execute(this::pump);
        } catch (RejectedExecutionException e) {
            broken.accept(e);
        }
    }

    /** From now on nothing is handed to the socket any more. */
    void close() {
        CompletableFuture<Void> waiting;
        synchronized (queue) {
            closed = true;
            queue.clear();
            large.clear();
            queuedBytes = 0;
            waiting = flushed;
        }
        waiting.complete(null);
    }

    /** Completes when the box is empty or closed. */
    CompletableFuture<Void> flushed() {
        synchronized (queue) {
            return flushed;
        }
    }

    /** Sends message after message until there is none or one is under way; then its end goes on with the next. */
    private void pump() {
        boolean more = true;
        while (more) {
            more = sendNext();
        }
    }

    /** Whether a message has been sent, and not only begun. */
    private boolean sendNext() {
        ByteBuffer message = next();
        if (message == null) {
            return false;
        }
        Sent sent = new Sent();
        wire.send(message, sent);
        return sent.returned();
    }

    /** Gives the right to write back, if nothing waits. */
    private boolean rests() {
        CompletableFuture<Void> done;
        synchronized (queue) {
            if (!queue.isEmpty() || !large.isEmpty()) {
                return false;
            }
            busy = false;
            done = flushed;
        }
        done.complete(null);
        return true;
    }

    private @Nullable ByteBuffer next() {
        List<byte[]> frames = new ArrayList<>();
        int length = 0;
        CompletableFuture<Void> done = null;
        synchronized (queue) {
            int room = large.isEmpty() ? BATCH : BATCH / 2;
            for (Item item = queue.peek(); item != null; item = queue.peek()) {
                if (length > 0 && length + item.frame().length > room) {
                    break;
                }
                queue.remove();
                queuedBytes -= item.frame().length;
                if (goesOut(item)) {
                    frames.add(item.frame());
                    length += item.frame().length;
                }
            }
            byte[] part = nextPart();
            if (part != null) {
                frames.add(part);
                length += part.length;
            }
            if (frames.isEmpty()) {
                busy = false;
                done = flushed;
            }
        }
        if (done != null) {
            done.complete(null);
            return null;
        }
        return sealer.seal(frames, length);
    }

    /** Whether anybody still waits for its call, if it is one, which the socket then may have taken. */
    private static boolean goesOut(Item item) {
        Call call = item.call();
        if (call != null) {
            if (call.outcome().isDone()) {
                return false;
            }
            call.handOver();
        }
        return true;
    }

    /** What goes out next of the large frames; null when there are none. What has begun is brought to its end. */
    private byte @Nullable [] nextPart() {
        for (Item item = large.peek(); item != null; item = large.peek()) {
            byte[] frame = item.frame();
            if (begun > 0 || goesOut(item)) {
                int length = Math.min(PART, frame.length - begun);
                boolean last = begun + length == frame.length;
                byte[] part = frame.length <= PART ? frame : FrameCodec.part(frame, begun, length, last);
                begun = last ? 0 : begun + length;
                queuedBytes -= length;
                if (last) {
                    large.remove();
                }
                return part;
            }
            large.remove();
            queuedBytes -= frame.length;
        }
        return null;
    }

    /**
     * The end of one message. Where the container tells of it from within {@code send}, the loop goes on instead of a
     * recursion; a thread compares the field with itself only, so it needs no synchronisation.
     */
    private final class Sent implements Consumer<@Nullable Throwable> {

        private @Nullable Thread sender = Thread.currentThread();
        private boolean within;

        @Override
        public void accept(@Nullable Throwable problem) {
            if (problem != null) {
                broken.accept(problem);
            } else if (Thread.currentThread() == sender) {
                within = true;
            } else {
                pump();
            }
        }

        boolean returned() {
            sender = null;
            return within;
        }
    }
}
