package org.hatask.link;

import jakarta.servlet.Filter;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.websocket.DeploymentException;
import jakarta.websocket.Extension;
import jakarta.websocket.server.ServerContainer;
import jakarta.websocket.server.ServerEndpointConfig;
import java.io.IOException;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Accepts links at {@value #PATH}. A filter before all others, which answers every request itself and passes none on: the
 * link has its own authentication, and no security filter needs an opening for it.
 */
public final class LinkServer implements Filter {

    /** Where links are accepted, below the context path. */
    public static final String PATH = "/ha/link";

    static final String SUBPROTOCOL = "ha.v1";

    private static final Logger log = LoggerFactory.getLogger(LinkServer.class);

    private final LinkTransport transport;

    public LinkServer(LinkTransport transport) {
        this.transport = transport;
    }

    @Override
    public void doFilter(ServletRequest request, ServletResponse response, FilterChain chain)
            throws IOException, ServletException {
        HttpServletRequest http = (HttpServletRequest) request;
        HttpServletResponse answer = (HttpServletResponse) response;
        if (!"GET".equals(http.getMethod()) || !hasToken(http, "Upgrade", "websocket")) {
            answer.setHeader("Upgrade", "websocket");
            refuse(answer, 426);
            return;
        }
        if (!hasToken(http, "Sec-WebSocket-Protocol", SUBPROTOCOL)) {
            refuse(answer, HttpServletResponse.SC_BAD_REQUEST);
            return;
        }
        if (!(http.getServletContext().getAttribute(ServerContainer.class.getName())
                instanceof ServerContainer server)) {
            // The node has said so when it started, and has told nobody to come here.
            refuse(answer, HttpServletResponse.SC_SERVICE_UNAVAILABLE);
            return;
        }
        AcceptingEndpoint endpoint =
                transport.accept(ClientAddress.of(http.getRemoteAddr()), http.getHeader(Pass.HEADER));
        if (endpoint == null) {
            refuse(answer, 429);
            return;
        }
        upgrade(http, answer, server, endpoint);
    }

    private void upgrade(
            HttpServletRequest request,
            HttpServletResponse response,
            ServerContainer server,
            AcceptingEndpoint endpoint)
            throws IOException {
        ServerEndpointConfig config = ServerEndpointConfig.Builder.create(JakartaEndpoint.class, PATH)
                .subprotocols(List.of(SUBPROTOCOL))
                .configurator(new Configurator(new JakartaEndpoint(endpoint, transport.closers())))
                .build();
        boolean upgraded = false;
        try {
            server.upgradeHttpToWebSocket(request, response, config, Map.of());
            upgraded = response.getStatus() < 400;
        } catch (DeploymentException | RuntimeException e) {
            // The latter from Jetty, which would write a stack trace for every stranger.
            log.debug("Upgrade failed: {}", e.toString());
            refuse(response, HttpServletResponse.SC_BAD_REQUEST);
        } finally {
            if (!upgraded) {
                transport.notUpgraded(endpoint);
            }
        }
    }

    /** Short, and without the error page of the application. */
    private static void refuse(HttpServletResponse response, int status) {
        if (!response.isCommitted()) {
            response.setStatus(status);
            response.setContentLength(0);
            // Whoever came to the wrong door, or too often, is not to keep a connection of the application.
            response.setHeader("Connection", "close");
        }
    }

    private static boolean hasToken(HttpServletRequest request, String header, String token) {
        return HeaderTokens.contain(Collections.list(request.getHeaders(header)), token);
    }

    /** Gives the container the endpoint of this one request, and agrees to no extension: compression is a stranger's lever. */
    private static final class Configurator extends ServerEndpointConfig.Configurator {

        private final JakartaEndpoint endpoint;

        Configurator(JakartaEndpoint endpoint) {
            this.endpoint = endpoint;
        }

        @Override
        public <T> T getEndpointInstance(Class<T> type) {
            return type.cast(endpoint);
        }

        @Override
        public List<Extension> getNegotiatedExtensions(List<Extension> installed, List<Extension> requested) {
            return List.of();
        }

        @Override
        public boolean checkOrigin(@Nullable String origin) {
            // The handshake decides, not a header.
            return true;
        }
    }
}
