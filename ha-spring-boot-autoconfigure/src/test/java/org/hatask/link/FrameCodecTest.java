package org.hatask.link;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.hatask.execute.Refusal;
import org.hatask.failure.Overdue;
import org.hatask.link.NodeReport.RunningTask;
import org.junit.jupiter.api.Test;

class FrameCodecTest {

    private static final byte[] JSON = {'[', '1', ']'};

    private static List<Frame> samples() {
        List<Frame> frames = new ArrayList<>(List.of(
                new Frame.Ready(),
                new Frame.Call(Long.MAX_VALUE, "täsk", "String(int)", "id-1", 3, 99, -5, Map.of(), JSON),
                new Frame.Call(0, "", "", "", 1, 0, 0, Map.of(), new byte[0]),
                new Frame.Call(8, "a", "b", "c", 1, 0, 0, Map.of("traceparent", "00-1-2-01", "b", ""), JSON),
                new Frame.Result(1, JSON),
                new Frame.Error(2, JSON),
                new Frame.Unknown(4, true, "late"),
                new Frame.Unknown(4, false, ""),
                new Frame.Cancelled(5),
                new Frame.Cancel(-1),
                new Frame.Heartbeat(new NodeReport(1, -1.5, 2, 3, 4, List.of(), null, List.of()), null),
                new Frame.Heartbeat(
                        new NodeReport(
                                1,
                                0.5,
                                2,
                                3,
                                4,
                                List.of(new RunningTask("a", "b", 5), new RunningTask("ü", "", 0)),
                                "täsk a is stuck",
                                List.of(new Overdue("a", "b", "n2", 700_000), new Overdue("ü", "", "", 0))),
                        new Frame.Pulse(1, 2, 3)),
                new Frame.GoAway(),
                new Frame.Ask(7),
                new Frame.Part(false, new byte[] {1, 2}),
                new Frame.Part(true, new byte[0])));
        for (Refusal refusal : Refusal.values()) {
            frames.add(new Frame.Refused(3, refusal, 1234, "because"));
        }
        return frames;
    }

    @Test
    void everyFrameComesBackAsItWas() throws Exception {
        for (Frame frame : samples()) {
            assertThat(FrameCodec.decodeAll(ByteBuffer.wrap(FrameCodec.encode(frame))))
                    .usingRecursiveFieldByFieldElementComparator()
                    .containsExactly(frame);
        }
    }

    @Test
    void severalFramesTravelInOneMessage() throws Exception {
        assertThat(FrameCodec.decodeAll(ByteBuffer.wrap(all(samples()))))
                .usingRecursiveFieldByFieldElementComparator()
                .containsExactlyElementsOf(samples());
    }

    @Test
    void longTextsAreCutAndLongNamesRefused() throws Exception {
        Frame cut = FrameCodec.decodeAll(
                        ByteBuffer.wrap(FrameCodec.encode(new Frame.Refused(1, Refusal.BUSY, 0, "😀".repeat(3000)))))
                .get(0);
        assertThat(((Frame.Refused) cut).message()).matches("(😀)+");
        assertThatIllegalArgumentException()
                .isThrownBy(
                        () -> FrameCodec.encode(new Frame.Call(1, "x".repeat(1025), "", "", 1, 0, 0, Map.of(), JSON)))
                .withMessageContaining("name of the task");
    }

    @Test
    void truncatedMessagesAreMalformed() {
        for (Frame frame : samples()) {
            byte[] bytes = FrameCodec.encode(frame);
            for (int length = 0; length < bytes.length; length++) {
                assertMalformed(Arrays.copyOf(bytes, length));
            }
        }
    }

