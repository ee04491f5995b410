package org.hatask.link;

import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.concurrent.Executor;
import org.hatask.link.Handshake.FailedException;
import org.jspecify.annotations.Nullable;

/** The side that was called. Until the caller has proved who it is, it costs a few kilobytes and two seconds at the most. */
final class AcceptingEndpoint extends LinkEndpoint {

    private final String address;
    private final long deadlineNanos;
    private final Host host;
    private Handshake.@Nullable Acceptor acceptor;

    /** Who keeps the endpoints. Called on the thread that reads the connection, or the timer's. */
    interface Host {

        /** An acceptor with the key of the moment, empty without one. */
        Optional<Handshake.Acceptor> acceptor();

        /** Makes a link of a connection whose handshake is over, and makes it known. */
        Link established(AcceptingEndpoint endpoint, Handshake.Session session, Wire wire);

        /** No link came of it. */
        void failed(AcceptingEndpoint endpoint, String reason);
    }

    /**
     * @param address where the caller comes from, for the log
     * @param deadlineNanos when the handshake must be over
     */
    AcceptingEndpoint(String address, long deadlineNanos, int maxMessageSize, Executor closer, Host host) {
        super(maxMessageSize, closer);
        this.address = address;
        this.deadlineNanos = deadlineNanos;
        this.host = host;
    }

    String address() {
        return address;
    }

    boolean isOverdue(long now) {
        return now - deadlineNanos > 0;
    }

    @Override
    void opened(Wire wire) throws FailedException {
        acceptor =
                host.acceptor().orElseThrow(() -> new FailedException("this node does not know the cluster's key yet"));
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
        return host.established(this, current.proved(message), wire);
    }

    @Override
    void failed(String reason) {
        host.failed(this, reason);
    }
}
