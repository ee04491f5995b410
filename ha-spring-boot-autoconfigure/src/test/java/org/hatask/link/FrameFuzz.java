package org.hatask.link;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.ByteBuffer;
import java.util.List;

/** What is no frame is refused, and what is one is written again as it was read. */
class FrameFuzz {

    @FuzzTest(maxDuration = "60s")
    void framesAreUnderstoodOrRefused(byte[] input) {
        List<Frame> frames;
        try {
            frames = FrameCodec.decodeAll(ByteBuffer.wrap(input));
        } catch (MalformedFrameException e) {
            return;
        }
        for (Frame frame : frames) {
            byte[] written = FrameCodec.encode(frame);
            byte[] again;
            try {
                again = FrameCodec.encode(
                        FrameCodec.decodeAll(ByteBuffer.wrap(written)).get(0));
            } catch (MalformedFrameException e) {
                throw new AssertionError("what this code writes it cannot read: " + frame, e);
            }
            if (!java.util.Arrays.equals(written, again)) {
                throw new AssertionError("read otherwise than it was written: " + frame);
            }
        }
    }
}
