package org.hatask.link;

import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.http.websocketx.BinaryWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocket08FrameDecoder;
import io.netty.handler.codec.http.websocketx.WebSocket13FrameDecoder;
import io.netty.handler.codec.http.websocketx.WebSocketDecoderConfig;
import java.nio.ByteBuffer;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import reactor.netty.http.websocket.WebsocketOutbound;

/** A wire over an accepted WebSocket of Reactor Netty. */
final class NettyWire implements Wire {

    /** Longest wait for the peer to agree to the end. */
    private static final long CLOSE_SECONDS = 1;

    private final Channel channel;
    private final WebsocketOutbound out;
    private final int maxMessageSize;

    NettyWire(Channel channel, WebsocketOutbound out, int maxMessageSize) {
        this.channel = channel;
        this.out = out;
        this.maxMessageSize = maxMessageSize;
    }

    @Override
    public void send(ByteBuffer message, Consumer<@Nullable Throwable> done) {
        channel.writeAndFlush(new BinaryWebSocketFrame(Unpooled.wrappedBuffer(message)))
                .addListener(sent -> done.accept(sent.cause()));
    }

    /**
     * Netty gathers a frame before it hands it on, and its limit cannot be changed: so another decoder takes over, between two
     * messages.
     */
    @Override
    public void proved() {
        ChannelPipeline pipeline = channel.pipeline();
        WebSocketDecoderConfig config = WebSocketDecoderConfig.newBuilder()
                .maxFramePayloadLength(maxMessageSize)
                .allowExtensions(false)
                .build();
        pipeline.replace(WebSocket08FrameDecoder.class, null, new WebSocket13FrameDecoder(config));
    }

    @Override
    public void close(CloseCode code) {
        if (!channel.isActive()) {
            return;
        }
        try {
            out.sendClose(code.number(), "").subscribe(null, problem -> channel.close());
            channel.eventLoop().schedule(() -> channel.close(), CLOSE_SECONDS, TimeUnit.SECONDS);
        } catch (RejectedExecutionException e) {
            // The server has stopped, and all its connections with it.
        }
    }
}
