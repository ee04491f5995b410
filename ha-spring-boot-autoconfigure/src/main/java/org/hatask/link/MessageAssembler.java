package org.hatask.link;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Puts the parts of a WebSocket message together. Containers would reserve the largest message's memory for every
 * connection; here it grows with what has really come, by pieces: a buffer that is copied to grow would be a burden to the
 * garbage collector where messages are large. Owned by the thread that reads the connection.
 */
final class MessageAssembler {

    /** Bytes of a piece, unless what comes is larger. However small the parts are, they take no more memory than that. */
    private static final int PIECE = 4096;

    private List<ByteBuffer> pieces = new ArrayList<>();
    private int length;

    /**
     * @param limit bytes a message may have now
     * @return the message when this is its last part; valid until the next call
     */
    @Nullable
    ByteBuffer add(ByteBuffer part, boolean last, int limit) throws TooLargeException {
        if ((long) length + part.remaining() > limit) {
            throw new TooLargeException();
        }
        if (last && length == 0) {
            return part;
        }
        length += part.remaining();
        if (!last) {
            keep(part);
            return null;
        }
        ByteBuffer message = ByteBuffer.allocate(length);
        pieces.forEach(piece -> message.put(piece.flip()));
        message.put(part);
        pieces = new ArrayList<>();
        length = 0;
        return message.flip();
    }

    private void keep(ByteBuffer part) {
        while (part.hasRemaining()) {
            ByteBuffer piece = pieces.isEmpty() ? null : pieces.get(pieces.size() - 1);
            if (piece == null || !piece.hasRemaining()) {
                piece = ByteBuffer.allocate(Math.max(PIECE, part.remaining()));
                pieces.add(piece);
            }
            int fitting = Math.min(piece.remaining(), part.remaining());
            piece.put(part.slice(part.position(), fitting));
            part.position(part.position() + fitting);
        }
    }

    /** The peer sends more than this side accepts. */
    static final class TooLargeException extends Exception {

        TooLargeException() {
            super("a message larger than ha.link.max-message-size of this node");
        }
    }
}
