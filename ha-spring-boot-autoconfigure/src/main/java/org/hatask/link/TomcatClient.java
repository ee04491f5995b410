package org.hatask.link;

import jakarta.websocket.ClientEndpointConfig;
import jakarta.websocket.DeploymentException;
import jakarta.websocket.WebSocketContainer;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import org.apache.tomcat.websocket.WsWebSocketContainer;
import org.jspecify.annotations.Nullable;

/** Opens connections by Tomcat's WebSocket client. */
final class TomcatClient implements LinkClient {

    private final Duration connectTimeout;
    private final Executor closer;
    private @Nullable WebSocketContainer container;

    TomcatClient(Duration connectTimeout, Executor closer) {
        this.connectTimeout = connectTimeout;
        this.closer = closer;
    }

    @Override
    public void connect(URI uri, ClientTls tls, String pass, LinkEndpoint end) throws DeploymentException, IOException {
        NoDelay.set(container().connectToServer(new JakartaEndpoint(end, closer), config(tls, pass), uri));
    }

    private synchronized WebSocketContainer container() {
        WebSocketContainer current = container;
        if (current == null) {
            current = new WsWebSocketContainer();
            container = current;
        }
        return current;
    }

    private ClientEndpointConfig config(ClientTls tls, String pass) {
        ClientEndpointConfig config = ClientEndpointConfig.Builder.create()
                .preferredSubprotocols(List.of(LinkServer.SUBPROTOCOL))
                .sslContext(tls.context())
                .configurator(new ClientEndpointConfig.Configurator() {
                    @Override
                    public void beforeRequest(Map<String, List<String>> headers) {
                        headers.put(Pass.HEADER, List.of(pass));
                    }
                })
                .build();
        Map<String, Object> tomcat = config.getUserProperties();
        tomcat.put("org.apache.tomcat.websocket.IO_TIMEOUT_MS", Long.toString(connectTimeout.toMillis()));
        tomcat.put("org.apache.tomcat.websocket.MAX_REDIRECTIONS", "0");
        if (!tls.protocols().isEmpty()) {
            tomcat.put("org.apache.tomcat.websocket.SSL_PROTOCOLS", String.join(",", tls.protocols()));
        }
        return config;
    }
}
