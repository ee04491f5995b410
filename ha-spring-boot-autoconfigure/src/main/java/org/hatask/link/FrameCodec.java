package org.hatask.link;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.hatask.execute.Refusal;
import org.hatask.failure.Overdue;

/**
 * Frames as bytes and back: {@code int length | byte type | fields}, big-endian. Reading checks every length against what
 * is there before it allocates, so that no input costs more memory than it has bytes. Stateless.
 */
final class FrameCodec {

    static final int MAX_NAME = 1024;
    static final int MAX_TEXT = 4096;
    static final int MAX_NODE_ID = 255;
    static final int MAX_SIGNATURE = 0xffff;

    private static final byte READY = 0;
    private static final byte CALL = 1;
    private static final byte RESULT = 2;
    private static final byte ERROR = 3;
    private static final byte REFUSED = 4;
    private static final byte UNKNOWN = 5;
    private static final byte CANCELLED = 6;
    private static final byte CANCEL = 7;
    private static final byte HEARTBEAT = 8;
    private static final byte GO_AWAY = 9;
    private static final byte ASK = 10;
    private static final byte TRACED_CALL = 11;
    private static final byte PART = 12;

    /** Length, type and correlation id. */
    private static final int HEAD = 4 + 1 + 8;

    /** Before the bytes of a part. */
    static final int PART_HEAD = 4 + 1 + 1;

    private static final int PULSE = 8 + 8 + 8;

    private FrameCodec() {}

    /**
     * @throws IllegalArgumentException when a name is longer than the protocol allows
     */
    static byte[] encode(Frame frame) {
        if (frame instanceof Frame.Call call) {
            return encode(call);
        } else if (frame instanceof Frame.Result result) {
            return withJson(RESULT, result.correlationId(), result.json());
        } else if (frame instanceof Frame.Error error) {
            return withJson(ERROR, error.correlationId(), error.json());
        } else if (frame instanceof Frame.Refused refused) {
            byte[] text = text(refused.message());
            int hint = refused.comeBackMillis() > 0 ? 4 : 0;
            ByteBuffer out = start(REFUSED, refused.correlationId(), 1 + 2 + text.length + hint)
                    .put(code(refused.refusal()))
                    .putShort((short) text.length)
                    .put(text);
            return (hint > 0 ? out.putInt(refused.comeBackMillis()) : out).array();
        } else if (frame instanceof Frame.Unknown unknown) {
            byte[] text = text(unknown.message());
            return start(UNKNOWN, unknown.correlationId(), 1 + 2 + text.length)
                    .put((byte) (unknown.timedOut() ? 1 : 0))
                    .putShort((short) text.length)
                    .put(text)
                    .array();
        } else if (frame instanceof Frame.Cancelled cancelled) {
            return start(CANCELLED, cancelled.correlationId(), 0).array();
        } else if (frame instanceof Frame.Cancel cancel) {
            return start(CANCEL, cancel.correlationId(), 0).array();
        } else if (frame instanceof Frame.Ask ask) {
            return start(ASK, ask.correlationId(), 0).array();
        } else if (frame instanceof Frame.Heartbeat heartbeat) {
            byte[] beat = encode(heartbeat.report());
            return heartbeat.pulse() == null ? beat : withPulse(beat, heartbeat.pulse());
        } else if (frame instanceof Frame.Part part) {
            return part(part.bytes(), 0, part.bytes().length, part.last());
        }
        byte type = frame instanceof Frame.Ready ? READY : GO_AWAY;
        return ByteBuffer.allocate(5).putInt(1).put(type).array();
    }

    private static byte[] encode(Frame.Call call) {
        byte[] task = name(call.task(), MAX_NAME, "name of the task");
        byte[] signature = name(call.signature(), MAX_SIGNATURE, "signature of the task");
        byte[] taskId = name(call.taskId(), MAX_NAME, "task id");
        byte[] headers = TraceHeaders.encode(call.headers());
        int forHeaders = headers.length == 0 ? 0 : 2 + headers.length;
        ByteBuffer out = start(
                        headers.length == 0 ? CALL : TRACED_CALL,
                        call.correlationId(),
                        6
                                + task.length
                                + signature.length
                                + taskId.length
                                + 4
                                + 8
                                + 8
                                + forHeaders
                                + call.arguments().length)
                .putShort((short) task.length)
                .put(task)
                .putShort((short) signature.length)
                .put(signature)
                .putShort((short) taskId.length)
                .put(taskId)
                .putInt(call.attempt())
                .putLong(call.epoch())
                .putLong(call.remainingMillis());
        if (headers.length > 0) {
            out.putShort((short) headers.length).put(headers);
        }
        return out.put(call.arguments()).array();
    }

