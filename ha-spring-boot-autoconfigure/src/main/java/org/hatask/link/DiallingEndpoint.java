package org.hatask.link;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.function.Consumer;
import org.hatask.link.Handshake.FailedException;
import org.jspecify.annotations.Nullable;

/** The side that opened the connection. */
final class DiallingEndpoint extends LinkEndpoint {

    private final Handshake.Dialler dialler;
    private final LinkFactory links;
    private final Consumer<String> failure;
    private Handshake.@Nullable Session proven;

    DiallingEndpoint(Handshake.Dialler dialler, int maxMessageSize, LinkFactory links, Consumer<String> failure) {

        super(maxMessageSize);
        this.dialler = dialler;
        this.links = links;
        this.failure = failure;
    }

    /** Makes a link of a connection whose handshake is over, with READY read, and makes it known. */
    interface LinkFactory {
        Link create(Handshake.Session session, Wire wire, Sealing.Opener opener);
    }

    @Override
    void opened(Wire wire) {
        wire.send(ByteBuffer.wrap(dialler.hello()), problem -> {});
    }

    @Override
    @Nullable
    Link handshake(Wire wire, ByteBuffer message) throws FailedException {
        Handshake.Session session = proven;
        if (session == null) {
            Handshake.Dialler.Proven answer = dialler.challenged(message);
            proven = answer.session();
            wire.proved();
            wire.send(ByteBuffer.wrap(answer.proof()), problem -> {});
            return null;
        }
        Sealing.Opener opener = new Sealing.Opener(session.receiveKey());
        List<Frame> frames;
        try {
            frames = opener.open(message);
        } catch (MalformedFrameException e) {
            throw new FailedException("it did not end the handshake properly");
        }
        if (!(frames.get(0) instanceof Frame.Ready)) {
            throw new FailedException("it did not end the handshake properly");
        }
        Link link = links.create(session, wire, opener);
        // What the acceptor had waiting for this link comes with the same message.
        link.received(frames.subList(1, frames.size()));
        return link;
    }

    @Override
    void failed(String reason) {
        failure.accept(reason);
    }
}
