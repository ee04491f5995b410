package org.hatask.link;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.hatask.link.Outbox.Offer;
import org.junit.jupiter.api.Test;

class OutboxTest {

    private final FakeWire wire = new FakeWire();
    private final Sealing.Opener opener = new Sealing.Opener(TestNode.KEY);
    private final List<Throwable> broken = new ArrayList<>();
    private final Outbox outbox = new Outbox(wire, new Sealing.Sealer(TestNode.KEY), true, Runnable::run, broken::add);

    @Test
    void whatIsQueuedWhileAMessageIsUnderWayGoesOutTogether() throws Exception {
        for (long i = 0; i < 5; i++) {
            outbox.offer(cancel(i), null, 1000, false);
        }
        assertThat(wire.messages).hasSize(1);

        wire.finish();

        assertThat(wire.messages).hasSize(2);
        assertThat(opener.open(wire.messages.get(0))).hasSize(1);
        assertThat(opener.open(wire.messages.get(1)))
                .containsExactly(new Frame.Cancel(1), new Frame.Cancel(2), new Frame.Cancel(3), new Frame.Cancel(4));
        assertThat(outbox.flushed()).isNotDone();
        wire.finish();
        assertThat(outbox.flushed()).isDone();
    }

    @Test
    void largeFrameTravelsAloneToAPeerThatKnowsNoParts() throws Exception {
        Outbox outbox = new Outbox(wire, new Sealing.Sealer(TestNode.KEY), false, Runnable::run, broken::add);
        byte[] large = FrameCodec.encode(new Frame.Result(1, new byte[Outbox.BATCH]));
        outbox.offer(cancel(0), null, Long.MAX_VALUE, false);
        outbox.offer(cancel(1), null, Long.MAX_VALUE, false);
        outbox.offer(large, null, Long.MAX_VALUE, false);
        outbox.offer(cancel(2), null, Long.MAX_VALUE, false);
        for (int i = 0; i < 3; i++) {
            wire.finish();
        }
        for (ByteBuffer message : wire.messages) {
            assertThat(opener.open(message)).hasSize(1);
        }
        assertThat(wire.messages).hasSize(4);
    }

    @Test
    void smallFramesOvertakeLargeOnesAndWhatIsAboutThoseDoesNot() throws Exception {
        byte[] large = FrameCodec.encode(new Frame.Result(1, new byte[3 * Outbox.PART]));
        byte[] another = FrameCodec.encode(new Frame.Result(2, new byte[Outbox.PART]));
        outbox.offer(large, null, Long.MAX_VALUE, false);
        outbox.offer(another, null, Long.MAX_VALUE, false);
        outbox.offerBehindLarge(cancel(1), Long.MAX_VALUE);
        outbox.offer(cancel(2), null, Long.MAX_VALUE, false);
        while (!outbox.flushed().isDone()) {
            wire.finish();
        }

        List<Frame> frames = new ArrayList<>();
        List<byte[]> whole = new ArrayList<>();
        ByteArrayOutputStream gathered = new ByteArrayOutputStream();
        for (ByteBuffer message : wire.messages) {
            assertThat(message.remaining()).isLessThanOrEqualTo(Outbox.MAX_MESSAGE);
            for (Frame frame : opener.open(message)) {
                frames.add(frame);
                if (frame instanceof Frame.Part part) {
                    gathered.writeBytes(part.bytes());
                    if (part.last()) {
                        whole.add(gathered.toByteArray());
                        gathered.reset();
                    }
                }
            }
        }
        assertThat(frames).hasSize(8);
        assertThat(frames.get(1)).isEqualTo(new Frame.Cancel(2));
        assertThat(frames.get(7)).isEqualTo(new Frame.Cancel(1));
        assertThat(whole).containsExactly(large, another);
    }

    @Test
    void aFullMessageHasRoomForAPart() throws Exception {
        byte[] half = FrameCodec.encode(new Frame.Result(1, new byte[Outbox.PART - 100]));
        outbox.offer(cancel(0), null, Long.MAX_VALUE, false);
        outbox.offer(FrameCodec.encode(new Frame.Result(2, new byte[Outbox.PART])), null, Long.MAX_VALUE, false);
        for (int i = 0; i < 5; i++) {
            outbox.offer(half, null, Long.MAX_VALUE, false);
        }
        while (!outbox.flushed().isDone()) {
            wire.finish();
        }

        assertThat(wire.messages).allMatch(message -> message.remaining() <= Outbox.MAX_MESSAGE);
        assertThat(opener.open(wire.messages.get(0))).hasSize(1);
        assertThat(opener.open(wire.messages.get(1))).hasSize(2).last().isInstanceOf(Frame.Part.class);
    }

