package org.hatask.link;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Heartbeats tell how far the other end is. */
class RoundTripTest {

    private static final NodeReport REPORT = new NodeReport(1, 0, 2, 3, 0, List.of(), null, List.of());

    private final List<Duration> measured = new CopyOnWriteArrayList<>();

    /** On a clock of its own, that only the test moves. */
    private final class End {

        private final List<ByteBuffer> sent = new CopyOnWriteArrayList<>();
        private final Sealing.Opener opener = new Sealing.Opener(new byte[32]);
        private long nanos;
        private final Link link;

        End(long nanos) {
            this.nanos = nanos;
            Wire wire = new Wire() {
                @Override
                public void send(ByteBuffer message, Consumer<@Nullable Throwable> done) {
                    sent.add(message);
                    done.accept(null);
                }

                @Override
                public void close(CloseCode code) {}
            };
            Link.Listener listener = new Link.Listener() {
                @Override
                public void closed(Link closed, boolean silent) {}

                @Override
                public void leaving(Link leaving) {}

                @Override
                public void reported(Link reported, NodeReport report) {}

                @Override
                public void measured(Link by, Duration roundTrip) {
                    measured.add(roundTrip);
                }
            };
            this.link = new Link(
                    new Handshake.Session(new Handshake.Peer("b", "b-1"), (byte) 2, new byte[32], new byte[32]),
                    true,
                    wire,
                    new Sealing.Opener(new byte[32]),
                    Runnable::run,
                    TestNode.settings(Duration.ofSeconds(1), 1),
                    new TestTasks.Codec(),
                    new TestTasks().receiver,
                    new ServedCalls(),
                    listener,
                    () -> this.nanos);
        }

        Frame beat() throws Exception {
            link.beat(FrameCodec.encode(new Frame.Heartbeat(REPORT, null)));
            return opener.open(sent.get(sent.size() - 1)).get(0);
        }

        void pass(Duration time) {
            nanos += time.toNanos();
        }
    }

    @Test
    void theWayThereAndBackIsMeasuredWithoutTheWaitAtTheOtherEnd() throws Exception {
        End a = new End(5_000);
        End b = new End(-7_000_000_000L);

        Frame there = a.beat();
        a.pass(Duration.ofMillis(3));
        b.pass(Duration.ofMillis(3));
        b.link.received(List.of(there));
        a.pass(Duration.ofMillis(700));
        b.pass(Duration.ofMillis(700));
        Frame back = b.beat();
        a.pass(Duration.ofMillis(4));
        a.link.received(List.of(back));

        assertThat(measured).containsExactly(Duration.ofMillis(7));
    }

    @Test
    void whatCannotBeIsNotBelieved() {
        End a = new End(5_000);
        a.pass(Duration.ofSeconds(1));

        for (Frame.Pulse pulse : List.of(
                new Frame.Pulse(1, 0, 0),
                new Frame.Pulse(1, -1, 0),
                new Frame.Pulse(1, Long.MIN_VALUE, 0),
                new Frame.Pulse(1, Long.MAX_VALUE, 0),
                new Frame.Pulse(1, 1, -1),
                new Frame.Pulse(1, 1, Long.MIN_VALUE),
                new Frame.Pulse(Long.MIN_VALUE, 1, Long.MAX_VALUE),
                new Frame.Pulse(1, 1, Duration.ofSeconds(1).toNanos() + 1))) {
            a.link.received(List.of(new Frame.Heartbeat(REPORT, pulse)));
        }

        assertThat(measured).isEmpty();
        a.link.received(List.of(new Frame.Heartbeat(REPORT, new Frame.Pulse(1, 1, 0))));
        assertThat(measured).containsExactly(Duration.ofSeconds(1));
    }

    @Test
    void aNodeThatKnowsNothingOfItIsHeardAllTheSame() {
        End a = new End(5_000);

        a.link.received(List.of(new Frame.Heartbeat(REPORT, null)));

        assertThat(a.link.info().report()).isEqualTo(REPORT);
        assertThat(measured).isEmpty();
    }

    @Test
    void bothEndsOfARealLinkMeasureIt() {
        try (TestNode a = TestNode.start("a", TestNode.settings(Duration.ofMillis(50), 10));
                TestNode b = TestNode.start("b", TestNode.settings(Duration.ofMillis(50), 10))) {
            List<String> heard = new CopyOnWriteArrayList<>();
            for (TestNode node : List.of(a, b)) {
                node.transport.addReportListener(new ReportListener() {
                    @Override
                    public void reported(String nodeId, String incarnation, NodeReport report) {}

                    @Override
                    public void measured(String nodeId, String incarnation, Duration roundTrip) {
                        assertThat(roundTrip).isPositive();
                        heard.add(nodeId);
                    }
                });
            }
            TestTasks.get(a.call(b, "hello"));

            await().untilAsserted(() -> assertThat(heard).contains("a", "b"));
        }
    }
}
