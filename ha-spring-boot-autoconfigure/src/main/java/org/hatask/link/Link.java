package org.hatask.link;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.hatask.HaException;
import org.hatask.execute.ArgumentCodec;
import org.hatask.execute.CodecException;
import org.hatask.execute.Outcome;
import org.hatask.execute.Refusal;
import org.hatask.execute.TaskDefinition;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One authenticated connection to one process, used in both directions. It begins after the handshake and ends once, by
 * {@link #close}: own calls that wait for an answer are then judged, calls of the peer go on and their answers are kept for a
 * while in {@link ServedCalls}, for the peer to ask.
 *
 * <p>Incoming messages are handled on the thread that reads the connection, which nothing here blocks; everything else may come from
 * any thread.
 */
final class Link {

    private static final Logger log = LoggerFactory.getLogger(Link.class);

    /**
     * How much longer silence is tolerated on an accepted link: it is read on the container's request threads, so that
     * silence there may mean that this node is busy. It still ends, as two busy nodes could wait for each other for ever.
     */
    private static final int ACCEPTED_PATIENCE = 4;

    private final Handshake.Peer peer;
    private final boolean withAsk;
    private final boolean withTrace;
    private final boolean withParts;
    private final boolean dialled;
    private final Wire wire;
    private final Outbox outbox;
    private final Sealing.Opener opener;
    private final LinkSettings settings;
    private final ArgumentCodec codec;
    private final TaskReceiver receiver;
    private final ServedCalls served;
    private final Listener listener;
    private final LongSupplier nanoTime;
    private final Instant since = Instant.now();
    private final long createdNanos;

    private final Map<Long, Call> pending = new ConcurrentHashMap<>();
    private final Map<Long, Frame.Call> serving = new ConcurrentHashMap<>();
    private final AtomicBoolean closed = new AtomicBoolean();

    /** Of the large frame that is coming; belongs to the thread that reads. */
    private final MessageAssembler parts = new MessageAssembler();

    private volatile long lastReceivedNanos;
    private volatile long lastUsedNanos;
    private volatile boolean leaving;
    private volatile @Nullable NodeReport report;
    private volatile @Nullable Heard heard;

    /** The peer's last pulse: its own time, and when it came by that of this end. */
    private record Heard(long sent, long atNanos) {}

    /** Hears of a link; called on whatever thread finds out, must not block. */
    interface Listener {

        /**
         * The link cannot be used any more. Called before its pending calls are judged.
         *
         * @param silent whether the peer gave no sign of life, rather than the connection having ended
         */
        void closed(Link link, boolean silent);

        /** The peer takes no calls any more. */
        void leaving(Link link);

        /** The peer reported on itself. */
        void reported(Link link, NodeReport report);

        /** How long it took to the peer and back. */
        void measured(Link link, Duration roundTrip);
    }

    Link(
            Handshake.Session session,
            boolean dialled,
            Wire wire,
            Sealing.Opener opener,
            Executor writer,
            LinkSettings settings,
            ArgumentCodec codec,
            TaskReceiver receiver,
            ServedCalls served,
            Listener listener,
            LongSupplier nanoTime) {
        this.peer = session.peer();
        this.withAsk = session.version() >= Handshake.WITH_ASK;
        this.withTrace = session.version() >= Handshake.WITH_TRACE;
        this.withParts = session.version() >= Handshake.WITH_PARTS;
        this.dialled = dialled;
        this.wire = wire;
        this.opener = opener;
        this.settings = settings;
        this.codec = codec;
        this.receiver = receiver;
        this.served = served;
        this.listener = listener;
        this.nanoTime = nanoTime;
        this.outbox = new Outbox(wire, new Sealing.Sealer(session.sendKey()), withParts, writer, problem -> {
            log.debug("Sending to {}: {}", peer.nodeId(), problem.toString());
            close(CloseCode.GOING_AWAY, "the connection to " + peer.nodeId() + " broke");
        });
        this.createdNanos = nanoTime.getAsLong();
        this.lastReceivedNanos = createdNanos;
        this.lastUsedNanos = lastReceivedNanos;
    }

    Handshake.Peer peer() {
        return peer;
    }

    /** Whether this node opened it. */
    boolean isDialled() {
        return dialled;
    }

    boolean isOpen() {
        return !closed.get();
    }

    boolean isLeaving() {
        return leaving;
    }

    // --- own calls

    /** Sends a call and completes its outcome, sooner or later. */
    void call(Call call) {
        if (call.isQuestion() && !withAsk) {
            call.outcome()
                    .complete(new Outcome.Unknown(
                            "node " + peer.nodeId() + " is of an older version and cannot be asked", false));
            return;
        }
        long id = call.id();
        byte[] frame;
        try {
            frame = FrameCodec.encode(call.frame(withTrace));
            if (withTrace && isTooLarge(frame)) {
                frame = FrameCodec.encode(call.frame(false)); // Better untraced than not at all.
            }
        } catch (IllegalArgumentException e) {
            call.outcome().completeExceptionally(new CodecException(e.getMessage() + ".", e));
            return;
        }
        if (isTooLarge(frame)) {
            call.outcome()
                    .completeExceptionally(
                            tooLarge("The arguments of " + call.attempt().task().name(), frame.length));
            return;
        }
        lastUsedNanos = nanoTime.getAsLong();
        pending.put(id, call);
        boolean isLarge = outbox.isLarge(frame);
        // A container's side breaks the connection when its thread is interrupted, as a caller's may be at any time.
        Outbox.Offer offer = outbox.offer(frame, call, settings.sendQueueSize(), dialled);
        if (offer != Outbox.Offer.TAKEN) {
            if (pending.remove(id) != null) {
                call.notSent(
                        offer == Outbox.Offer.FULL
                                ? "link to " + peer.nodeId() + " is congested: " + settings.sendQueueSize()
                                        + " bytes wait to be sent"
                                : "the connection to " + peer.nodeId() + " is closed");
            }
            return;
        }
        // Whoever completes the outcome from outside, by cancelling it or by a time-out, does not want the answer any
        // more.
        call.outcome().whenComplete((outcome, error) -> {
            if (pending.remove(id) != null) {
                byte[] cancel = FrameCodec.encode(new Frame.Cancel(id));
                if (isLarge) {
                    outbox.offerBehindLarge(cancel, limitOfAnswers());
                } else {
                    send(cancel);
                }
            }
        });
    }

    private void answered(Frame.Answer answer) {
        Call call = pending.remove(answer.correlationId());
        lastUsedNanos = nanoTime.getAsLong();
        if (call == null) {
            log.debug("An answer of {} that nobody waits for", peer.nodeId());
            return;
        }
        call.outcome().complete(outcome(call.attempt().task(), answer));
    }

    private Outcome outcome(TaskDefinition task, Frame.Answer answer) {
        if (answer instanceof Frame.Result result) {
            return unread(Outcome.Kind.SUCCEEDED, () -> new Outcome.Succeeded(codec.readResult(task, result.json())));
        } else if (answer instanceof Frame.Error error) {
            return unread(Outcome.Kind.FAILED, () -> codec.readError(task, error.json(), peer.nodeId()));
        } else if (answer instanceof Frame.Refused refused) {
            return new Outcome.Refused(
                    refused.refusal(), refused.message(), Duration.ofMillis(refused.comeBackMillis()));
        } else if (answer instanceof Frame.Unknown unknown) {
            return new Outcome.Unknown(unknown.message(), unknown.timedOut());
        }
        return new Outcome.Cancelled();
    }

    private static Outcome unread(Outcome.Kind kind, Supplier<Outcome> reader) {
        return new Outcome.Unread(kind, () -> {
            try {
                return reader.get();
            } catch (RuntimeException | Error e) {
                return Outcome.Failed.of(e);
            }
        });
    }

    // --- what comes in, on the reading thread

    /** Something came, if only a part of a message: the peer lives. */
    void touch() {
        lastReceivedNanos = nanoTime.getAsLong();
    }

    /** Bytes of the largest message that the peer may send. */
    int maxMessage() {
        return withParts ? Outbox.MAX_MESSAGE : settings.maxMessageSize();
    }

    /** Handles a whole message. The buffer is the caller's again afterwards. */
    void received(ByteBuffer message) {
        touch();
        if (closed.get()) {
            return;
        }
        try {
            received(opener.open(message));
        } catch (MalformedFrameException e) {
            malformed(e);
        }
    }

    /** Handles frames of a message that has been opened. */
    void received(List<Frame> frames) {
        try {
            for (Frame frame : frames) {
                handle(frame);
            }
        } catch (MalformedFrameException e) {
            malformed(e);
        }
    }

    private void malformed(MalformedFrameException e) {
        log.warn("Closing the link to {}: it sent {}", peer.nodeId(), e.getMessage());
        close(CloseCode.PROTOCOL_ERROR, "the link to " + peer.nodeId() + " was closed: protocol error");
    }

    private void handle(Frame frame) throws MalformedFrameException {
        if (frame instanceof Frame.Call call && (withTrace || call.headers().isEmpty())) {
            if (serving.putIfAbsent(call.correlationId(), call) != null) {
                throw new MalformedFrameException("a correlation id that is in use");
            }
            lastUsedNanos = nanoTime.getAsLong();
            serve(call);
        } else if (frame instanceof Frame.Ask ask && withAsk) {
            lastUsedNanos = nanoTime.getAsLong();
            byte[] known = served.ask(peer, ask.correlationId(), this, nanoTime.getAsLong());
            if (known != null) {
                send(known);
            }
        } else if (frame instanceof Frame.Answer answer) {
            answered(answer);
        } else if (frame instanceof Frame.Cancel cancel) {
            Frame.Call call = serving.get(cancel.correlationId());
            if (call != null) {
                receiver.cancel(call, peer.nodeId());
            }
        } else if (frame instanceof Frame.Heartbeat heartbeat) {
            report = heartbeat.report();
            listener.reported(this, heartbeat.report());
            if (heartbeat.pulse() != null) {
                felt(heartbeat.pulse());
            }
        } else if (frame instanceof Frame.Part part && withParts) {
            gather(part);
        } else if (frame instanceof Frame.GoAway) {
            leaving = true;
            listener.leaving(this);
        } else {
            throw new MalformedFrameException("a frame out of place");
        }
    }

    private void gather(Frame.Part part) throws MalformedFrameException {
        ByteBuffer whole;
        try {
            whole = parts.add(ByteBuffer.wrap(part.bytes()), part.last(), settings.maxMessageSize());
        } catch (MessageAssembler.TooLargeException e) {
            throw new MalformedFrameException("a frame larger than ha.link.max-message-size of this node");
        }
        if (whole != null) {
            List<Frame> frames = FrameCodec.decodeAll(whole);
            if (frames.size() != 1 || frames.get(0) instanceof Frame.Part) {
                throw new MalformedFrameException("parts that are not one frame");
            }
            handle(frames.get(0));
        }
    }

    private void serve(Frame.Call call) throws MalformedFrameException {
        long id = call.correlationId();
        if (serving.size() > settings.maxServed()) {
            String reason = "more than " + settings.maxServed() + " calls of this node are under way over one link";
            answer(id, FrameCodec.encode(new Frame.Refused(id, Refusal.BUSY, 0, reason)));
            return;
        }
        if (!withAsk) {
            receiver.receive(call, peer.nodeId(), answer -> answer(id, encode(forVersion1(answer))));
            return;
        }
        switch (served.begin(peer, call, this)) {
            case NEW ->
                receiver.receive(call, peer.nodeId(), answer -> {
                    byte[] frame = encode(answer);
                    served.end(peer, id, frame, nanoTime.getAsLong()).answer(id, frame);
                });
            case DENIED -> answer(id, ServedCalls.notReceived(id));
            case REPEATED -> throw new MalformedFrameException("a correlation id that was used before");
        }
    }

    /** A call that came over another link is answered over this one; called under the lock of {@link ServedCalls}. */
    void take(Frame.Call call) {
        serving.put(call.correlationId(), call);
    }

    /** The call is answered over another link; called under the lock of {@link ServedCalls}. */
    void handOver(Frame.Call call) {
        serving.remove(call.correlationId());
    }

    private static Frame.Answer forVersion1(Frame.Answer answer) {
        if (!(answer instanceof Frame.Refused refused)) {
            return answer;
        }
        Refusal refusal = refused.refusal() == Refusal.SUSPECT ? Refusal.BUSY : refused.refusal();
        return new Frame.Refused(refused.correlationId(), refusal, 0, refused.message());
    }

    private byte[] encode(Frame.Answer answer) {
        byte[] frame = FrameCodec.encode(answer);
        if (!isTooLarge(frame)) {
            return frame;
        }
        HaException problem = tooLarge("The answer", frame.length);
        return FrameCodec.encode(new Frame.Error(answer.correlationId(), codec.writeError(Outcome.Failed.of(problem))));
    }

    /** Sends the answer of a call of the peer; comes from the executor's threads. */
    private void answer(long id, byte[] frame) {
        serving.remove(id);
        lastUsedNanos = nanoTime.getAsLong();
        if (send(frame, true) == Outbox.Offer.CLOSED) {
            log.debug("The answer to {} is dropped: its link is closed", peer.nodeId());
        }
    }

    private boolean isTooLarge(byte[] frame) {
        return frame.length + Sealing.OVERHEAD > settings.maxMessageSize();
    }

    private CodecException tooLarge(String what, int length) {
        return new CodecException(
                what + " would be " + length + " bytes on the link to " + peer.nodeId()
                        + "; raise ha.link.max-message-size (" + settings.maxMessageSize()
                        + ") on all nodes or pass less data.",
                new IllegalArgumentException("too large"));
    }

    // --- signs of life and end

    void send(Frame frame) {
        send(FrameCodec.encode(frame));
    }

    void send(byte[] frame) {
        send(frame, false);
    }

    private long limitOfAnswers() {
        return 4L * settings.sendQueueSize();
    }

    /** Answers and signals are not refused for a full box, as nobody could retry them; a box far over its limit is hopeless. */
    private Outbox.Offer send(byte[] frame, boolean directly) {
        Outbox.Offer offer = outbox.offer(frame, null, limitOfAnswers(), directly);
        if (offer == Outbox.Offer.FULL) {
            log.warn("Closing the link to {}: it does not take its answers", peer.nodeId());
            close(CloseCode.GOING_AWAY, "the link to " + peer.nodeId() + " is congested");
        }
        return offer;
    }

    /**
     * Gives a sign of life.
     *
     * @param heartbeat an encoded one, without a pulse
     */
    void beat(byte[] heartbeat) {
        long now = age();
        Heard last = heard;
        send(FrameCodec.withPulse(
                heartbeat,
                last == null ? new Frame.Pulse(now, 0, 0) : new Frame.Pulse(now, last.sent(), now - last.atNanos())));
    }

    /** Since it was established, in nanoseconds, and more than 0. */
    private long age() {
        return nanoTime.getAsLong() - createdNanos + 1;
    }

    /** On the reading thread. The figures are the peer's: what cannot be is not believed. */
    private void felt(Frame.Pulse pulse) {
        long now = age();
        heard = new Heard(pulse.sent(), now);
        boolean isOurs = pulse.echo() > 0 && pulse.echo() <= now;
        long atMost = now - pulse.echo();
        if (isOurs && pulse.held() >= 0 && pulse.held() <= atMost) {
            listener.measured(this, Duration.ofNanos(atMost - pulse.held()));
        }
    }

    /** Begins a new period of grace: this process was paused itself and could hear nothing. */
    void forgive(long now) {
        lastReceivedNanos = now;
    }

    /** Closes the link if the peer has been silent for too long. */
    void judge(long now) {
        Duration limit =
                dialled ? settings.silenceLimit() : settings.silenceLimit().multipliedBy(ACCEPTED_PATIENCE);
        if (now - lastReceivedNanos > limit.toNanos() && end(dialled)) {
            log.warn("No sign of life from {} for {}: its link is closed", peer.nodeId(), text(limit));
            end(CloseCode.GOING_AWAY, "no sign of life from " + peer.nodeId() + " for " + text(limit));
        }
    }

    /** Another link to this process is silent, so this one is not only slow to be read: closes it unless it has just spoken. */
    void closeIfSilentToo(long now) {
        Duration limit = settings.silenceLimit().minus(settings.heartbeatInterval());
        if (now - lastReceivedNanos > limit.toNanos()) {
            close(CloseCode.GOING_AWAY, "no sign of life from " + peer.nodeId());
        }
    }

    /** Whether nothing has been called in either direction for so long, and nothing is under way. */
    boolean isIdle(long now, Duration howLong) {
        return pending.isEmpty() && serving.isEmpty() && now - lastUsedNanos > howLong.toNanos();
    }

    /** Completes when nothing waits to be sent. */
    CompletableFuture<Void> flushed() {
        return outbox.flushed();
    }

    void close(CloseCode code, String reason) {
        if (end(false)) {
            end(code, reason);
        }
    }

    private boolean end(boolean silent) {
        if (!closed.compareAndSet(false, true)) {
            return false;
        }
        listener.closed(this, silent);
        return true;
    }

    private void end(CloseCode code, String reason) {
        outbox.close();
        for (Long id : pending.keySet()) {
            Call call = pending.remove(id);
            if (call != null) {
                call.outcome()
                        .complete(
                                call.isHandedOver()
                                        ? new Outcome.Unknown(reason, false, withAsk ? id : 0)
                                        : new Outcome.NotSent(reason));
            }
        }
        // Who waits goes on sooner: nothing goes out or comes in any more either way.
        wire.close(code);
    }

    private static String text(Duration duration) {
        return duration.toMillis() % 1000 == 0 ? duration.toSeconds() + " s" : duration.toMillis() + " ms";
    }

    LinkInfo info() {
        long silentNanos = nanoTime.getAsLong() - lastReceivedNanos;
        return new LinkInfo(
                peer.nodeId(),
                peer.incarnation(),
                dialled,
                since,
                pending.size(),
                serving.size(),
                Instant.now().minusNanos(silentNanos),
                leaving,
                report);
    }

    @Override
    public String toString() {
        return (dialled ? "link to " : "link from ") + peer.nodeId();
    }
}