    @Test
    void fullBoxTakesNothing() {
        outbox.offer(cancel(0), null, 30, false);
        assertThat(outbox.offer(cancel(1), null, 30, false)).isEqualTo(Offer.TAKEN);
        assertThat(outbox.offer(cancel(2), null, 30, false)).isEqualTo(Offer.TAKEN);
        assertThat(outbox.offer(cancel(3), null, 30, false)).isEqualTo(Offer.FULL);
    }

    @Test
    void onlyWhatWasHandedToTheSocketCountsAsSent() {
        Call sent = call();
        Call queued = call();
        outbox.offer(cancel(0), sent, 1000, false);
        outbox.offer(cancel(1), queued, 1000, false);

        outbox.close();
        wire.finish();

        assertThat(sent.isHandedOver()).isTrue();
        assertThat(queued.isHandedOver()).isFalse();
        assertThat(wire.messages).hasSize(1);
        assertThat(outbox.offer(cancel(2), null, 1000, false)).isEqualTo(Offer.CLOSED);
    }

    @Test
    void callThatNobodyWaitsForAnyMoreIsNotSent() {
        Call given = call();
        outbox.offer(cancel(0), null, 1000, false);
        outbox.offer(cancel(1), given, 1000, false);
        given.outcome().cancel(false);

        wire.finish();

        assertThat(wire.messages).hasSize(1);
        assertThat(outbox.flushed()).isDone();
    }

    @Test
    void wireThatFinishesAtOnceIsNoRecursion() {
        wire.immediate = true;
        wire.during = () -> {
            if (wire.messages.size() < 100_000) {
                outbox.offer(cancel(1), null, 1000, false);
            }
        };
        outbox.offer(cancel(0), null, 1000, false);
        assertThat(wire.messages).hasSize(100_000);
        assertThat(outbox.flushed()).isDone();
    }

    @Test
    void failureToSendIsReportedAndNothingFollows() {
        outbox.offer(cancel(0), null, 1000, false);
        outbox.offer(cancel(1), null, 1000, false);
        wire.fail();
        assertThat(broken).hasSize(1);
        assertThat(wire.messages).hasSize(1);
    }

    @Test
    void whatIsOfferedDirectlyIsSentByThatThreadAndWhatComesMeanwhileByAnother() throws Exception {
        List<Runnable> handedOver = new ArrayList<>();
        Outbox direct = new Outbox(wire, new Sealing.Sealer(TestNode.KEY), true, handedOver::add, broken::add);
        wire.immediate = true;
        direct.offer(cancel(0), null, 1000, true);
        assertThat(wire.messages).hasSize(1);
        assertThat(handedOver).isEmpty();
        assertThat(direct.flushed()).isDone();

        wire.during = () -> {
            wire.during = () -> {};
            direct.offer(cancel(2), null, 1000, true);
        };
        direct.offer(cancel(1), null, 1000, true);
        assertThat(wire.messages).hasSize(2);
        assertThat(direct.flushed()).isNotDone();

        handedOver.remove(0).run();
        assertThat(wire.messages).hasSize(3);
        assertThat(direct.flushed()).isDone();
        for (int i = 0; i < 3; i++) {
            assertThat(opener.open(wire.messages.get(i))).containsExactly(new Frame.Cancel(i));
        }
    }

    @Test
    void interruptedThreadLeavesItToAnother() throws Exception {
        List<Runnable> handedOver = new ArrayList<>();
        Outbox direct = new Outbox(wire, new Sealing.Sealer(TestNode.KEY), true, handedOver::add, broken::add);
        Thread.currentThread().interrupt();
        direct.offer(cancel(0), null, 1000, true);
        assertThat(Thread.interrupted()).isTrue();
        assertThat(wire.messages).isEmpty();

        handedOver.remove(0).run();
        assertThat(opener.open(wire.messages.get(0))).containsExactly(new Frame.Cancel(0));
    }

    private static Call call() {
        return Call.of(1, TestTasks.attempt("t"), new byte[0]);
    }

    private static byte[] cancel(long id) {
        return FrameCodec.encode(new Frame.Cancel(id));
    }

    private static final class FakeWire implements Wire {

        final List<ByteBuffer> messages = new ArrayList<>();
        boolean immediate;
        Runnable during = () -> {};
        private Consumer<Throwable> done = problem -> {};

        @Override
        public void send(ByteBuffer message, Consumer<Throwable> whenDone) {
            messages.add(message);
            done = whenDone;
            during.run();
            if (immediate) {
                whenDone.accept(null);
            }
        }

        void finish() {
            onAnotherThread(() -> done.accept(null));
        }

        void fail() {
            onAnotherThread(() -> done.accept(new IllegalStateException()));
        }

        private static void onAnotherThread(Runnable task) {
            Thread thread = new Thread(task);
            thread.start();
            try {
                thread.join();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }

        @Override
        public void close(CloseCode code) {}
    }
}