    @Test
    void aCallIsReadWhateverStandsInThePlaceOfItsHeaders() throws Exception {
        byte[] bytes = FrameCodec.encode(new Frame.Call(1, "", "", "", 1, 0, 0, Map.of("a", "b"), JSON));
        for (byte odd : new byte[] {0, 2, -1, '\n'}) {
            byte[] changed = bytes.clone();
            // Before the five bytes of the header and the arguments there is their length.
            Arrays.fill(changed, bytes.length - 8, bytes.length - 3, odd);
            assertThat(FrameCodec.decodeAll(ByteBuffer.wrap(changed)))
                    .usingRecursiveFieldByFieldElementComparator()
                    .containsExactly(new Frame.Call(1, "", "", "", 1, 0, 0, Map.of(), JSON));
        }
    }

    @Test
    void bytesAfterAFrameUnknownTypesAndFalseLengthsAreMalformed() {
        assertMalformed(new byte[] {0, 0, 0, 2, 9, 0});
        assertMalformed(new byte[] {0, 0, 0, 1, 77});
        assertMalformed(new byte[] {0, 0, 0, 0, 9});
        assertMalformed(new byte[] {-1, -1, -1, -1, 9});
        assertMalformed(new byte[] {127, -1, -1, -1, 2, 0, 0, 0, 0, 0, 0, 0, 0});
    }

    @Test
    void aHeartbeatMayBeThatOfAnOlderNodeOrOfANewerOne() throws Exception {
        NodeReport report = new NodeReport(1, 0.5, 2, 3, 4, List.of(new RunningTask("a", "b", 5)), null, List.of());
        byte[] bytes = FrameCodec.encode(new Frame.Heartbeat(report, null));
        // The flag, an empty reason and an empty list.
        byte[] older = withLength(Arrays.copyOf(bytes, bytes.length - 5));
        byte[] newer = withLength(Arrays.copyOf(bytes, bytes.length + 7));

        for (byte[] heartbeat : List.of(older, bytes, newer)) {
            assertThat(FrameCodec.decodeAll(ByteBuffer.wrap(heartbeat)))
                    .containsExactly(new Frame.Heartbeat(report, null));
        }
    }

    @Test
    void aHeartbeatWithAPulseMayGrow() throws Exception {
        Frame.Heartbeat beat = new Frame.Heartbeat(
                new NodeReport(1, 0.5, 2, 3, 4, List.of(), null, List.of()), new Frame.Pulse(5, 6, 7));
        byte[] bytes = FrameCodec.encode(beat);

        assertThat(FrameCodec.decodeAll(ByteBuffer.wrap(withLength(Arrays.copyOf(bytes, bytes.length + 7)))))
                .containsExactly(beat);
    }

    private static byte[] withLength(byte[] frame) {
        ByteBuffer.wrap(frame).putInt(frame.length - 4);
        return frame;
    }

    @Test
    void textThatIsNotUtf8IsMalformed() {
        byte[] bytes = FrameCodec.encode(new Frame.Refused(1, Refusal.BUSY, 0, "ab"));
        bytes[bytes.length - 1] = (byte) 0xff;
        assertMalformed(bytes);
    }

    @Test
    void noBytesEndInAnythingButFramesOrOneException() {
        Random random = new Random(4711);
        byte[] valid = all(samples());
        for (int i = 0; i < 200_000; i++) {
            byte[] bytes;
            if (i % 2 == 0) {
                bytes = valid.clone();
                for (int j = random.nextInt(4); j >= 0; j--) {
                    bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
                }
            } else {
                bytes = new byte[5 + random.nextInt(60)];
                random.nextBytes(bytes);
                ByteBuffer.wrap(bytes).putInt(bytes.length - 4).put((byte) random.nextInt(12));
            }
            try {
                FrameCodec.decodeAll(ByteBuffer.wrap(bytes));
            } catch (MalformedFrameException e) {
                assertThat(e).hasMessageMatching("[a-zA-Z0-9' -]+");
            }
        }
    }

    private static byte[] all(List<Frame> frames) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        frames.forEach(frame -> out.writeBytes(FrameCodec.encode(frame)));
        return out.toByteArray();
    }

    private static void assertMalformed(byte[] bytes) {
        assertThatExceptionOfType(MalformedFrameException.class)
                .isThrownBy(() -> FrameCodec.decodeAll(ByteBuffer.wrap(bytes)));
    }
}
