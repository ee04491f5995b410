package org.hatask.cluster;

import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** The connection to the coordination service, for operators. Thread-safe. */
public interface Coordination {

    Status status();

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
