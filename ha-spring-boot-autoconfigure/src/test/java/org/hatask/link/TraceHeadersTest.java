package org.hatask.link;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What of a trace travels. */
class TraceHeadersTest {

    private static final String PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    private static Map<String, String> there(Map<String, String> headers) {
        return TraceHeaders.decode(ByteBuffer.wrap(TraceHeaders.encode(headers)));
    }

    @Test
    void headersArriveAsTheyWere() {
        Map<String, String> headers = new LinkedHashMap<>();
        headers.put("traceparent", PARENT);
        headers.put("tracestate", "a=1,b=2");
        headers.put("baggage", "x".repeat(TraceHeaders.MAX_VALUE));

        assertThat(there(headers)).isEqualTo(headers);
    }

    @Test
    void theirBytesAreTheDocumentedOnes() {
        assertThat(TraceHeaders.encode(Map.of("b3", "0")))
                .isEqualTo("\2b3\0\0010".getBytes(StandardCharsets.ISO_8859_1));
    }

    @ParameterizedTest
    @ValueSource(strings = {"line\nbreak", "\u007f", "\0", "ü"})
    void whatNoHeaderMayHoldStaysBehindAndTheOthersTravel(String odd) {
        assertThat(there(Map.of("traceparent", PARENT, "baggage", odd, odd, "x")))
                .isEqualTo(Map.of("traceparent", PARENT));
        byte[] forged = ("\1a\0\1x\1b\0" + (char) odd.length() + odd).getBytes(StandardCharsets.ISO_8859_1);
        assertThat(TraceHeaders.decode(ByteBuffer.wrap(forged))).isEqualTo(Map.of("a", "x"));
    }

    @Test
    void whatIsTooLongOrTooMuchStaysBehind() {
        Map<String, String> headers = new LinkedHashMap<>();
        headers.put("", "no name");
        headers.put("n".repeat(256), "a long name");
        headers.put("baggage", "x".repeat(TraceHeaders.MAX_VALUE + 1));
        headers.put("traceparent", PARENT);
        assertThat(there(headers)).isEqualTo(Map.of("traceparent", PARENT));

        Map<String, String> many = IntStream.range(0, 100).boxed().collect(Collectors.toMap(i -> "h" + i, i -> "x"));
        assertThat(there(many)).hasSize(TraceHeaders.MAX_HEADERS);

        Map<String, String> large = Map.of("a", "x".repeat(8000), "b", "x".repeat(8000), "c", "x".repeat(8000));
        assertThat(TraceHeaders.encode(large)).hasSizeLessThanOrEqualTo(TraceHeaders.MAX_BYTES);
        assertThat(there(large)).hasSize(2);
        assertThat(TraceHeaders.decode(ByteBuffer.allocate(TraceHeaders.MAX_BYTES + 1)))
                .isEmpty();
    }

    @Test
    void whatIsSomethingElseIsNoHeaders() {
        byte[] bytes = TraceHeaders.encode(Map.of("traceparent", PARENT));
        for (int length = 0; length < bytes.length; length++) {
            assertThat(TraceHeaders.decode(ByteBuffer.wrap(bytes, 0, length))).isEmpty();
        }
        Random random = new Random(4711);
        for (int i = 0; i < 20_000; i++) {
            byte[] noise = new byte[random.nextInt(60)];
            random.nextBytes(noise);
            assertThat(TraceHeaders.decode(ByteBuffer.wrap(noise)).size())
                    .isLessThanOrEqualTo(TraceHeaders.MAX_HEADERS);
        }
    }
}
