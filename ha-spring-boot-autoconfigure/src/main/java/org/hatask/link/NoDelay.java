package org.hatask.link;

import jakarta.websocket.Session;
import java.io.IOException;
import java.lang.reflect.Field;
import java.net.StandardSocketOptions;
import java.nio.channels.AsynchronousSocketChannel;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Turns Nagle's algorithm off for connections of Tomcat's client, which knows no setting for it. With it, a message that is
 * sent before the peer has acknowledged the last one waits for that, and so does what is beyond the first 8 KiB of a message;
 * and Linux takes 40 ms to acknowledge, unless it has something to send itself.
 */
final class NoDelay {

    private static final Logger log = LoggerFactory.getLogger(NoDelay.class);

    /** From a session to its socket. */
    private static final List<String> FIELDS = List.of("wsRemoteEndpoint", "channel", "socketChannel");

    private NoDelay() {}

    static void set(Session session) {
        if (!session.getClass().getName().equals("org.apache.tomcat.websocket.WsSession")) {
            return;
        }
        try {
            Object found = session;
            for (String name : FIELDS) {
                found = read(found, name);
            }
            ((AsynchronousSocketChannel) found).setOption(StandardSocketOptions.TCP_NODELAY, true);
        } catch (IOException | ReflectiveOperationException | RuntimeException e) {
            log.debug("Messages to {} may be delayed: {}", session.getRequestURI(), e.toString());
        }
    }

    private static Object read(Object object, String name) throws ReflectiveOperationException {
        Field field = object.getClass().getDeclaredField(name);
        field.setAccessible(true);
        return field.get(object);
    }
}
