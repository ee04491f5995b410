package org.hatask.link;

import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.List;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Seals messages: {@code long counter | 32 bytes HMAC-SHA256(direction's key, counter | frames) | frames}. The counter
 * begins at 0 and grows by exactly one, so a message that is lost, repeated, reordered or taken from the other direction
 * does not open.
 */
final class Sealing {

    static final int MAC_LENGTH = 32;
    static final int OVERHEAD = 8 + MAC_LENGTH;

    private Sealing() {}

    static Mac mac(byte[] key) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(key, "HmacSHA256"));
            return mac;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("HmacSHA256 is part of every Java platform", e);
        }
    }

    /** Seals one direction. Owned by whoever owns the right to write: not thread-safe, but may move between threads. */
    static final class Sealer {

        private final Mac mac;
        private long counter;

        Sealer(byte[] key) {
            this.mac = mac(key);
        }

        /**
         * @param frames encoded frames, at least one
         * @param length of all of them
         */
        ByteBuffer seal(List<byte[]> frames, int length) {
            ByteBuffer message = ByteBuffer.allocate(OVERHEAD + length);
            message.putLong(counter);
            message.position(OVERHEAD);
            frames.forEach(message::put);
            mac.update(message.array(), 0, 8);
            mac.update(message.array(), OVERHEAD, length);
            message.put(8, mac.doFinal());
            counter++;
            return message.flip();
        }
    }

    /** Opens one direction. Owned by the thread that reads the connection. */
    static final class Opener {

        private final Mac mac;
        private long counter;

        Opener(byte[] key) {
            this.mac = mac(key);
        }

        /** The message's frames, after the seal has been found right. */
        List<Frame> open(ByteBuffer message) throws MalformedFrameException {
            FrameCodec.need(message, OVERHEAD, "message");
            int start = message.position();
            long found = message.getLong();
            byte[] seal = new byte[MAC_LENGTH];
            message.get(seal);
            mac.update(message.duplicate().position(start).limit(start + 8));
            mac.update(message.duplicate());
            if (!MessageDigest.isEqual(seal, mac.doFinal()) || found != counter) {
                throw new MalformedFrameException("a seal that does not fit");
            }
            counter++;
            return FrameCodec.decodeAll(message);
        }
    }
}
