package org.hatask.link;

import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A wire over a WebSocket of the Java platform, which takes one message at a time: so each is handed over when the one before is
 * sent. The lock guards the last one.
 */
final class JdkWire implements Wire {

    /** Longest wait for the peer to agree to the end. */
    private static final long CLOSE_SECONDS = 1;

    private final WebSocket socket;
    private final Object lock = new Object();
    private CompletableFuture<WebSocket> last;

    JdkWire(WebSocket socket) {
        this.socket = socket;
        this.last = CompletableFuture.completedFuture(socket);
    }

    @Override
    public void send(ByteBuffer message, Consumer<@Nullable Throwable> done) {
        CompletableFuture<WebSocket> sent;
        synchronized (lock) {
            sent = last.exceptionally(problem -> socket).thenCompose(open -> open.sendBinary(message, true));
            last = sent;
        }
        sent.whenComplete((open, problem) -> done.accept(problem));
    }

    @Override
    public void close(CloseCode code) {
        socket.sendClose(sendable(code), "");
        CompletableFuture.delayedExecutor(CLOSE_SECONDS, TimeUnit.SECONDS).execute(socket::abort);
    }

    /** The platform lets clients send only some; the rest all say that this end wants no more of it. */
    private static int sendable(CloseCode code) {
        return switch (code) {
            case NORMAL_CLOSURE, GOING_AWAY -> code.number();
            default -> CloseCode.VIOLATED_POLICY.number();
        };
    }
}
