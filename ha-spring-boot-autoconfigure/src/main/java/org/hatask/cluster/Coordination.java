package org.hatask.cluster;

import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** The connection to the coordination service. Thread-safe. */
public interface Coordination extends AutoCloseable {

    /** Starts to connect. Returns at once; goes on trying for ever. */
    void start();

    /** How the connection is, for operators. */
    Status status();

    /** Ends the session, and with it whatever is left of this node there. */
    @Override
    void close();

    /** State of the connection. */
    enum State {
        /** Never connected yet. */
        CONNECTING,
        CONNECTED,
        /** The connection is lost, the session may still live. */
        SUSPENDED,
        /** The session is lost. */
        LOST
    }

    /**
     * @param state state of the connection
     * @param since when it came about
     * @param connectString where the service is
     * @param sessionTimeout as negotiated, or as asked for while not connected
     * @param problem what an operator should know, or null
     */
    record Status(
            State state,
            Instant since,
            String connectString,
            Duration sessionTimeout,
            @Nullable String problem) {}
}
