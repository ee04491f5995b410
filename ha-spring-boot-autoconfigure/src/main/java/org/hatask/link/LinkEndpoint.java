package org.hatask.link;

import java.nio.ByteBuffer;
import org.hatask.link.Handshake.FailedException;
import org.hatask.link.MessageAssembler.TooLargeException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Our end of a WebSocket, whatever library the socket is of: first the handshake, then the link. What reads the socket calls it
 * with one part of a message at a time, in order; {@link #abandon} comes from the timer, {@link #closed} from anywhere.
 */
abstract class LinkEndpoint {

    private static final Logger log = LoggerFactory.getLogger(LinkEndpoint.class);

    private final int maxMessageSize;
    private final MessageAssembler assembler = new MessageAssembler();
    private @Nullable Wire wire;
    private boolean abandoned;
    private boolean ended;
    private volatile @Nullable Link link;

    LinkEndpoint(int maxMessageSize) {
        this.maxMessageSize = maxMessageSize;
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

    /** Bytes of the largest message of a link. */
    final int maxMessageSize() {
        return maxMessageSize;
    }

    /** The socket is open. */
    final void open(Wire created) {
        boolean tooLate;
        synchronized (this) {
            wire = created;
            tooLate = abandoned;
        }
        if (tooLate) {
            created.close(CloseCode.VIOLATED_POLICY);
            return;
        }
        try {
            opened(created);
        } catch (FailedException e) {
            fail(CloseCode.TRY_AGAIN_LATER, String.valueOf(e.getMessage()));
        }
    }

    /**
     * A part of a binary message has come. The buffer is the caller's again afterwards.
     *
     * @param last whether the message ends with it
     */
    final void part(ByteBuffer part, boolean last) {
        Link established = link;
        try {
            if (established != null) {
                established.touch();
            }
            int limit = established == null ? Handshake.MAX_MESSAGE : established.maxMessage();
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
                established.close(CloseCode.TOO_BIG, established + " was closed: " + e.getMessage());
            } else {
                fail(CloseCode.TOO_BIG, "its message is too large for a handshake");
            }
        } catch (FailedException e) {
            fail(CloseCode.VIOLATED_POLICY, String.valueOf(e.getMessage()));
        }
    }

    /** A text message has come, or a part of one. */
    final void text() {
        fail(CloseCode.CANNOT_ACCEPT, "it sent text");
    }

    private void greet(ByteBuffer message) throws FailedException {
        Wire current;
        synchronized (this) {
            current = wire;
            if (abandoned || current == null) {
                return;
            }
        }
        Link created = handshake(current, message);
        if (created != null) {
            boolean tooLate;
            synchronized (this) {
                link = created;
                tooLate = ended;
            }
            if (tooLate) {
                // Closed in between, so that closed() has not seen the link.
                created.close(
                        CloseCode.GOING_AWAY,
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
        Wire current;
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

    /**
     * The socket is closed. Only the first call counts.
     *
     * @param code what the other end gave as the reason, by its number
     */
    final void closed(int code) {
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
                    CloseCode.GOING_AWAY,
                    "the connection to " + established.peer().nodeId() + " was closed");
        } else if (first) {
            failed(
                    switch (code) {
                        case 1013 -> "it is not ready yet";
                        case 1008 -> "it refused the handshake, its log says why";
                        default -> "it closed the connection during the handshake";
                    });
        }
    }

    /** Something went wrong on the socket; if that was its end, {@link #closed} comes as well. */
    final void broken(Throwable problem) {
        log.debug("An error on a connection: {}", problem.toString());
    }
}
