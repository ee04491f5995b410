package org.hatask.link;

import jakarta.websocket.CloseReason;
import jakarta.websocket.Endpoint;
import jakarta.websocket.EndpointConfig;
import jakarta.websocket.MessageHandler;
import jakarta.websocket.Session;
import java.nio.ByteBuffer;
import java.util.concurrent.Executor;

/** Joins a session of a Jakarta WebSocket container, accepted or opened, to our end of it. Public for Jetty, which wants it so. */
public final class JakartaEndpoint extends Endpoint {

    private final LinkEndpoint end;
    private final Executor closer;

    /**
     * @param closer where to close the session, as containers block there
     */
    JakartaEndpoint(LinkEndpoint end, Executor closer) {
        this.end = end;
        this.closer = closer;
    }

    @Override
    public void onOpen(Session opened, EndpointConfig config) {
        opened.setMaxIdleTimeout(0);
        // For containers that keep a closing session until the peer has agreed to it: Tomcat, 30 s by default.
        opened.getUserProperties().put("org.apache.tomcat.websocket.SESSION_CLOSE_TIMEOUT", 1000L);
        opened.getUserProperties().put("org.apache.tomcat.websocket.BLOCKING_SEND_TIMEOUT", 1000L);
        opened.addMessageHandler(ByteBuffer.class, (MessageHandler.Partial<ByteBuffer>) end::part);
        opened.addMessageHandler(String.class, (MessageHandler.Partial<String>) (text, last) -> end.text());
        end.open(new WebSocketWire(opened, closer, end.maxMessageSize()));
    }

    @Override
    public void onClose(Session closed, CloseReason reason) {
        end.closed(reason.getCloseCode().getCode());
    }

    @Override
    public void onError(Session broken, Throwable problem) {
        end.broken(problem);
    }
}
