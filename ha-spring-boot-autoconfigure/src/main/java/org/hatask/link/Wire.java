package org.hatask.link;

import java.nio.ByteBuffer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The socket under a link. Thread-safe. There is one for each library that has sockets. */
interface Wire {

    /**
     * Hands a message to the socket and returns without waiting for it.
     *
     * @param done called once, with null when the socket has taken it all, from any thread and perhaps before this returns
     */
    void send(ByteBuffer message, Consumer<@Nullable Throwable> done);

    /**
     * The peer has proved who it is, so more than a handshake may come. Called on the thread that reads, before the peer is told:
     * until then the socket may refuse messages that are larger than {@link Handshake#MAX_MESSAGE}.
     */
    default void proved() {}

    /** Closes the socket in the background; nothing happens when it is closed already. */
    void close(CloseCode code);
}
