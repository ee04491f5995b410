package org.hatask.link;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.ByteBuffer;
import java.util.List;
import org.hatask.cluster.Node;
import org.hatask.link.Handshake.FailedException;

/** Both sides of the handshake end with a refusal or a message of their own, whatever they are sent; and nobody gets through. */
class HandshakeFuzz {

    private static final List<byte[]> KEYS = List.of(TestNode.KEY, new byte[32]);
    private static final Node SELF = TestNode.node("a", 1);
    private static final Node OTHER = TestNode.node("b", 2);

    @FuzzTest(maxDuration = "60s")
    void neitherSideIsImpressed(byte[] input) {
        if (input.length == 0) {
            return;
        }
        byte[] message = java.util.Arrays.copyOfRange(input, 1, input.length);
        try {
            Handshake.Acceptor acceptor = new Handshake.Acceptor(TestNode.KEY, "c", SELF);
            if ((input[0] & 1) == 0) {
                // As the greeting, with the names that the acceptor wants to hear put in.
                acceptor.greeted(ByteBuffer.wrap(input[0] == 2 ? addressed(message) : message));
            } else {
                acceptor.greeted(ByteBuffer.wrap(new Handshake.Dialler(KEYS, "c", OTHER, SELF).hello()));
            }
            acceptor.proved(ByteBuffer.wrap(message));
            throw new AssertionError("a proof without the key");
        } catch (FailedException e) {
            // As it should be.
        }
        try {
            new Handshake.Dialler(KEYS, "c", OTHER, SELF).challenged(ByteBuffer.wrap(message));
            throw new AssertionError("a challenge without the key");
        } catch (FailedException e) {
            // As it should be.
        }
        Pass.judge(
                new String(message, java.nio.charset.StandardCharsets.ISO_8859_1), KEYS, "c", Handshake.Peer.of(SELF));
    }

    private static byte[] addressed(byte[] noise) {
        byte[] nonce = java.util.Arrays.copyOf(noise, Handshake.NONCE_LENGTH);
        return Handshake.greeting(
                Handshake.VERSIONS, "c", new Handshake.Peer("x", "y"), Handshake.Peer.of(SELF), nonce);
    }
}