    private static byte[] encode(NodeReport report) {
        List<byte[]> names = new ArrayList<>();
        int size = 1 + 8 + 8 + 8 + 8 + 4 + 2;
        for (NodeReport.RunningTask task : report.running()) {
            byte[] name = name(task.task(), MAX_NAME, "name of the task");
            byte[] taskId = name(task.taskId(), MAX_NAME, "task id");
            names.add(name);
            names.add(taskId);
            size += 2 + name.length + 2 + taskId.length + 8;
        }
        byte[] fitness = fitness(report);
        size += fitness.length;
        ByteBuffer out = ByteBuffer.allocate(4 + size)
                .putInt(size)
                .put(HEARTBEAT)
                .putLong(report.uptimeMillis())
                .putDouble(report.load())
                .putLong(report.heapUsed())
                .putLong(report.heapMax())
                .putInt(report.inFlight())
                .putShort((short) report.running().size());
        for (int i = 0; i < report.running().size(); i++) {
            byte[] name = names.get(2 * i);
            byte[] taskId = names.get(2 * i + 1);
            out.putShort((short) name.length)
                    .put(name)
                    .putShort((short) taskId.length)
                    .put(taskId)
                    .putLong(report.running().get(i).runningMillis());
        }
        return out.put(fitness).array();
    }

    /** Some bytes of an encoded frame as one that travels by itself. */
    static byte[] part(byte[] frame, int offset, int length, boolean last) {
        return ByteBuffer.allocate(PART_HEAD + length)
                .putInt(PART_HEAD - 4 + length)
                .put(PART)
                .put((byte) (last ? 1 : 0))
                .put(frame, offset, length)
                .array();
    }

    /** The heartbeat without a pulse, which all links share, with that of one link. */
    static byte[] withPulse(byte[] heartbeat, Frame.Pulse pulse) {
        int size = heartbeat.length + PULSE;
        return ByteBuffer.allocate(size)
                .put(heartbeat)
                .putInt(0, size - 4)
                .putLong(pulse.sent())
                .putLong(pulse.echo())
                .putLong(pulse.held())
                .array();
    }

