package org.hatask.link;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.List;
import javax.crypto.Mac;
import org.hatask.cluster.Node;
import org.jspecify.annotations.Nullable;

/**
 * How two nodes prove to each other that they hold the cluster's key, without showing it. Messages only, no I/O.
 *
 * <pre>
 * dialler                                                          acceptor
 *   HELLO versions, cluster, own process, expected process, nonce  →
 *                       ←  CHALLENGE version, own process, nonce, HMAC(key, "server" | HELLO | CHALLENGE)
 *   PROOF HMAC(key, "client" | HELLO | CHALLENGE)                  →
 *                                                ←  READY, the first sealed message
 * </pre>
 *
 * Both proofs cover every byte that was said before, including both fresh nonces, so neither can be replayed, and their
 * labels differ, so neither can be sent back to its author. Each side is one object, used by one thread at a time.
 */
final class Handshake {

    /**
     * Since this version a process uses a correlation id once in its life and can be asked about calls by it, and a refusal may
     * say when to come back.
     */
    static final byte WITH_ASK = 2;

    /** Since this version a call may bring the headers of a trace. */
    static final byte WITH_TRACE = 3;

    /** Since this version a large frame travels in parts, between which others may travel. */
    static final byte WITH_PARTS = 4;

    /** Versions of the protocol that this code speaks, best first. */
    static final byte[] VERSIONS = {WITH_PARTS, WITH_TRACE, WITH_ASK, 1};

    static final int NONCE_LENGTH = 32;
    static final int MAX_MESSAGE = 4096;

    private static final int MAX_ID = 255;
    private static final byte HELLO = 1;
    private static final byte CHALLENGE = 2;
    private static final byte PROOF = 3;
    private static final SecureRandom RANDOM = new SecureRandom();

    private Handshake() {}

    /** A process that proved to belong to the cluster. */
    record Peer(String nodeId, String incarnation) {

        static Peer of(Node node) {
            return new Peer(node.id(), node.incarnation());
        }
    }

    /**
     * What both sides know after it.
     *
     * @param peer the other process
     * @param version version of the protocol
     * @param sendKey key for what this side sends
     * @param receiveKey key for what it receives
     */
    record Session(Peer peer, byte version, byte[] sendKey, byte[] receiveKey) {}

    /** It failed; the message is for this side's log and echoes nothing that the other side sent. */
    static final class FailedException extends Exception {

        FailedException(String message) {
            super(message);
        }
    }

    /** The side that opened the connection. */
    static final class Dialler {

        private final byte[] versions;
        private final List<byte[]> keys;
        private final Peer target;
        private final byte[] hello;

        /**
         * @param keys of the cluster, as the acceptor may hold another one for the first than this side
         */
        Dialler(List<byte[]> keys, String cluster, Node self, Node target) {
            this(VERSIONS, keys, cluster, self, target);
        }

        /**
         * @param versions what to speak, best first
         */
        Dialler(byte[] versions, List<byte[]> keys, String cluster, Node self, Node target) {
            this.versions = versions.clone();
            this.keys = List.copyOf(keys);
            this.target = Peer.of(target);
            this.hello = greeting(versions, cluster, Peer.of(self), this.target, nonce());
        }

        byte[] hello() {
            return hello.clone();
        }

        /** Judges the acceptor's challenge. */
        Proven challenged(ByteBuffer message) throws FailedException {
            byte[] all = bytes(message);
            try {
                expect(message, CHALLENGE);
                FrameCodec.need(message, 1, "version");
                byte version = message.get();
                Peer peer = peer(message);
                skip(message, NONCE_LENGTH);
                byte[] spoken = Arrays.copyOf(all, all.length - message.remaining());
                byte[] key = keyOf(proof(message), spoken);
                if (!peer.equals(target)) {
                    throw new FailedException("another process than the expected one answers there");
                }
                if (!contains(versions, version)) {
                    throw new FailedException("no common version of the protocol");
                }
                byte[] answer = concat(new byte[] {PROOF}, hmac(key, "client", hello, spoken));
                Session session = new Session(
                        peer,
                        version,
                        hmac(key, "key client to server", hello, spoken),
                        hmac(key, "key server to client", hello, spoken));
                return new Proven(answer, session);
            } catch (MalformedFrameException e) {
                throw new FailedException("it sent no proper challenge");
            }
        }

        /**
         * The key with which the acceptor proved itself. It is the acceptor that chose, by its proof; this side looks which of its own
         * few keys that is and goes on with it, so nothing on the wire could be changed to make the two use another one.
         */
        private byte[] keyOf(byte[] proof, byte[] spoken) throws FailedException {
            byte[] found = null;
            for (byte[] key : keys) {
                if (MessageDigest.isEqual(proof, hmac(key, "server", hello, spoken))) {
                    found = key;
                }
            }
            if (found == null) {
                throw new FailedException("it does not hold this cluster's key");
            }
            return found;
        }

        /**
         * @param proof what to answer
         * @param session valid once the acceptor's READY has been opened with it
         */
        record Proven(byte[] proof, Session session) {}
    }

    /** The side that was called. */
    static final class Acceptor {

        private final byte[] key;
        private final String cluster;
        private final Peer self;
        private byte @Nullable [] hello;
        private byte @Nullable [] spoken;
        private @Nullable Peer peer;
        private byte version;

        Acceptor(byte[] key, String cluster, Node self) {
            this.key = key;
            this.cluster = cluster;
            this.self = Peer.of(self);
        }

