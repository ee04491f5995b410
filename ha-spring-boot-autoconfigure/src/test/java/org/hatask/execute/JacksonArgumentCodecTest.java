package org.hatask.execute;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.List;
import java.util.Map;
import org.hatask.HaTask;
import org.hatask.RemoteTaskException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JacksonArgumentCodecTest {

    record Trade(String id, LocalDate day, Instant at, Duration life, List<Long> parts) {}

    static class BookingException extends Exception {
        public BookingException(String message) {
            super(message);
        }
    }

    static class UnbuildableException extends RuntimeException {
        public UnbuildableException(int code) {
            super("code " + code);
        }
    }

    static class Desk {
        @HaTask
        public Trade book(Trade trade, int count, Map<String, Trade> others, String nothing) throws BookingException {
            return trade;
        }

        @HaTask
        public void nothing() throws UnbuildableException {}
    }

    private final ArgumentCodec codec = new JacksonArgumentCodec(16 * 1024 * 1024);
    private final TaskDefinition book = Tasks.of(Desk.class, "book");
    private final TaskDefinition nothing = Tasks.of(Desk.class, "nothing");
    private final Trade trade = new Trade(
            "a\"b€",
            LocalDate.of(2026, 2, 3),
            Instant.parse("2026-02-03T04:05:06.123456789Z"),
            Duration.ofMillis(1),
            List.of(1L));

    @Test
    void argumentsArriveAsTheyWere() {
        byte[] json = codec.writeArguments(book, new Object[] {trade, 3, Map.of("x", trade), null});

        assertThat(codec.readArguments(book, json)).containsExactly(trade, 3, Map.of("x", trade), null);
    }

    @Test
    void resultsArriveAsTheyWere() {
        assertThat(codec.readResult(book, codec.writeResult(book, trade))).isEqualTo(trade);
        assertThat(codec.readResult(book, codec.writeResult(book, null))).isNull();
        assertThat(codec.readResult(nothing, codec.writeResult(nothing, null))).isNull();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "[",
                "{}",
                "[]",
                "[null,3,{}]",
                "[null,null,{},null]",
                "[null,3,{},null,1]",
                "[1,3,{},null]",
                "null"
            })
    void argumentsThatDoNotFitAreRefused(String json) {
        assertThatExceptionOfType(CodecException.class)
                .isThrownBy(() -> codec.readArguments(book, json.getBytes(StandardCharsets.UTF_8)))
                .withMessageContaining("book");
    }

    @Test
    void declaredExceptionsComeBackAsTheirOwnType() {
        Outcome.Failed failed = overTheWire(book, new BookingException("no limit"));

        assertThat(failed.error()).isInstanceOf(BookingException.class).hasMessage("no limit");
        assertThat(failed.error().getCause())
                .isInstanceOfSatisfying(RemoteTaskException.class, remote -> assertThat(remote.nodeId())
                        .isEqualTo("n2"));
    }

    @Test
    void commonUncheckedExceptionsComeBackAsTheirOwnType() {
        assertThat(overTheWire(nothing, new IllegalStateException("shut")).error())
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("shut");
        assertThat(overTheWire(nothing, new NullPointerException()).error())
                .isInstanceOf(NullPointerException.class)
                .hasMessage(null);
    }

    static class SecretException extends RuntimeException {
        public SecretException(String message) {
            super(message);
        }
    }

    @Test
    void exceptionsNobodyDeclaredComeBackAsDataWithTheirTypes() {
        Outcome.Failed failed = overTheWire(nothing, new SecretException("hm"));

        assertThat(failed.typeNames()).startsWith(SecretException.class.getName(), RuntimeException.class.getName());
        assertThat(failed.error()).isInstanceOfSatisfying(RemoteTaskException.class, remote -> {
            assertThat(remote.typeName()).isEqualTo(SecretException.class.getName());
            assertThat(remote.nodeId()).isEqualTo("n2");
            assertThat(remote).hasMessageContaining("hm").hasMessageContaining("n2");
        });
    }

    @Test
    void anExceptionThatCannotBeMadeFromAMessageComesBackAsData() {
        assertThat(overTheWire(nothing, new UnbuildableException(7)).error())
                .isInstanceOf(RemoteTaskException.class)
                .hasMessageContaining("code 7");
    }

    @Test
    void aCheckedExceptionIsOnlyRebuiltForAMethodThatDeclaresIt() {
        assertThat(overTheWire(nothing, new BookingException("x")).error()).isInstanceOf(RemoteTaskException.class);
    }

    private Outcome.Failed overTheWire(TaskDefinition task, Throwable error) {
        return codec.readError(task, codec.writeError(Outcome.Failed.of(error)), "n2");
    }
}
