package org.hatask.link;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.verify;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Map;
import org.hatask.execute.Refusal;
import org.junit.jupiter.api.Test;

/** What a node remembers of the calls of others, on a clock that only the test moves. */
class ServedCallsTest {

    private static final Handshake.Peer CALLER = new Handshake.Peer("a", "a-1");
    private static final Handshake.Peer OTHER = new Handshake.Peer("c", "c-1");
    private static final byte[] NONE = {};

    private final ServedCalls calls = new ServedCalls();
    private final Link link = mock(Link.class);
    private final Link newer = mock(Link.class);
    private long now = 1_000_000;

    private static Frame.Call call(long id) {
        return new Frame.Call(id, "echo", "String(String)", "t" + id, 1, 0, 1000, Map.of(), NONE);
    }

    private ServedCalls.Arrival begin(long id) {
        return calls.begin(CALLER, call(id), link);
    }

    private Link end(long id, int size) {
        return calls.end(CALLER, id, FrameCodec.encode(new Frame.Result(id, new byte[size])), now);
    }

    private void run(long id, int size) {
        assertThat(begin(id)).isEqualTo(ServedCalls.Arrival.NEW);
        assertThat(end(id, size)).isSameAs(link);
    }

    private Frame ask(long id) {
        return ask(CALLER, id);
    }

    private Frame ask(Handshake.Peer caller, long id) {
        byte[] frame = calls.ask(caller, id, newer, now);
        if (frame == null) {
            return null;
        }
        try {
            return FrameCodec.decodeAll(ByteBuffer.wrap(frame)).get(0);
        } catch (MalformedFrameException e) {
            throw new AssertionError(e);
        }
    }

    private static void assertNotReceived(Frame answer) {
        assertThat(answer).isInstanceOfSatisfying(Frame.Refused.class, refused -> assertThat(refused.refusal())
                .isEqualTo(Refusal.NOT_RECEIVED));
    }

    private static void assertUnknown(Frame answer, String why) {
        assertThat(answer).isInstanceOfSatisfying(Frame.Unknown.class, unknown -> {
            assertThat(unknown.timedOut()).isFalse();
            assertThat(unknown.message()).contains(why);
        });
    }

    @Test
    void anAnswerIsGivenAsOftenAsItIsAskedFor() {
        run(1, 10);

        for (int i = 0; i < 3; i++) {
            assertThat(ask(1)).isInstanceOfSatisfying(Frame.Result.class, result -> {
                assertThat(result.correlationId()).isEqualTo(1);
                assertThat(result.json()).hasSize(10);
            });
        }
    }

    @Test
    void whatIsUnderWayIsAnsweredWhereItWasAskedForLast() {
        Frame.Call call = call(1);
        calls.begin(CALLER, call, link);

        assertThat(ask(1)).isNull();

        verify(link).handOver(call);
        verify(newer).take(call);
        assertThat(end(1, 10)).isSameAs(newer);
    }

    @Test
    void whatWasNotReceivedIsRefusedWhenItComesAfterAll() {
        run(1, 10);
        assertNotReceived(ask(2));
        assertNotReceived(ask(2));

        assertThat(begin(2)).isEqualTo(ServedCalls.Arrival.DENIED);
        assertThat(begin(3)).isEqualTo(ServedCalls.Arrival.NEW);
    }

    @Test
    void callsOfOneProcessAreNotThoseOfAnother() {
        run(1, 10);

        assertNotReceived(ask(OTHER, 1));
        assertNotReceived(ask(new Handshake.Peer("a", "a-2"), 1));
        assertThat(ask(1)).isInstanceOf(Frame.Result.class);
    }

    @Test
    void anIdThatWasUsedBeforeIsFoundOut() {
        begin(1);
        assertThat(begin(1)).isEqualTo(ServedCalls.Arrival.REPEATED);
        end(1, 10);
        assertThat(begin(1)).isEqualTo(ServedCalls.Arrival.REPEATED);
    }

    @Test
    void aLargeAnswerIsNotKeptButThatThereWasOneIs() {
        run(1, ServedCalls.MAX_ANSWER);

        assertUnknown(ask(1), "too large to be kept");
    }

