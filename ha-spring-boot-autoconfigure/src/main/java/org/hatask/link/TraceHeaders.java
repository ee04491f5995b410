package org.hatask.link;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The headers of a trace as bytes and back: {@code byte length | name | short length | value}, one after the other. No call may
 * suffer from them, so what does not belong here is left out, when written and when read. Stateless.
 */
final class TraceHeaders {

    /** Twice as many as the W3C's formats need together, with their longest values. */
    static final int MAX_BYTES = 16 * 1024;

    static final int MAX_HEADERS = 16;
    static final int MAX_NAME = 255;
    static final int MAX_VALUE = 8192;

    private TraceHeaders() {}

    static byte[] encode(Map<String, String> headers) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(128);
        int count = 0;
        for (Map.Entry<String, String> header : headers.entrySet()) {
            String name = header.getKey();
            String value = header.getValue();
            if (count < MAX_HEADERS
                    && isHeader(name, value)
                    && out.size() + 1 + name.length() + 2 + value.length() <= MAX_BYTES) {
                count++;
                out.write(name.length());
                out.writeBytes(name.getBytes(StandardCharsets.US_ASCII));
                out.write(value.length() >> 8);
                out.write(value.length());
                out.writeBytes(value.getBytes(StandardCharsets.US_ASCII));
            }
        }
        return out.toByteArray();
    }

    /** Reads all of the buffer; none where it is something else. */
    static Map<String, String> decode(ByteBuffer in) {
        if (in.remaining() > MAX_BYTES) {
            return Map.of();
        }
        Map<String, String> headers = new LinkedHashMap<>();
        while (in.hasRemaining() && headers.size() < MAX_HEADERS) {
            String name = take(in, Byte.toUnsignedInt(in.get()));
            String value = in.remaining() < 2 ? null : take(in, Short.toUnsignedInt(in.getShort()));
            if (name == null || value == null) {
                return Map.of();
            }
            if (isHeader(name, value)) {
                headers.put(name, value);
            }
        }
        return headers;
    }

    private static @Nullable String take(ByteBuffer in, int length) {
        if (length > in.remaining()) {
            return null;
        }
        byte[] bytes = new byte[length];
        in.get(bytes);
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }

    /** Nothing but what may stand in a line of a log, where values of a trace can end. */
    private static boolean isHeader(String name, String value) {
        return !name.isEmpty()
                && name.length() <= MAX_NAME
                && value.length() <= MAX_VALUE
                && name.chars().allMatch(c -> c > ' ' && c < 0x7f)
                && value.chars().allMatch(c -> c >= ' ' && c < 0x7f);
    }
}
