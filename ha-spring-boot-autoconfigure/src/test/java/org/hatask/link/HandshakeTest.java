package org.hatask.link;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.hatask.cluster.Node;
import org.hatask.link.Handshake.Acceptor;
import org.hatask.link.Handshake.Dialler;
import org.hatask.link.Handshake.FailedException;
import org.hatask.link.Handshake.Peer;
import org.junit.jupiter.api.Test;

class HandshakeTest {

    private static final byte[] KEY = TestNode.KEY;
    private static final List<byte[]> KEYS = List.of(KEY);

    private final Node a = TestNode.node("a", 1);
    private final Node b = TestNode.node("b", 2);

    @Test
    void bothSidesEndWithEachOtherAndCrossedKeys() throws Exception {
        Dialler dialler = new Dialler(KEYS, "c", a, b);
        Acceptor acceptor = new Acceptor(KEY, "c", b);

        Dialler.Proven there = dialler.challenged(wrap(acceptor.greeted(wrap(dialler.hello()))));
        Handshake.Session here = acceptor.proved(wrap(there.proof()));

        assertThat(there.session().peer()).isEqualTo(Peer.of(b));
        assertThat(here.peer()).isEqualTo(Peer.of(a));
        assertThat(here.version()).isEqualTo(there.session().version()).isEqualTo(Handshake.VERSIONS[0]);
        assertThat(there.session().sendKey())
                .isEqualTo(here.receiveKey())
                .isNotEqualTo(here.sendKey())
                .hasSize(32);
        assertThat(there.session().receiveKey()).isEqualTo(here.sendKey());
    }

    @Test
    void everyHandshakeHasItsOwnKeys() throws Exception {
        assertThat(run().sendKey()).isNotEqualTo(run().sendKey());
    }

    private Handshake.Session run() throws FailedException {
        Dialler dialler = new Dialler(KEYS, "c", a, b);
        return dialler.challenged(wrap(new Acceptor(KEY, "c", b).greeted(wrap(dialler.hello()))))
                .session();
    }

    @Test
    void acceptorRefusesAnotherClusterAnotherTargetAndItself() {
        assertRefused(new Dialler(KEYS, "other", a, b).hello(), "another cluster");
        assertRefused(new Dialler(KEYS, "c", a, TestNode.node("b", 2)).hello(), "another process");
        assertRefused(new Dialler(KEYS, "c", a, a).hello(), "another process");
        assertRefused(new Dialler(KEYS, "c", b, b).hello(), "this process");
    }

    @Test
    void acceptorChoosesTheBestCommonVersionAndRefusesWithoutOne() throws Exception {
        byte[] nonce = new byte[Handshake.NONCE_LENGTH];
        byte[] older = Handshake.greeting(new byte[] {1}, "c", Peer.of(a), Peer.of(b), nonce);
        byte[] newer = Handshake.greeting(new byte[] {9, 2, 1}, "c", Peer.of(a), Peer.of(b), nonce);

        assertThat(new Acceptor(KEY, "c", b).greeted(wrap(older))[1]).isEqualTo((byte) 1);
        assertThat(new Acceptor(KEY, "c", b).greeted(wrap(newer))[1]).isEqualTo((byte) 2);
        assertRefused(Handshake.greeting(new byte[] {9}, "c", Peer.of(a), Peer.of(b), nonce), "version");
        assertRefused(Handshake.greeting(new byte[0], "c", Peer.of(a), Peer.of(b), nonce), "version");
    }

    @Test
    void diallerRefusesAnAcceptorWithoutTheKey() throws Exception {
        Dialler dialler = new Dialler(KEYS, "c", a, b);
        byte[] challenge = new Acceptor(new byte[32], "c", b).greeted(wrap(dialler.hello()));

        assertThatThrownBy(() -> dialler.challenged(wrap(challenge)))
                .isInstanceOf(FailedException.class)
                .hasMessageContaining("key");
    }

