package org.hatask.autoconfigure;

import org.hatask.dispatch.Dispatcher;
import org.hatask.link.LinkTransport;
import org.springframework.boot.web.context.WebServerGracefulShutdownLifecycle;
import org.springframework.context.SmartLifecycle;

/**
 * Closes the links after the web server has let its last request finish, whose calls still need them, and before it closes
 * its connections, which would cut answers that are still on their way.
 */
final class LinkClosing implements SmartLifecycle {

    private final Dispatcher dispatcher;
    private final LinkTransport transport;
    private volatile boolean running;

    LinkClosing(Dispatcher dispatcher, LinkTransport transport) {
        this.dispatcher = dispatcher;
        this.transport = transport;
    }

    @Override
    public void start() {
        running = true;
    }

    @Override
    public void stop() {
        running = false;
        dispatcher.close();
        transport.close();
    }

    @Override
    public boolean isRunning() {
        return running;
    }

    /** Between the graceful shutdown of the web server and its end, which lies 1024 below. */
    @Override
    public int getPhase() {
        return WebServerGracefulShutdownLifecycle.SMART_LIFECYCLE_PHASE - 512;
    }
}
