package org.hatask.sample.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ConfirmationAuditTest {

    private static final Map<Long, String> BOOK = Map.of(1L, "a", 2L, "b");

    @Test
    void bookThatIsConfirmedOnceIsKept() {
        assertThat(broken(BOOK, BOOK, Map.of("SUCCEEDED", 2L))).isEmpty();
        assertThat(broken(Map.of(), Map.of(), Map.of())).isEmpty();
    }

    @Test
    void tradeWithoutConfirmationIsFound() {
        assertThat(broken(BOOK, Map.of(1L, "a"), Map.of("SUCCEEDED", 2L)))
                .singleElement()
                .asString()
                .contains("every booked trade is confirmed: 1 [2]");
    }

    @Test
    void confirmationOfATradeThatIsNotThereOrOfAnotherOneIsFound() {
        assertThat(broken(BOOK, Map.of(1L, "a", 2L, "x", 3L, "c"), Map.of("SUCCEEDED", 2L)))
                .singleElement()
                .asString()
                .contains("not booked: 2 [2, 3]");
    }

    @Test
    void taskTooManyAndTaskThatDidNotSucceedAreFound() {
        assertThat(broken(BOOK, BOOK, Map.of("SUCCEEDED", 3L)))
                .singleElement()
                .asString()
                .contains("per trade");
        assertThat(broken(BOOK, BOOK, Map.of("SUCCEEDED", 1L, "PARKED", 1L)))
                .singleElement()
                .asString()
                .contains("PARKED=1");
    }

    private static List<String> broken(Map<Long, String> trades, Map<Long, String> confirmed, Map<String, Long> tasks) {
        Verdict verdict = new Verdict();
        new ConfirmationAudit(trades, confirmed, tasks).judge(verdict);
        return verdict.broken();
    }
}
