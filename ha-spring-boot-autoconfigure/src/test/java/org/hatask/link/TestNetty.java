package org.hatask.link;

import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.context.ApplicationContext;
import org.springframework.http.HttpStatus;
import org.springframework.http.server.reactive.ContextPathCompositeHandler;
import org.springframework.http.server.reactive.ReactorHttpHandlerAdapter;
import org.springframework.web.server.adapter.WebHttpHandlerBuilder;
import reactor.netty.DisposableServer;
import reactor.netty.http.server.HttpServer;

/** Reactor Netty as WebFlux uses it. All requests but those for links are answered with 404. */
final class TestNetty implements TestServer {

    private final ChannelGroup connections = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);
    private final DisposableServer server;

    TestNetty(LinkTransport transport, LinkSettings settings) {
        this(transport, settings, null);
    }

    /** @param home whose requests are to be answered */
    TestNetty(LinkTransport transport, LinkSettings settings, @Nullable ApplicationContext home) {
        var handler = WebHttpHandlerBuilder.webHandler(exchange -> {
                    exchange.getResponse().setStatusCode(HttpStatus.NOT_FOUND);
                    return exchange.getResponse().setComplete();
                })
                .filter(new ReactiveLinkServer(transport, settings.maxMessageSize(), home))
                .build();
        this.server = HttpServer.create()
                .channelGroup(connections)
                .host("localhost")
                .port(0)
                .handle(new ReactorHttpHandlerAdapter(new ContextPathCompositeHandler(Map.of("/app", handler))))
                .bindNow();
    }

    @Override
    public int port() {
        return server.port();
    }

    @Override
    public void stop() {
        server.channel().close().syncUninterruptibly();
        connections.close().syncUninterruptibly();
    }
}
