package org.hatask.link;

import jakarta.websocket.CloseReason;
import jakarta.websocket.CloseReason.CloseCodes;
import jakarta.websocket.SendResult;
import jakarta.websocket.Session;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A wire over a session of a Jakarta WebSocket container. A container allows one message at a time, and tells of a message's end on a thread of its
 * own, perhaps after the answer to that message has arrived: so a second one waits here. The lock guards queue and flag.
 */
final class WebSocketWire implements Wire {

    private static final Logger log = LoggerFactory.getLogger(WebSocketWire.class);

    /** Read buffer of an established link; the container's default of 8 KiB holds for strangers. */
    private static final int READ_BUFFER = 64 * 1024;

    private final Session session;
    private final Executor closer;
    private final int maxMessageSize;
    private final Queue<Waiting> queue = new ArrayDeque<>();
    private boolean busy;

    /**
     * @param closer where to close the session, as containers block there
     * @param maxMessageSize bytes of the largest message of a link
     */
    WebSocketWire(Session session, Executor closer, int maxMessageSize) {
        this.session = session;
        this.closer = closer;
        this.maxMessageSize = maxMessageSize;
    }

    private record Waiting(ByteBuffer message, Consumer<@Nullable Throwable> done) {}

    @Override
    public void send(ByteBuffer message, Consumer<@Nullable Throwable> done) {
        synchronized (queue) {
            if (busy) {
                queue.add(new Waiting(message, done));
                return;
            }
            busy = true;
        }
        start(message, done);
    }

    private void start(ByteBuffer message, Consumer<@Nullable Throwable> done) {
        try {
            session.getAsyncRemote().sendBinary(message, result -> sent(result, done));
        } catch (RuntimeException e) {
            // The session is closed.
            done.accept(e);
        }
    }

    private void sent(SendResult result, Consumer<@Nullable Throwable> done) {
        Waiting next;
        synchronized (queue) {
            next = queue.poll();
            busy = next != null;
        }
        if (next != null) {
            start(next.message(), next.done());
        }
        if (result.isOK()) {
            done.accept(null);
        } else {
            Throwable problem = result.getException();
            done.accept(problem == null ? new IOException("not sent") : problem);
        }
    }

    @Override
    public void proved() {
        // In Tomcat it is how much is read at once, in others how much a message may have.
        boolean tomcat = session.getClass().getName().startsWith("org.apache.tomcat.");
        session.setMaxBinaryMessageBufferSize(tomcat ? READ_BUFFER : maxMessageSize);
    }

    @Override
    public void close(CloseCode code) {
        try {
            closer.execute(() -> closeNow(code));
        } catch (RejectedExecutionException e) {
            closeNow(code);
        }
    }

    private void closeNow(CloseCode code) {
        try {
            session.close(new CloseReason(CloseCodes.getCloseCode(code.number()), ""));
        } catch (IOException | RuntimeException e) {
            log.debug("Closing a session: {}", e.toString());
        }
    }
}
