package org.hatask.execute;

import com.code_intelligence.jazzer.junit.DictionaryEntries;
import com.code_intelligence.jazzer.junit.FuzzTest;
import java.math.BigInteger;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.hatask.HaTask;

/** Arguments, results and errors from the wire are values of the declared types or refused as such. */
class ArgumentFuzz {

    enum Side {
        BUY,
        SELL
    }

    record Trade(String id, Side side, double price, Instant at, Optional<BigInteger> size, List<Trade> legs) {}

    static class Desk {
        @HaTask
        public Trade book(Trade trade, int count, Map<String, List<Long>> others, String text) {
            return trade;
        }
    }

    private static final ArgumentCodec CODEC = new JacksonArgumentCodec(1024 * 1024);
    private static final TaskDefinition BOOK = Tasks.of(Desk.class, "book");

    @DictionaryEntries({
        "{\"id\":\"a\",\"side\":\"BUY\",\"price\":1e3,\"at\":\"2026-01-01T00:00:00Z\",\"size\":1,\"legs\":[]}",
        "null",
        "[null,1,{},null]",
        "\"types\":[\"java.lang.Error\"]",
        "\"message\":"
    })
    @FuzzTest(maxDuration = "60s")
    void jsonIsUnderstoodOrRefused(byte[] input) {
        try {
            Object[] arguments = CODEC.readArguments(BOOK, input);
            if (arguments[0] != null && !(arguments[0] instanceof Trade)
                    || !(arguments[1] instanceof Integer)
                    || arguments[2] != null && !(arguments[2] instanceof Map)
                    || arguments[3] != null && !(arguments[3] instanceof String)) {
                throw new AssertionError("another type than declared");
            }
            CODEC.readArguments(BOOK, CODEC.writeArguments(BOOK, arguments));
        } catch (CodecException e) {
            checkMessage(e);
        }
        try {
            Object result = CODEC.readResult(BOOK, input);
            if (result != null && !(result instanceof Trade)) {
                throw new AssertionError("another type than declared");
            }
        } catch (CodecException e) {
            checkMessage(e);
        }
        try {
            CODEC.readError(BOOK, input, "n2");
        } catch (CodecException e) {
            checkMessage(e);
        }
    }

    private static void checkMessage(CodecException e) {
        if (e.getMessage().lines().count() != 1) {
            throw new AssertionError("a message of several lines", e);
        }
    }
}