    @Test
    void onlySoManyAnswersAreKeptAndOfTheOthersNothingIsClaimed() {
        for (int id = 1; id <= ServedCalls.MAX_ANSWERS + 10; id++) {
            // The tenth never arrives.
            if (id != 10) {
                run(id, 1);
            }
        }

        assertUnknown(ask(1), "does not remember");
        assertUnknown(ask(9), "does not remember");
        assertThat(ask(11)).isInstanceOf(Frame.Result.class);
        assertThat(ask(ServedCalls.MAX_ANSWERS + 10)).isInstanceOf(Frame.Result.class);
        // Newer than all that is forgotten.
        assertNotReceived(ask(10));
        assertNotReceived(ask(ServedCalls.MAX_ANSWERS + 11));
        // One more is forgotten, and with it how it was with the tenth, had it not been asked for.
        run(ServedCalls.MAX_ANSWERS + 12, 1);
        assertUnknown(ask(11), "does not remember");
    }

    @Test
    void onlySoManyBytesAreKept() {
        int many = (int) (ServedCalls.MAX_BYTES / 60_000) + 2;
        for (int id = 1; id <= many; id++) {
            run(id, 60_000);
        }

        assertUnknown(ask(1), "does not remember");
        assertThat(ask(many)).isInstanceOf(Frame.Result.class);
    }

    @Test
    void nothingIsKeptForLong() {
        run(1, 10);
        assertNotReceived(ask(2));

        now += ServedCalls.MAX_AGE.toNanos();
        calls.expire(now);
        assertThat(ask(1)).isInstanceOf(Frame.Result.class);

        now += Duration.ofSeconds(1).toNanos();
        calls.expire(now);
        assertUnknown(ask(1), "does not remember");
        // The promise outlives its entry.
        assertThat(begin(2)).isEqualTo(ServedCalls.Arrival.DENIED);
        assertThat(begin(3)).isEqualTo(ServedCalls.Arrival.NEW);
        assertNotReceived(ask(4));
    }

    @Test
    void whatRunsIsNotForgottenHoweverLongItTakes() {
        begin(1);
        now += Duration.ofHours(5).toNanos();
        calls.expire(now);
        for (int id = 2; id < ServedCalls.MAX_ANSWERS + 10; id++) {
            run(id, 1);
        }

        assertThat(ask(1)).isNull();
        assertThat(end(1, 10)).isSameAs(newer);
        assertThat(ask(1)).isInstanceOf(Frame.Result.class);
    }

    @Test
    void aFloodOfQuestionsCostsOnlyWhoAsksAndNoAnswerOfOthers() {
        run(1, 10);
        long last = 10L * ServedCalls.MAX_DENIED;
        for (long id = 1; id <= last; id++) {
            assertNotReceived(ask(OTHER, id));
        }

        assertUnknown(ask(OTHER, 5), "does not remember");
        assertThat(calls.begin(OTHER, call(6), link)).isEqualTo(ServedCalls.Arrival.DENIED);
        assertThat(calls.begin(OTHER, call(last), link)).isEqualTo(ServedCalls.Arrival.DENIED);
        assertThat(calls.begin(OTHER, call(last + 1), link)).isEqualTo(ServedCalls.Arrival.NEW);
        assertThat(ask(1)).isInstanceOf(Frame.Result.class);
        assertThat(begin(2)).isEqualTo(ServedCalls.Arrival.NEW);
    }

    @Test
    void idsThatNobodyUsesAreAnsweredWithoutBeingRemembered() {
        assertUnknown(ask(0), "does not remember");
        assertUnknown(ask(-5), "does not remember");
        assertUnknown(ask(Long.MIN_VALUE), "does not remember");
        assertThat(begin(0)).isEqualTo(ServedCalls.Arrival.DENIED);
    }

    @Test
    void afterMoreProcessesThanCanBeRememberedNothingIsClaimedOfNewOnes() {
        run(1, 10);
        for (int i = 0; i <= ServedCalls.MAX_PROCESSES; i++) {
            calls.ask(new Handshake.Peer("x", "x-" + i), 0, newer, now);
        }

        assertUnknown(ask(new Handshake.Peer("y", "y-1"), 1), "does not remember");
        assertThat(ask(1)).isInstanceOf(Frame.Result.class);
        assertUnknown(ask(2), "does not remember");
        assertThat(begin(3)).isEqualTo(ServedCalls.Arrival.NEW);
    }
}
