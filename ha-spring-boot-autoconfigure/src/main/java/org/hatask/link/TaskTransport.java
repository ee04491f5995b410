package org.hatask.link;

import java.util.concurrent.CompletableFuture;
import org.hatask.cluster.Node;
import org.hatask.execute.Attempt;
import org.hatask.execute.Outcome;
import org.jspecify.annotations.Nullable;

/**
 * Carries attempts to other nodes. The built-in one is the link; a test or another wire can take its place.
 * Thread-safe.
 */
public interface TaskTransport extends AutoCloseable {

    /**
     * Sends an attempt to another node.
     *
     * <p>The future completes with the outcome: {@link Outcome.NotSent} only when it is certain that the node has not
     * received the attempt as a whole, {@link Outcome.Refused} only on the authenticated word of the node, and
     * {@link Outcome.Unknown} as soon as no answer can come any more. It completes exceptionally, with
     * {@link org.hatask.execute.CodecException}, only when the arguments cannot be written. It does not watch the
     * attempt's deadline: the caller does. It may complete on a thread that reads a connection, so what is chained to it must
     * not block.
     *
     * <p>To cancel the future tells the other node to stop the attempt, without waiting for it.
     */
    CompletableFuture<Outcome> send(Node target, Attempt attempt, @Nullable Object[] arguments);

    /**
     * Whether the node could be reached the last time it was tried, or has not been tried. A node that could not be
     * reached counts as reachable again after a short while, so that it is tried again.
     */
    boolean isReachable(Node target);

    /** Closes all connections; pending attempts become {@link Outcome.Unknown}. */
    @Override
    void close();
}
