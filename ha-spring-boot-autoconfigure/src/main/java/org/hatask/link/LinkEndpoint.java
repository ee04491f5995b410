package org.hatask.link;

import jakarta.websocket.CloseReason;
import jakarta.websocket.CloseReason.CloseCode;
import jakarta.websocket.CloseReason.CloseCodes;
import jakarta.websocket.Endpoint;
import jakarta.websocket.EndpointConfig;
import jakarta.websocket.MessageHandler;
import jakarta.websocket.Session;
import java.nio.ByteBuffer;
import java.util.concurrent.Executor;
import org.hatask.link.Handshake.FailedException;
import org.hatask.link.MessageAssembler.TooLargeException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Our end of a WebSocket session: first the handshake, then the link. The container calls it with one message at a time;
 * {@link #abandon} comes from the timer.
 */
abstract class LinkEndpoint extends Endpoint {

    private static final Logger log = LoggerFactory.getLogger(LinkEndpoint.class);

    /** Read buffer of an established link; the container's default of 8 KiB holds for strangers. */
    private static final int READ_BUFFER = 64 * 1024;

    private final int maxMessageSize;
    private final Executor closer;
    private final MessageAssembler assembler = new MessageAssembler();
    private @Nullable Session session;
    private @Nullable WebSocketWire wire;
    private boolean abandoned;
    private boolean ended;
    private volatile @Nullable Link link;

    LinkEndpoint(int maxMessageSize, Executor closer) {
        this.maxMessageSize = maxMessageSize;
        this.closer = closer;
    }

    /** The session is open and nothing has been said. */
    abstract void opened(Wire wire) throws FailedException;

    /**
     * A message of the handshake.
     *
     * @return the link when the handshake is over
     */
    abstract @Nullable Link handshake(Wire wire, ByteBuffer message) throws FailedException;

    /** The handshake failed; called at most once with a reason that matters, from any thread. */
    abstract void failed(String reason);

    @Override
    public void onOpen(Session opened, EndpointConfig config) {
        opened.setMaxIdleTimeout(0);
        // For containers that keep a closing session until the peer has agreed to it: Tomcat, 30 s by default.
        opened.getUserProperties().put("org.apache.tomcat.websocket.SESSION_CLOSE_TIMEOUT", 1000L);
        opened.getUserProperties().put("org.apache.tomcat.websocket.BLOCKING_SEND_TIMEOUT", 1000L);
        opened.addMessageHandler(ByteBuffer.class, (MessageHandler.Partial<ByteBuffer>) this::part);
        opened.addMessageHandler(String.class, (MessageHandler.Partial<String>)
                (text, last) -> fail(CloseCodes.CANNOT_ACCEPT, "it sent text"));
        WebSocketWire created = new WebSocketWire(opened, closer);
        boolean tooLate;
        synchronized (this) {
            session = opened;
            wire = created;
            tooLate = abandoned;
        }
        if (tooLate) {
            created.close(CloseCodes.VIOLATED_POLICY);
            return;
        }
        try {
            opened(created);
        } catch (FailedException e) {
            fail(CloseCodes.TRY_AGAIN_LATER, String.valueOf(e.getMessage()));
        }
    }

    private void part(ByteBuffer part, boolean last) {
        Link established = link;
        try {
            if (established != null) {
                established.touch();
            }
            int limit = established == null ? Handshake.MAX_MESSAGE : maxMessageSize;
            ByteBuffer message = assembler.add(part, last, limit);
            if (message == null) {
                return;
            }
            if (established != null) {
                established.received(message);
            } else {
                greet(message);
            }
        } catch (TooLargeException e) {
            if (established != null) {
                log.warn("Closing the {}: it sent {}", established, e.getMessage());
                established.close(CloseCodes.TOO_BIG, established + " was closed: " + e.getMessage());
            } else {
                fail(CloseCodes.TOO_BIG, "its message is too large for a handshake");
            }
        } catch (FailedException e) {
            fail(CloseCodes.VIOLATED_POLICY, String.valueOf(e.getMessage()));
        }
    }

    private void greet(ByteBuffer message) throws FailedException {
        WebSocketWire current;
        Session open;
        synchronized (this) {
            current = wire;
            open = session;
            if (abandoned || current == null || open == null) {
                return;
            }
        }
        Link created = handshake(current, message);
        if (created != null) {
            open.setMaxBinaryMessageBufferSize(READ_BUFFER);
            boolean tooLate;
            synchronized (this) {
                link = created;
                tooLate = ended;
            }
            if (tooLate) {
                // Closed in between, so that onClose has not seen the link.
                created.close(
                        CloseCodes.GOING_AWAY,
                        "the connection to " + created.peer().nodeId() + " was closed");
            }
        }
    }

    private void fail(CloseCode code, String reason) {
        if (abandon(code)) {
            failed(reason);
        }
    }

    /**
     * Closes a session whose handshake is not over.
     *
     * @return whether this call did it
     */
    final boolean abandon(CloseCode code) {
        WebSocketWire current;
        synchronized (this) {
            if (abandoned || link != null) {
                return false;
            }
            abandoned = true;
            current = wire;
        }
        if (current != null) {
            current.close(code);
        }
        return true;
    }

    @Override
    public void onClose(Session closed, CloseReason reason) {
        Link established;
        boolean first;
        synchronized (this) {
            established = link;
            ended = true;
            first = established == null && !abandoned;
            abandoned = abandoned || first;
        }
        if (established != null) {
            established.close(
                    CloseCodes.GOING_AWAY,
                    "the connection to " + established.peer().nodeId() + " was closed");
        } else if (first) {
            failed(
                    switch (reason.getCloseCode().getCode()) {
                        case 1013 -> "it is not ready yet";
                        case 1008 -> "it refused the handshake, its log says why";
                        default -> "it closed the connection during the handshake";
                    });
        }
    }

    @Override
    public void onError(Session broken, Throwable problem) {
        log.debug("A session's error: {}", problem.toString());
    }
}