    @Test
    void acceptorRefusesADiallerWithoutTheKey() throws Exception {
        Acceptor acceptor = new Acceptor(KEY, "c", b);
        acceptor.greeted(wrap(new Dialler(List.of(new byte[32]), "c", a, b).hello()));
        byte[] proof = new byte[33];
        proof[0] = 3;

        assertThatThrownBy(() -> acceptor.proved(wrap(proof))).isInstanceOf(FailedException.class);
    }

    @Test
    void proofOfAnEarlierHandshakeIsWorthless() throws Exception {
        Dialler dialler = new Dialler(KEYS, "c", a, b);
        byte[] proof = dialler.challenged(wrap(new Acceptor(KEY, "c", b).greeted(wrap(dialler.hello()))))
                .proof();

        Acceptor later = new Acceptor(KEY, "c", b);
        later.greeted(wrap(dialler.hello()));

        assertThatThrownBy(() -> later.proved(wrap(proof))).isInstanceOf(FailedException.class);
    }

    @Test
    void proofSentBackToItsAuthorIsWorthless() throws Exception {
        Acceptor acceptor = new Acceptor(KEY, "c", b);
        byte[] challenge = acceptor.greeted(wrap(new Dialler(KEYS, "c", a, b).hello()));
        byte[] reflected = Arrays.copyOfRange(challenge, challenge.length - 33, challenge.length);
        reflected[0] = 3;

        assertThatThrownBy(() -> acceptor.proved(wrap(reflected))).isInstanceOf(FailedException.class);
    }

    @Test
    void anyChangedBitOfTheChallengeIsNoticed() throws Exception {
        Dialler dialler = new Dialler(KEYS, "c", a, b);
        byte[] challenge = new Acceptor(KEY, "c", b).greeted(wrap(dialler.hello()));
        for (int i = 0; i < challenge.length; i++) {
            byte[] changed = challenge.clone();
            changed[i] ^= 1;
            assertThatThrownBy(() -> dialler.challenged(wrap(changed))).isInstanceOf(FailedException.class);
        }
    }

    @Test
    void anyChangedBitOfTheGreetingIsNoticed() throws Exception {
        Dialler dialler = new Dialler(KEYS, "c", a, b);
        byte[] hello = dialler.hello();
        for (int i = 0; i < hello.length; i++) {
            byte[] changed = hello.clone();
            changed[i] ^= 1;
            assertThatThrownBy(() -> dialler.challenged(wrap(new Acceptor(KEY, "c", b).greeted(wrap(changed)))))
                    .isInstanceOf(FailedException.class);
        }
    }

    @Test
    void proofBeforeTheGreetingIsRefused() {
        assertThatThrownBy(() -> new Acceptor(KEY, "c", b).proved(wrap(new byte[33])))
                .isInstanceOf(FailedException.class);
    }

    @Test
    void noInputEndsInAnythingButARefusal() throws Exception {
        Random random = new Random(4711);
        byte[] hello = new Dialler(KEYS, "c", a, b).hello();
        for (int length = 0; length < hello.length; length++) {
            assertRefused(Arrays.copyOf(hello, length), "");
        }
        assertRefused(Arrays.copyOf(hello, hello.length + 1), "greeting");
        for (int i = 0; i < 20_000; i++) {
            byte[] noise = new byte[random.nextInt(200)];
            random.nextBytes(noise);
            if (noise.length > 0) {
                noise[0] = (byte) (1 + random.nextInt(3));
            }
            assertRefused(noise, "");
            assertThatThrownBy(() -> new Dialler(KEYS, "c", a, b).challenged(wrap(noise)))
                    .isInstanceOf(FailedException.class);
        }
    }

    private static final byte[] NEXT = "the key that comes after the first one".getBytes(StandardCharsets.US_ASCII);

