package org.hatask.link;

import java.nio.ByteBuffer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Puts the parts of a WebSocket message together. Containers would reserve the largest message's memory for every
 * connection; here it grows with what has really come. Owned by the thread that reads the connection.
 */
final class MessageAssembler {

    private byte[] gathered = new byte[0];
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
        int needed = length + part.remaining();
        if (needed > gathered.length) {
            gathered = Arrays.copyOf(gathered, Math.min(limit, Math.max(needed, 2 * gathered.length)));
        }
        part.get(gathered, length, part.remaining());
        length = needed;
        if (!last) {
            return null;
        }
        ByteBuffer message = ByteBuffer.wrap(gathered, 0, length);
        gathered = new byte[0];
        length = 0;
        return message;
    }

    /** The peer sends more than this side accepts. */
    static final class TooLargeException extends Exception {

        TooLargeException() {
            super("a message larger than ha.link.max-message-size of this node");
        }
    }
}
