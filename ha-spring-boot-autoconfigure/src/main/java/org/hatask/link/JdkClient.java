package org.hatask.link;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import org.jspecify.annotations.Nullable;
import org.springframework.scheduling.concurrent.CustomizableThreadFactory;

/** Opens connections by the WebSocket client of the Java platform, for applications without Tomcat's. */
final class JdkClient implements LinkClient {

    private final Duration connectTimeout;

    /** Threads that read; each connection has one at a time. They end by themselves, also after the last connection. */
    private final ExecutorService readers;

    private @Nullable Made made;

    /** The client knows whom to trust, so each change of that needs another. */
    private record Made(ClientTls tls, HttpClient client) {}

    JdkClient(Duration connectTimeout) {
        this.connectTimeout = connectTimeout;
        CustomizableThreadFactory threads = new CustomizableThreadFactory("ha-link-read-");
        threads.setDaemon(true);
        this.readers =
                new ThreadPoolExecutor(0, Integer.MAX_VALUE, 10, TimeUnit.SECONDS, new SynchronousQueue<>(), threads);
    }

    @Override
    public void connect(URI uri, ClientTls tls, String pass, LinkEndpoint end)
            throws InterruptedException, ExecutionException, IOException {
        CompletableFuture<WebSocket> opening = client(tls)
                .newWebSocketBuilder()
                .subprotocols(LinkServer.SUBPROTOCOL)
                .header(Pass.HEADER, pass)
                .connectTimeout(connectTimeout)
                .buildAsync(uri, new Reader(end));
        try {
            opening.get();
        } catch (InterruptedException e) {
            opening.cancel(true);
            throw e;
        } catch (ExecutionException e) {
            if (e.getCause() instanceof ConnectException) {
                tellWhy(uri);
            }
            throw e;
        }
    }

    /**
     * The platform's client hides whether the other machine said that nobody listens there, which tells a dead process from a lost
     * machine. A plain socket says it.
     */
    private void tellWhy(URI uri) throws IOException {
        try (Socket socket = new Socket()) {
            socket.connect(
                    new InetSocketAddress(uri.getHost(), uri.getPort()), Math.toIntExact(connectTimeout.toMillis()));
        }
    }

    private synchronized HttpClient client(ClientTls tls) {
        Made current = made;
        if (current == null || !current.tls().equals(tls)) {
            current = new Made(tls, create(tls));
            made = current;
        }
        return current.client();
    }

    private HttpClient create(ClientTls tls) {
        HttpClient.Builder builder = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .followRedirects(HttpClient.Redirect.NEVER)
                .connectTimeout(connectTimeout)
                .executor(readers);
        SSLContext context = tls.context();
        if (context != null) {
            builder.sslContext(context);
        }
        if (!tls.protocols().isEmpty()) {
            builder.sslParameters(new SSLParameters(null, tls.protocols().toArray(String[]::new)));
        }
        return builder.build();
    }

    /** Hands on what comes. Called by one thread at a time. */
    private static final class Reader implements WebSocket.Listener {

        private final LinkEndpoint end;

        Reader(LinkEndpoint end) {
            this.end = end;
        }

        @Override
        public void onOpen(WebSocket socket) {
            end.open(new JdkWire(socket));
            socket.request(Long.MAX_VALUE);
        }

        @Override
        public @Nullable CompletionStage<?> onBinary(WebSocket socket, ByteBuffer part, boolean last) {
            end.part(part, last);
            return null;
        }

        @Override
        public @Nullable CompletionStage<?> onText(WebSocket socket, CharSequence part, boolean last) {
            end.text();
            return null;
        }

        @Override
        public @Nullable CompletionStage<?> onClose(WebSocket socket, int code, String reason) {
            end.closed(code);
            return null;
        }

        @Override
        public void onError(WebSocket socket, Throwable problem) {
            end.broken(problem);
            end.closed(CloseCode.CLOSED_ABNORMALLY.number());
        }
    }
}