    @Test
    void sidesThatPreferDifferentKeysOfACommonListMeet() throws Exception {
        for (byte[] acceptors : List.of(KEY, NEXT)) {
            for (List<byte[]> diallers : List.of(List.of(KEY, NEXT), List.of(NEXT, KEY))) {
                Dialler dialler = new Dialler(diallers, "c", a, b);
                Acceptor acceptor = new Acceptor(acceptors, "c", b);

                Dialler.Proven there = dialler.challenged(wrap(acceptor.greeted(wrap(dialler.hello()))));
                Handshake.Session here = acceptor.proved(wrap(there.proof()));

                assertThat(there.session().sendKey()).isEqualTo(here.receiveKey());
                assertThat(there.session().receiveKey()).isEqualTo(here.sendKey());
            }
        }
    }

    @Test
    void aKeyThatTheDiallerDoesNotAcceptIsNoProof() throws Exception {
        Dialler dialler = new Dialler(List.of(KEY, NEXT), "c", a, b);
        byte[] challenge = new Acceptor(new byte[32], "c", b).greeted(wrap(dialler.hello()));

        assertThatThrownBy(() -> dialler.challenged(wrap(challenge))).hasMessageContaining("key");
    }

    @Test
    void theProofMustBeMadeWithTheVeryKeyOfTheChallenge() throws Exception {
        Dialler dialler = new Dialler(List.of(KEY, NEXT), "c", a, b);
        Acceptor acceptor = new Acceptor(NEXT, "c", b);
        byte[] challenge = acceptor.greeted(wrap(dialler.hello()));
        byte[] said = Arrays.copyOf(challenge, challenge.length - 32);

        byte[] proof = hmac(KEY, "ha.v1 client", dialler.hello(), said);

        assertThatThrownBy(() -> acceptor.proved(wrap(withType(3, proof)))).hasMessageContaining("key");
        assertThat(acceptor.proved(wrap(withType(3, hmac(NEXT, "ha.v1 client", dialler.hello(), said)))))
                .isNotNull();
    }

    @Test
    void aVersionThatWasNotOfferedIsRefusedHoweverWellItIsProved() throws Exception {
        Dialler dialler = new Dialler(new byte[] {1}, KEYS, "c", a, b);
        byte[] challenge = new Acceptor(KEY, "c", b).greeted(wrap(dialler.hello()));
        for (byte version : new byte[] {2, 99}) {
            byte[] said = Arrays.copyOf(challenge, challenge.length - 32);
            said[1] = version;
            byte[] proof = hmac(KEY, "ha.v1 server", dialler.hello(), said);
            byte[] forged = Arrays.copyOf(said, challenge.length);
            System.arraycopy(proof, 0, forged, said.length, 32);

            assertThatThrownBy(() -> dialler.challenged(wrap(forged))).hasMessageContaining("version");
        }
    }

    @Test
    void aNameThatIsNoneIsRefused() {
        byte[] nonce = new byte[Handshake.NONCE_LENGTH];
        for (String odd : List.of("", "x\nWARN all is well", "x y", "\u001b[31m", "x\u0085", "\u2028")) {
            assertRefused(
                    Handshake.greeting(Handshake.VERSIONS, "c", new Peer(odd, "a-1"), Peer.of(b), nonce), "greeting");
            assertRefused(
                    Handshake.greeting(Handshake.VERSIONS, "c", new Peer("a", odd), Peer.of(b), nonce), "greeting");
        }
    }

    /** As docs/wire-protocol.md has it, and not as the code does. */
    private static byte[] hmac(byte[] key, String label, byte[] hello, byte[] challenge) throws Exception {
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(key, "HmacSHA256"));
        mac.update(label.getBytes(StandardCharsets.US_ASCII));
        mac.update((byte) 0);
        mac.update(hello);
        return mac.doFinal(challenge);
    }

    private static byte[] withType(int type, byte[] proof) {
        byte[] message = new byte[1 + proof.length];
        message[0] = (byte) type;
        System.arraycopy(proof, 0, message, 1, proof.length);
        return message;
    }

    private void assertRefused(byte[] hello, String reason) {
        assertThatThrownBy(() -> new Acceptor(KEY, "c", b).greeted(wrap(hello)))
                .isInstanceOf(FailedException.class)
                .hasMessageContaining(reason);
    }

    private static ByteBuffer wrap(byte[] bytes) {
        return ByteBuffer.wrap(bytes);
    }
}
