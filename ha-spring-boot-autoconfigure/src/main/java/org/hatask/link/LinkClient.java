package org.hatask.link;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.TrustManager;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Opens connections, by the WebSocket client of the Java platform. Thread-safe; its lock guards the clients.
 *
 * <p>A client has one thread, which waits for all of its connections. What comes is handled there and not handed to another, as
 * nothing that a link does with it takes long. The thread ends when its client is not used any more, also by itself.
 */
final class LinkClient {

    private static final Logger log = LoggerFactory.getLogger(LinkClient.class);

    /** Threads that read, each for a share of the connections. */
    private static final int MAX_CLIENTS = 4;

    private final Duration connectTimeout;
    private final Clients plain = new Clients(trustingNobody());
    private Clients secured = new Clients(ClientTls.ofPlatform());

    /** They know whom to trust, so each change of that needs others. */
    private static final class Clients {

        private final ClientTls tls;
        private final List<HttpClient> made = new ArrayList<>();
        private int next;

        Clients(ClientTls tls) {
            this.tls = tls;
        }
    }

    LinkClient(Duration connectTimeout) {
        this.connectTimeout = connectTimeout;
    }

    /** Each client has a context, and the platform's takes its time to read all whom it trusts. */
    private static ClientTls trustingNobody() {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(new KeyManager[0], new TrustManager[0], null);
            return new ClientTls(context, List.of(), false);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("TLS is part of every Java platform", e);
        }
    }

    /** Makes what a first connection without TLS needs, which takes a while as it loads many classes. */
    void prepare() {
        client("ws", ClientTls.ofPlatform());
    }

    /**
     * Opens a connection and joins it to our end; returns when it is open. To interrupt the thread ends the try.
     *
     * @param uri where to
     * @param tls for {@code wss}
     * @param pass to be shown in {@link Pass#HEADER}
     * @param end what the connection is to be joined to
     * @throws ExecutionException why there is none, with a cause that {@link DialProblem} understands
     * @throws ConnectException the same, where nobody listens
     */
    void connect(URI uri, ClientTls tls, String pass, LinkEndpoint end)
            throws InterruptedException, ExecutionException, ConnectException {
        CompletableFuture<WebSocket> opening = client(uri.getScheme(), tls)
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
                knock(uri);
            }
            throw e;
        }
    }

    /**
     * Finds out whether somebody listens there. The platform's client takes several milliseconds to say so, and hides whether the
     * other machine refused the connection, which tells a dead process from a lost machine. A plain socket says it at once.
     *
     * @throws ConnectException when not; whatever else is wrong {@link #connect} finds out itself
     */
    void knock(URI uri) throws ConnectException {
        if (!ProxySelector.getDefault().select(uri).equals(List.of(Proxy.NO_PROXY))) {
            return;
        }
        int port = uri.getPort() >= 0 ? uri.getPort() : "wss".equals(uri.getScheme()) ? 443 : 80;
        try (Socket socket = new Socket(Proxy.NO_PROXY)) {
            socket.connect(new InetSocketAddress(uri.getHost(), port), Math.toIntExact(connectTimeout.toMillis()));
        } catch (ConnectException e) {
            throw e;
        } catch (IOException e) {
            log.trace("{} does not open: {}", uri, e.toString());
        }
    }

    private synchronized HttpClient client(String scheme, ClientTls tls) {
        if (scheme.equals("ws")) {
            return next(plain);
        }
        if (!secured.tls.equals(tls)) {
            secured = new Clients(tls);
        }
        return next(secured);
    }

    private HttpClient next(Clients clients) {
        if (clients.made.size() < Math.min(Runtime.getRuntime().availableProcessors(), MAX_CLIENTS)) {
            clients.made.add(create(clients.tls));
        }
        return clients.made.get(Math.floorMod(clients.next++, clients.made.size()));
    }

    private HttpClient create(ClientTls tls) {
        HttpClient.Builder builder = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .followRedirects(HttpClient.Redirect.NEVER)
                .connectTimeout(connectTimeout)
                .executor(Runnable::run);
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
