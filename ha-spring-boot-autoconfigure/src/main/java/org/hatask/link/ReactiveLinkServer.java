package org.hatask.link;

import io.netty.handler.codec.http.websocketx.BinaryWebSocketFrame;
import io.netty.handler.codec.http.websocketx.ContinuationWebSocketFrame;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import java.net.InetSocketAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.ApplicationContext;
import org.springframework.core.Ordered;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpMethod;
import org.springframework.http.HttpStatus;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.http.server.reactive.ServerHttpResponseDecorator;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;
import reactor.core.publisher.Mono;
import reactor.netty.DisposableChannel;
import reactor.netty.http.server.HttpServerResponse;
import reactor.netty.http.server.WebsocketServerSpec;
import reactor.netty.http.websocket.WebsocketInbound;
import reactor.netty.http.websocket.WebsocketOutbound;

/**
 * What {@link LinkServer} is, for reactive applications on Netty. A connection is read on its event loop, where nothing of a task
 * runs. It is upgraded without Spring's WebSocket session, which would put together messages of the full size for strangers.
 */
public final class ReactiveLinkServer implements WebFilter, Ordered {

    private static final Logger log = LoggerFactory.getLogger(ReactiveLinkServer.class);

    private final LinkTransport transport;
    private final int maxMessageSize;
    private final @Nullable ApplicationContext home;

    /**
     * @param maxMessageSize bytes of the largest message of a link
     * @param home whose requests are answered; a port of its own for operators has a context below it, with the same filters
     */
    public ReactiveLinkServer(LinkTransport transport, int maxMessageSize, @Nullable ApplicationContext home) {
        this.transport = transport;
        this.maxMessageSize = maxMessageSize;
        this.home = home;
    }

    @Override
    public int getOrder() {
        return HIGHEST_PRECEDENCE;
    }

    @Override
    public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
        ServerHttpRequest request = exchange.getRequest();
        if (!request.getPath().pathWithinApplication().value().equals(LinkServer.PATH)
                || exchange.getApplicationContext() != home) {
            return chain.filter(exchange);
        }
        ServerHttpResponse response = exchange.getResponse();
        HttpHeaders headers = request.getHeaders();
        if (request.getMethod() != HttpMethod.GET || !hasToken(headers, HttpHeaders.UPGRADE, "websocket")) {
            response.getHeaders().set(HttpHeaders.UPGRADE, "websocket");
            return refuse(response, HttpStatus.UPGRADE_REQUIRED);
        }
        if (!isOfThisVersion(headers) || !hasToken(headers, "Sec-WebSocket-Protocol", LinkServer.SUBPROTOCOL)) {
            return refuse(response, HttpStatus.BAD_REQUEST);
        }
        if (!(ServerHttpResponseDecorator.getNativeResponse(response) instanceof HttpServerResponse netty)) {
            // The node has said so when it started, and has told nobody to come here.
            return refuse(response, HttpStatus.SERVICE_UNAVAILABLE);
        }
        AcceptingEndpoint endpoint =
                transport.accept(ClientAddress.of(address(request)), headers.getFirst(Pass.HEADER));
        if (endpoint == null) {
            return refuse(response, HttpStatus.TOO_MANY_REQUESTS);
        }
        return Mono.defer(() -> netty.sendWebsocket((in, out) -> serve(endpoint, in, out), spec()))
                .onErrorResume(problem -> {
                    log.debug("Upgrade failed: {}", problem.toString());
                    transport.notUpgraded(endpoint);
                    netty.withConnection(DisposableChannel::dispose);
                    return Mono.empty();
                });
    }

    /** Netty knows older ones, and notices too late for an answer that a header is missing. */
    private static boolean isOfThisVersion(HttpHeaders headers) {
        return "13".equals(headers.getFirst("Sec-WebSocket-Version"))
                && headers.containsKey("Sec-WebSocket-Key")
                && hasToken(headers, HttpHeaders.CONNECTION, "Upgrade");
    }

    /** No extension is agreed to: compression is a stranger's lever. */
    private static WebsocketServerSpec spec() {
        return WebsocketServerSpec.builder()
                .protocols(LinkServer.SUBPROTOCOL)
                .maxFramePayloadLength(Handshake.MAX_MESSAGE)
                .compress(false)
                .build();
    }

    /** The upgrade is done. What is returned ends with the connection. */
    private Mono<Void> serve(AcceptingEndpoint endpoint, WebsocketInbound in, WebsocketOutbound out) {
        in.withConnection(connection -> {
            connection.onDispose(() -> endpoint.closed(CloseCode.CLOSED_ABNORMALLY.number()));
            endpoint.open(new NettyWire(connection.channel(), out, maxMessageSize));
        });
        in.receiveCloseStatus().subscribe(status -> endpoint.closed(status.code()), endpoint::broken);
        return in.receiveFrames()
                .doOnNext(frame -> received(endpoint, frame))
                .doOnError(endpoint::broken)
                .then();
    }

    private static void received(AcceptingEndpoint endpoint, WebSocketFrame frame) {
        if (frame instanceof TextWebSocketFrame) {
            endpoint.text();
        } else if (frame instanceof BinaryWebSocketFrame || frame instanceof ContinuationWebSocketFrame) {
            endpoint.part(frame.content().nioBuffer(), frame.isFinalFragment());
        }
    }

    private static Mono<Void> refuse(ServerHttpResponse response, HttpStatusCode status) {
        response.setStatusCode(status);
        response.getHeaders().setContentLength(0);
        // Whoever came to the wrong door, or too often, is not to keep a connection of the application.
        response.getHeaders().set(HttpHeaders.CONNECTION, "close");
        return response.setComplete();
    }

    private static @Nullable String address(ServerHttpRequest request) {
        InetSocketAddress remote = request.getRemoteAddress();
        return remote == null || remote.getAddress() == null
                ? null
                : remote.getAddress().getHostAddress();
    }

    private static boolean hasToken(HttpHeaders headers, String header, String token) {
        return HeaderTokens.contain(headers.getOrDefault(header, List.of()), token);
    }
}