    /** Whether the node is suspect and what is overdue: the second part of a heartbeat. */
    private static byte[] fitness(NodeReport report) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        String suspect = report.suspect();
        bytes.write(suspect == null ? 0 : 1);
        putText(bytes, text(suspect == null ? "" : suspect));
        bytes.write(report.overdue().size() >> 8);
        bytes.write(report.overdue().size());
        for (Overdue entry : report.overdue()) {
            putText(bytes, name(entry.task(), MAX_NAME, "name of the task"));
            putText(bytes, name(entry.taskId(), MAX_NAME, "task id"));
            putText(bytes, name(entry.nodeId(), MAX_NODE_ID, "node id"));
            bytes.writeBytes(
                    ByteBuffer.allocate(8).putLong(entry.runningMillis()).array());
        }
        return bytes.toByteArray();
    }

    private static void putText(ByteArrayOutputStream bytes, byte[] text) {
        bytes.write(text.length >> 8);
        bytes.write(text.length);
        bytes.writeBytes(text);
    }

    private static byte[] withJson(byte type, long correlationId, byte[] json) {
        return start(type, correlationId, json.length).put(json).array();
    }

    private static ByteBuffer start(byte type, long correlationId, int rest) {
        return ByteBuffer.allocate(HEAD + rest)
                .putInt(HEAD - 4 + rest)
                .put(type)
                .putLong(correlationId);
    }

    private static byte[] name(String value, int max, String what) {
        byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
        if (bytes.length > max) {
            throw new IllegalArgumentException(
                    "The " + what + " has " + bytes.length + " bytes; " + max + " can travel");
        }
        return bytes;
    }

    /** Messages for people are cut rather than refused. */
    private static byte[] text(String value) {
        byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
        if (bytes.length <= MAX_TEXT) {
            return bytes;
        }
        int end = MAX_TEXT / 4;
        if (Character.isHighSurrogate(value.charAt(end - 1))) {
            end--;
        }
        return value.substring(0, end).getBytes(StandardCharsets.UTF_8);
    }

    /** Reads all frames of a message, from the buffer's position to its limit. */
    static List<Frame> decodeAll(ByteBuffer in) throws MalformedFrameException {
        List<Frame> frames = new ArrayList<>(2);
        do {
            need(in, 5, "frame");
            int length = in.getInt();
            if (length < 1 || length > in.remaining()) {
                throw new MalformedFrameException("length of a frame");
            }
            frames.add(decode(in.slice(in.position(), length)));
            in.position(in.position() + length);
        } while (in.hasRemaining());
        return frames;
    }

    private static Frame decode(ByteBuffer in) throws MalformedFrameException {
        byte type = in.get();
        Frame frame =
                switch (type) {
                    case READY -> new Frame.Ready();
                    case CALL -> call(in, false);
                    case TRACED_CALL -> call(in, true);
                    case RESULT -> new Frame.Result(correlationId(in), rest(in));
                    case ERROR -> new Frame.Error(correlationId(in), rest(in));
                    case REFUSED -> refused(in);
                    case UNKNOWN -> new Frame.Unknown(correlationId(in), bool(in), string(in, MAX_TEXT));
                    case CANCELLED -> new Frame.Cancelled(correlationId(in));
                    case CANCEL -> new Frame.Cancel(correlationId(in));
                    case HEARTBEAT -> heartbeat(in);
                    case GO_AWAY -> new Frame.GoAway();
                    case ASK -> new Frame.Ask(correlationId(in));
                    case PART -> new Frame.Part(bool(in), rest(in));
                    default -> throw new MalformedFrameException("unknown type of frame");
                };
        if (in.hasRemaining()) {
            throw new MalformedFrameException("bytes after a frame's end");
        }
        return frame;
    }

    private static Frame call(ByteBuffer in, boolean traced) throws MalformedFrameException {
        long correlationId = correlationId(in);
        String task = string(in, MAX_NAME);
        String signature = string(in, MAX_SIGNATURE);
        String taskId = string(in, MAX_NAME);
        need(in, 4 + 8 + 8, "call");
        int attempt = in.getInt();
        if (attempt < 1) {
            throw new MalformedFrameException("number of an attempt");
        }
        long epoch = in.getLong();
        long remainingMillis = in.getLong();
        Map<String, String> headers = traced ? headers(in) : Map.of();
        return new Frame.Call(
                correlationId, task, signature, taskId, attempt, epoch, remainingMillis, headers, rest(in));
    }

    private static Map<String, String> headers(ByteBuffer in) throws MalformedFrameException {
        need(in, 2, "call");
        int length = Short.toUnsignedInt(in.getShort());
        need(in, length, "call");
        ByteBuffer headers = in.slice(in.position(), length);
        in.position(in.position() + length);
        return TraceHeaders.decode(headers);
    }

    private static Frame.Refused refused(ByteBuffer in) throws MalformedFrameException {
        long correlationId = correlationId(in);
        Refusal refusal = refusal(in);
        String message = string(in, MAX_TEXT);
        int comeBackMillis = 0;
        if (in.hasRemaining()) {
            need(in, 4, "refusal");
            comeBackMillis = in.getInt();
        }
        if (comeBackMillis < 0) {
            throw new MalformedFrameException("time to come back");
        }
        return new Frame.Refused(correlationId, refusal, comeBackMillis, message);
    }

    private static Frame heartbeat(ByteBuffer in) throws MalformedFrameException {
        NodeReport report = report(in);
        Frame.Pulse pulse = in.remaining() >= PULSE ? new Frame.Pulse(in.getLong(), in.getLong(), in.getLong()) : null;
        // What a later version adds is not understood here, and does no harm.
        in.position(in.limit());
        return new Frame.Heartbeat(report, pulse);
    }

    private static NodeReport report(ByteBuffer in) throws MalformedFrameException {
        need(in, 8 + 8 + 8 + 8 + 4 + 2, "heartbeat");
        long uptime = in.getLong();
        double load = in.getDouble();
        long heapUsed = in.getLong();
        long heapMax = in.getLong();
        int inFlight = in.getInt();
        int count = Short.toUnsignedInt(in.getShort());
        if (count > NodeReport.MAX_RUNNING) {
            throw new MalformedFrameException("number of running tasks");
        }
        List<NodeReport.RunningTask> running = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            String task = string(in, MAX_NAME);
            String taskId = string(in, MAX_NAME);
            need(in, 8, "running task");
            running.add(new NodeReport.RunningTask(task, taskId, in.getLong()));
        }
        if (!in.hasRemaining()) {
            // From a node that knows nothing of suspicion.
            return new NodeReport(uptime, load, heapUsed, heapMax, inFlight, running, null, List.of());
        }
        boolean suspected = bool(in);
        String reason = string(in, MAX_TEXT);
        List<Overdue> overdue = overdue(in);
        return new NodeReport(uptime, load, heapUsed, heapMax, inFlight, running, suspected ? reason : null, overdue);
    }

    private static List<Overdue> overdue(ByteBuffer in) throws MalformedFrameException {
        need(in, 2, "heartbeat");
        int count = Short.toUnsignedInt(in.getShort());
        if (count > NodeReport.MAX_RUNNING) {
            throw new MalformedFrameException("number of overdue tasks");
        }
        List<Overdue> overdue = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            String task = string(in, MAX_NAME);
            String taskId = string(in, MAX_NAME);
            String nodeId = string(in, MAX_NODE_ID);
            need(in, 8, "overdue task");
            overdue.add(new Overdue(task, taskId, nodeId, in.getLong()));
        }
        return overdue;
    }

    private static long correlationId(ByteBuffer in) throws MalformedFrameException {
        need(in, 8, "correlation id");
        return in.getLong();
    }

    private static boolean bool(ByteBuffer in) throws MalformedFrameException {
        need(in, 1, "flag");
        return switch (in.get()) {
            case 0 -> false;
            case 1 -> true;
            default -> throw new MalformedFrameException("flag");
        };
    }

    private static byte[] rest(ByteBuffer in) {
        byte[] bytes = new byte[in.remaining()];
        in.get(bytes);
        return bytes;
    }

    /** A length of two bytes and as many bytes of well-formed UTF-8. */
    static String string(ByteBuffer in, int max) throws MalformedFrameException {
        need(in, 2, "text");
        int length = Short.toUnsignedInt(in.getShort());
        if (length > max || length > in.remaining()) {
            throw new MalformedFrameException("length of a text");
        }
        byte[] bytes = new byte[length];
        in.get(bytes);
        String text = new String(bytes, StandardCharsets.UTF_8);
        // What is not UTF-8 has been replaced; a replacement that was sent is written as the very same bytes again.
        if (text.indexOf('\uFFFD') >= 0 && !Arrays.equals(bytes, text.getBytes(StandardCharsets.UTF_8))) {
            throw new MalformedFrameException("text that is not UTF-8");
        }
        return text;
    }

    static void need(ByteBuffer in, int bytes, String what) throws MalformedFrameException {
        if (in.remaining() < bytes) {
            throw new MalformedFrameException("truncated " + what);
        }
    }

    /** Codes of the wire, which stay as they are when the enum grows or is reordered. */
    private static byte code(Refusal refusal) {
        return switch (refusal) {
            case BUSY -> 1;
            case DRAINING -> 2;
            case NOT_MASTER -> 3;
            case STALE_EPOCH -> 4;
            case NOT_ACCEPTING -> 5;
            case UNKNOWN_TASK -> 6;
            case BAD_ARGUMENTS -> 7;
            case TOO_LATE -> 8;
            case SUSPECT -> 9;
            case NOT_RECEIVED -> 10;
        };
    }

    private static Refusal refusal(ByteBuffer in) throws MalformedFrameException {
        need(in, 1, "refusal");
        return switch (in.get()) {
            case 1 -> Refusal.BUSY;
            case 2 -> Refusal.DRAINING;
            case 3 -> Refusal.NOT_MASTER;
            case 4 -> Refusal.STALE_EPOCH;
            case 5 -> Refusal.NOT_ACCEPTING;
            case 6 -> Refusal.UNKNOWN_TASK;
            case 7 -> Refusal.BAD_ARGUMENTS;
            case 8 -> Refusal.TOO_LATE;
            case 9 -> Refusal.SUSPECT;
            case 10 -> Refusal.NOT_RECEIVED;
            default -> throw new MalformedFrameException("code of a refusal");
        };
    }
}
