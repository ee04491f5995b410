package org.hatask.link;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.hatask.execute.Attempt;
import org.hatask.execute.Outcome;
import org.hatask.execute.Refusal;
import org.hatask.execute.Trace;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A link to a node of this version or of one before: the first cannot be asked, the first two know nothing of traces, the first three nothing of parts. */
class LinkVersionTest {

    private static final Map<String, String> HEADERS = Map.of("traceparent", "00-1-2-01");

    private final List<ByteBuffer> sent = new ArrayList<>();

    /** Of messages that the socket has not taken yet; null where it takes them at once. */
    private @Nullable Queue<Consumer<@Nullable Throwable>> underWay;

    private Link link(byte version) {
        return link(version, new TestTasks());
    }

    private Link link(byte version, TestTasks tasks) {
        Wire wire = new Wire() {
            @Override
            public void send(ByteBuffer message, Consumer<@Nullable Throwable> done) {
                sent.add(message);
                if (underWay == null) {
                    done.accept(null);
                } else {
                    underWay.add(done);
                }
            }

            @Override
            public void close(CloseCode code) {}
        };
        Link.Listener nobody = new Link.Listener() {
            @Override
            public void closed(Link link, boolean silent) {}

            @Override
            public void leaving(Link link) {}

            @Override
            public void reported(Link link, NodeReport report) {}

            @Override
            public void measured(Link link, Duration roundTrip) {}
        };
        return new Link(
                new Handshake.Session(new Handshake.Peer("b", "b-1"), version, new byte[32], new byte[32]),
                true,
                wire,
                new Sealing.Opener(new byte[32]),
                Runnable::run,
                TestNode.settings(Duration.ofSeconds(1), 1),
                new TestTasks.Codec(),
                tasks.receiver,
                new ServedCalls(),
                nobody,
                System::nanoTime);
    }

    @ParameterizedTest
    @ValueSource(bytes = {1, 2})
    void onlyANodeThatCanBeAskedIsWorthAsking(byte version) {
        Link link = link(version);
        Call call = Call.of(9, TestTasks.attempt("t"), new byte[0]);
        link.call(call);

        link.close(CloseCode.GOING_AWAY, "broke");

        assertThat(call.outcome()).isCompletedWithValue(new Outcome.Unknown("broke", false, version == 1 ? 0 : 9));
    }

    @ParameterizedTest
    @ValueSource(bytes = {1, 2})
    void anOlderNodeIsNeverSentAQuestion(byte version) {
        Call question = Call.question(9, TestTasks.attempt("t"));

        link(version).call(question);

        if (version == 1) {
            assertThat(sent).isEmpty();
            assertThat(question.outcome())
                    .isCompletedWithValueMatching(outcome -> outcome instanceof Outcome.Unknown unknown
                            && unknown.callId() == 0
                            && unknown.reason().contains("older version"));
        } else {
            assertThat(sent).hasSize(1);
            assertThat(question.outcome()).isNotDone();
        }
    }

    private Frame.Call sentCall(byte version, int argumentSize) throws Exception {
        Attempt traced = TestTasks.attempt("t").in(Trace.of(HEADERS));
        link(version).call(Call.of(9, traced, new byte[argumentSize]));
        return (Frame.Call) new Sealing.Opener(new byte[32]).open(sent.get(0)).get(0);
    }

    @ParameterizedTest
    @ValueSource(bytes = {1, 2, 3})
    void onlyAPeerThatUnderstandsThemIsSentTheHeadersOfATrace(byte version) throws Exception {
        assertThat(sentCall(version, 1).headers()).isEqualTo(version < 3 ? Map.of() : HEADERS);
    }

    @Test
    void aCallThatFitsOnlyWithoutThemIsSentWithoutThem() throws Exception {
        int size = TestNode.settings(Duration.ofSeconds(1), 1).maxMessageSize() - 100;

        Frame.Call call = sentCall((byte) 3, size);

        assertThat(call.headers()).isEmpty();
        assertThat(call.arguments()).hasSize(size);
    }

    @ParameterizedTest
    @ValueSource(bytes = {1, 2, 3})
    void headersAreTakenOnlyFromAPeerThatMaySendThem(byte version) {
        TestTasks tasks = new TestTasks();
        Link link = link(version, tasks);

        link.received(List.of(new Frame.Call(1, "echo", "String(String)", "t", 1, 0, 1000, HEADERS, new byte[] {'x'})));

        assertThat(link.isOpen()).isEqualTo(version == 3);
        assertThat(tasks.executed)
                .extracting(attempt -> attempt.trace().headers())
                .isEqualTo(version == 3 ? List.of(HEADERS) : List.of());
    }

    @ParameterizedTest
    @ValueSource(bytes = {3, 4})
    void aShortCallOvertakesALargeOneOnItsWayToAPeerThatKnowsParts(byte version) {
        Queue<Consumer<@Nullable Throwable>> taken = new ArrayDeque<>();
        underWay = taken;
        Link caller = link(version);
        Call large = Call.of(1, TestTasks.attempt("large"), "x".repeat(1 << 20).getBytes(StandardCharsets.US_ASCII));
        Call small = Call.of(2, TestTasks.attempt("small"), new byte[] {'y'});
        Call last = Call.of(3, TestTasks.attempt("last"), new byte[] {'z'});
        List.of(large, small, last).forEach(caller::call);
        // What has begun is brought to its end before its caller gives up.
        large.outcome().cancel(false);
        while (!taken.isEmpty()) {
            taken.remove().accept(null);
        }
        TestTasks tasks = new TestTasks();
        tasks.behaviours.put("echo", (attempt, argument) -> new CompletableFuture<>());
        Link receiver = link(version, tasks);

        List.copyOf(sent).forEach(receiver::received);

        assertThat(receiver.isOpen()).isTrue();
        assertThat(tasks.executed)
                .extracting(Attempt::taskId)
                .isEqualTo(version < 4 ? List.of("large", "small", "last") : List.of("small", "last", "large"));
        assertThat(tasks.cancelled).containsExactly("large#1");
    }

    @ParameterizedTest
    @ValueSource(bytes = {1, 2})
    void onlyAPeerThatUnderstandsItIsToldWhenToComeBack(byte version) throws Exception {
        TestTasks tasks = new TestTasks();
        tasks.behaviours.put(
                "echo",
                (attempt, argument) -> CompletableFuture.completedFuture(
                        new Outcome.Refused(Refusal.BUSY, "full", Duration.ofMillis(700))));

        link(version, tasks)
                .received(List.of(
                        new Frame.Call(1, "echo", "String(String)", "t", 1, 0, 1000, Map.of(), new byte[] {'x'})));

        assertThat(sent).singleElement().satisfies(message -> assertThat(new Sealing.Opener(new byte[32]).open(message))
                .containsExactly(new Frame.Refused(1, Refusal.BUSY, version == 1 ? 0 : 700, "full")));
    }
}