        /** Judges HELLO and answers with the challenge. */
        byte[] greeted(ByteBuffer message) throws FailedException {
            byte[] all = bytes(message);
            try {
                expect(message, HELLO);
                version = choose(message);
                String theirCluster = FrameCodec.string(message, MAX_ID);
                Peer from = peer(message);
                Peer target = peer(message);
                skip(message, NONCE_LENGTH);
                if (message.hasRemaining()) {
                    throw new FailedException("it sent no proper greeting");
                }
                if (!theirCluster.equals(cluster)) {
                    throw new FailedException("it belongs to another cluster");
                }
                if (!target.equals(self)) {
                    throw new FailedException("it looks for another process at this address");
                }
                if (from.equals(self)) {
                    throw new FailedException("it claims to be this process");
                }
                ByteArrayOutputStream out = new ByteArrayOutputStream();
                out.write(CHALLENGE);
                out.write(version);
                write(out, self.nodeId());
                write(out, self.incarnation());
                out.writeBytes(nonce());
                byte[] said = out.toByteArray();
                hello = all;
                spoken = said;
                peer = from;
                return concat(said, hmac(key, "server", all, said));
            } catch (MalformedFrameException e) {
                throw new FailedException("it sent no proper greeting");
            }
        }

        /** Judges the dialler's proof; from then on the link is trusted. */
        Session proved(ByteBuffer message) throws FailedException {
            byte[] first = hello;
            byte[] second = spoken;
            Peer from = peer;
            if (first == null || second == null || from == null) {
                throw new FailedException("it sent a proof before it was asked");
            }
            try {
                expect(message, PROOF);
                if (!MessageDigest.isEqual(proof(message), hmac(key, "client", first, second))) {
                    throw new FailedException("it does not hold this cluster's key");
                }
            } catch (MalformedFrameException e) {
                throw new FailedException("it sent no proper proof");
            }
            return new Session(
                    from,
                    version,
                    hmac(key, "key server to client", first, second),
                    hmac(key, "key client to server", first, second));
        }

        /** Whether it waits for the proof. */
        boolean isGreeted() {
            return hello != null;
        }
    }

    static byte[] greeting(byte[] versions, String cluster, Peer self, Peer target, byte[] nonce) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(HELLO);
        out.write(versions.length);
        out.writeBytes(versions);
        write(out, cluster);
        write(out, self.nodeId());
        write(out, self.incarnation());
        write(out, target.nodeId());
        write(out, target.incarnation());
        out.writeBytes(nonce);
        return out.toByteArray();
    }

    /** The acceptor's best version among those offered. */
    private static byte choose(ByteBuffer in) throws MalformedFrameException, FailedException {
        FrameCodec.need(in, 1, "versions");
        byte[] offered = new byte[Byte.toUnsignedInt(in.get())];
        FrameCodec.need(in, offered.length, "versions");
        in.get(offered);
        for (byte own : VERSIONS) {
            if (contains(offered, own)) {
                return own;
            }
        }
        throw new FailedException("no common version of the protocol");
    }

    private static boolean contains(byte[] versions, byte version) {
        for (byte each : versions) {
            if (each == version) {
                return true;
            }
        }
        return false;
    }

    /** The label ends with a zero byte and both messages tell their own length, so no two inputs look the same. */
    private static byte[] hmac(byte[] key, String label, byte[] hello, byte[] challenge) {
        Mac mac = Sealing.mac(key);
        mac.update(("ha.v1 " + label).getBytes(StandardCharsets.US_ASCII));
        mac.update((byte) 0);
        mac.update(hello);
        mac.update(challenge);
        return mac.doFinal();
    }

    private static byte[] nonce() {
        byte[] nonce = new byte[NONCE_LENGTH];
        RANDOM.nextBytes(nonce);
        return nonce;
    }

    private static Peer peer(ByteBuffer in) throws MalformedFrameException {
        return new Peer(name(in), name(in));
    }

    /** A node's names are logged wherever the node is, so they are to be names. */
    private static String name(ByteBuffer in) throws MalformedFrameException {
        String name = FrameCodec.string(in, MAX_ID);
        if (name.isEmpty() || !name.chars().allMatch(c -> c > ' ' && c < 0x7f)) {
            throw new MalformedFrameException("name of a node");
        }
        return name;
    }

    private static byte[] proof(ByteBuffer in) throws MalformedFrameException {
        if (in.remaining() != Sealing.MAC_LENGTH) {
            throw new MalformedFrameException("length of a proof");
        }
        byte[] proof = new byte[Sealing.MAC_LENGTH];
        in.get(proof);
        return proof;
    }

    private static void expect(ByteBuffer in, byte type) throws MalformedFrameException {
        FrameCodec.need(in, 1, "type");
        if (in.get() != type) {
            throw new MalformedFrameException("another message than expected");
        }
    }

    private static void skip(ByteBuffer in, int bytes) throws MalformedFrameException {
        FrameCodec.need(in, bytes, "nonce");
        in.position(in.position() + bytes);
    }

    private static byte[] bytes(ByteBuffer message) {
        byte[] bytes = new byte[message.remaining()];
        message.duplicate().get(bytes);
        return bytes;
    }

    private static void write(ByteArrayOutputStream out, String value) {
        byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
        if (bytes.length > MAX_ID) {
            throw new IllegalArgumentException("Names of clusters and nodes may have " + MAX_ID + " bytes, not "
                    + bytes.length + "; change ha.cluster or ha.node.id");
        }
        out.write(bytes.length >> 8);
        out.write(bytes.length);
        out.writeBytes(bytes);
    }

    private static byte[] concat(byte[] a, byte[] b) {
        byte[] both = Arrays.copyOf(a, a.length + b.length);
        System.arraycopy(b, 0, both, a.length, b.length);
        return both;
    }
}
