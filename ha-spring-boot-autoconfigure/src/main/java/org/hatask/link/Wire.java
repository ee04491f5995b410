package org.hatask.link;

import jakarta.websocket.CloseReason.CloseCode;
import java.nio.ByteBuffer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The socket under a link. Thread-safe. */
interface Wire {

    /**
     * Hands a message to the socket and returns without waiting for it.
     *
     * @param done called once, with null when the socket has taken it all, from any thread and perhaps before this returns
     */
    void send(ByteBuffer message, Consumer<@Nullable Throwable> done);

    /** Closes the socket in the background; nothing happens when it is closed already. */
    void close(CloseCode code);
}
