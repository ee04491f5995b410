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
     * attempt's deadline: the caller does. It may complete on a thread that reads connections, so what is chained to it must
     * not block, nor {@linkplain Outcome#read() read} the outcome.
     *
     * <p>To cancel the future tells the other node to stop the attempt, without waiting for it.
     */
    CompletableFuture<Outcome> send(Node target, Attempt attempt, @Nullable Object[] arguments);

    /**
     * Asks a node what became of an attempt whose outcome was {@link Outcome.Unknown} with a {@code callId}.
     *
     * <p>The future completes with the outcome as if that of the call itself, when the attempt has ended there;
     * with {@link Outcome.Refused} when it was not started there and never will be; with {@link Outcome.NotSent} when there is no
     * connection now but may be one in a moment; and with {@link Outcome.Unknown} when the node does not know, or there is
     * nobody to ask. With a {@code callId} again, it can be asked once more. Otherwise it is like that of {@link #send}.
     */
    default CompletableFuture<Outcome> ask(Node target, Attempt attempt, long callId) {
        return CompletableFuture.completedFuture(new Outcome.Unknown("this transport cannot ask", false));
    }

    /**
     * Whether the node could be reached the last time it was tried, or has not been tried. A node that could not be
     * reached counts as reachable again after a short while, so that it is tried again.
     */
    boolean isReachable(Node target);

    /** Closes all connections; pending attempts become {@link Outcome.Unknown}. */
    @Override
    void close();
}
