package org.hatask.link;

import java.nio.ByteBuffer;
import java.util.Optional;
import org.hatask.link.Handshake.FailedException;
import org.jspecify.annotations.Nullable;

/** The side that was called. Until the caller has proved who it is, it costs a few kilobytes and two seconds at the most. */
final class AcceptingEndpoint extends LinkEndpoint {

    private final Admission.Place place;
    private final long deadlineNanos;
    private final Host host;
    private Handshake.@Nullable Acceptor acceptor;

    /** Who keeps the endpoints. Called on the thread that reads the connection, or the timer's. */
    interface Host {

        /** An acceptor with the keys of the moment, empty without one. */
        Optional<Handshake.Acceptor> acceptor(Admission.Place place);

        /** Makes a link of a connection whose handshake is over, and makes it known. */
        Link established(AcceptingEndpoint endpoint, Handshake.Session session, Wire wire);

        /** No link came of it. */
        void failed(AcceptingEndpoint endpoint, String reason);
    }

    /**
     * @param place what it takes until the handshake is over
     * @param deadlineNanos when the handshake must be over
     */
    AcceptingEndpoint(Admission.Place place, long deadlineNanos, int maxMessageSize, Host host) {
        super(maxMessageSize);
        this.place = place;
        this.deadlineNanos = deadlineNanos;
        this.host = host;
    }

    Admission.Place place() {
        return place;
    }

    boolean isOverdue(long now) {
        return now - deadlineNanos > 0;
    }

    @Override
    void opened(Wire wire) throws FailedException {
        acceptor = host.acceptor(place)
                .orElseThrow(() -> new FailedException("this node does not know the cluster's key yet"));
    }

    @Override
    @Nullable
    Link handshake(Wire wire, ByteBuffer message) throws FailedException {
        Handshake.Acceptor current = acceptor;
        if (current == null) {
            throw new FailedException("it spoke too early");
        }
        if (!current.isGreeted()) {
            wire.send(ByteBuffer.wrap(current.greeted(message)), problem -> {});
            return null;
        }
        Handshake.Session session = current.proved(message);
        wire.proved();
        return host.established(this, session, wire);
    }

    @Override
    void failed(String reason) {
        host.failed(this, reason);
    }
}
