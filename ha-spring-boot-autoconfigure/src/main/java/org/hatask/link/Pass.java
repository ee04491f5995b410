package org.hatask.link;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import javax.crypto.Mac;
import org.jspecify.annotations.Nullable;

/**
 * What a dialler shows with its request to upgrade, before any handshake: 16 random bytes and {@code HMAC(key, "pass" | cluster |
 * process it wants | random bytes)}. It proves nothing but that some holder of the key made it for this process, and so says who is
 * let in first when strangers crowd the door, and with which key to speak. Trust comes from the handshake alone.
 */
final class Pass {

    static final String HEADER = "Ha-Link-Pass";

    private static final int RANDOM_LENGTH = 16;
    private static final int LENGTH = RANDOM_LENGTH + Sealing.MAC_LENGTH;
    private static final int TEXT_LENGTH = LENGTH / 3 * 4;
    private static final SecureRandom RANDOM = new SecureRandom();

    private Pass() {}

    /**
     * @param id tells it from others
     * @param key of the accepting node's keys, the one with which it was made
     */
    record Shown(ByteBuffer id, byte[] key) {}

    /** A new one for the process. */
    static String create(byte[] key, String cluster, Handshake.Peer target) {
        byte[] random = new byte[RANDOM_LENGTH];
        RANDOM.nextBytes(random);
        byte[] pass = Arrays.copyOf(random, LENGTH);
        System.arraycopy(mac(key, cluster, target, random), 0, pass, RANDOM_LENGTH, Sealing.MAC_LENGTH);
        return Base64.getUrlEncoder().encodeToString(pass);
    }

    /**
     * Judges the header of a request.
     *
     * @param keys of this node
     * @param self this process
     * @return null when it is none of a holder of one of the keys
     */
    static @Nullable Shown judge(@Nullable String header, List<byte[]> keys, String cluster, Handshake.Peer self) {
        if (header == null || header.length() != TEXT_LENGTH) {
            return null;
        }
        byte[] pass;
        try {
            pass = Base64.getUrlDecoder().decode(header);
        } catch (IllegalArgumentException e) {
            return null;
        }
        byte[] random = Arrays.copyOf(pass, RANDOM_LENGTH);
        byte[] shown = Arrays.copyOfRange(pass, RANDOM_LENGTH, LENGTH);
        byte[] made = null;
        for (byte[] key : keys) {
            if (MessageDigest.isEqual(shown, mac(key, cluster, self, random))) {
                made = key;
            }
        }
        return made == null ? null : new Shown(ByteBuffer.wrap(random), made);
    }

    private static byte[] mac(byte[] key, String cluster, Handshake.Peer target, byte[] random) {
        Mac mac = Sealing.mac(key);
        mac.update("ha.v1 pass".getBytes(StandardCharsets.US_ASCII));
        for (String text : List.of(cluster, target.nodeId(), target.incarnation())) {
            mac.update((byte) 0);
            mac.update(text.getBytes(StandardCharsets.UTF_8));
        }
        mac.update((byte) 0);
        return mac.doFinal(random);
    }
}
