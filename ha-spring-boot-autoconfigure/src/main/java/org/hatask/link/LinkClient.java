package org.hatask.link;

import java.net.URI;
import java.util.concurrent.Executor;
import org.springframework.util.ClassUtils;

/** Opens connections, by a library for WebSockets. Thread-safe. */
interface LinkClient {

    /**
     * Opens a connection and joins it to our end; returns when it is open. To interrupt the thread ends the try.
     *
     * @param uri where to
     * @param tls for {@code wss}
     * @param pass to be shown in {@link Pass#HEADER}
     * @param end what the connection is to be joined to
     * @throws Exception why there is none; {@link DialProblem} understands it
     */
    void connect(URI uri, ClientTls tls, String pass, LinkEndpoint end) throws Exception;

    /**
     * Tomcat's client where it is there, as it costs least; else the one of the Java platform, which is everywhere. Those of
     * other containers do not all let us say whom to trust.
     *
     * @param closer where to close connections, as that may block
     */
    static LinkClient ofThisProcess(LinkSettings settings, Executor closer) {
        return ClassUtils.isPresent(
                        "org.apache.tomcat.websocket.WsWebSocketContainer", LinkClient.class.getClassLoader())
                ? new TomcatClient(settings.connectTimeout(), closer)
                : new JdkClient(settings.connectTimeout());
    }
}
