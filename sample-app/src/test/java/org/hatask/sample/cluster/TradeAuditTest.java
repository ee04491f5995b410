package org.hatask.sample.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.hatask.sample.cluster.TradeAudit.Row;
import org.junit.jupiter.api.Test;

class TradeAuditTest {

    @Test
    void cleanBookIsKept() {
        TradeAudit audit = new TradeAudit(List.of(row(1, "a", 1, "n1"), row(2, "b", 1, "n1"), row(3, "c", 2, "n2")));
        Verdict verdict = new Verdict();
        audit.judge(Map.of("a", 1L, "c", 3L), Set.of("a", "b", "c", "d"), verdict);
        assertThat(verdict.broken()).isEmpty();
        assertThat(verdict.allKept()).isTrue();
        assertThat(audit.writers()).containsEntry(1L, Set.of("n1")).containsEntry(2L, Set.of("n2"));
    }

    @Test
    void missingAndRepeatedNumbersAreFound() {
        assertThat(new TradeAudit(List.of(row(2, "a", 1, "n1"))).numbersOutOfLine())
                .containsExactly(2L);
        assertThat(new TradeAudit(List.of(row(1, "a", 1, "n1"), row(3, "b", 1, "n1"))).numbersOutOfLine())
                .containsExactly(3L);
        assertThat(new TradeAudit(List.of(row(1, "a", 1, "n1"), row(1, "b", 1, "n1"))).numbersOutOfLine())
                .containsExactly(1L);
    }

    @Test
    void doubledTradeIsFound() {
        assertThat(new TradeAudit(List.of(row(1, "a", 1, "n1"), row(2, "a", 1, "n1"))).doubled())
                .containsExactly("a");
    }

    @Test
    void lostTradeAndTradeUnderAnotherNumberAreFound() {
        TradeAudit audit = new TradeAudit(List.of(row(1, "a", 1, "n1")));
        assertThat(audit.lost(Map.of("a", 1L, "b", 2L))).containsExactly("b");
        assertThat(audit.lost(Map.of("a", 2L))).containsExactly("a");
    }

    @Test
    void olderEpochAfterANewerOneIsFound() {
        TradeAudit audit = new TradeAudit(List.of(row(1, "a", 2, "n2"), row(2, "b", 1, "n1"), row(3, "c", 2, "n2")));
        assertThat(audit.epochsOutOfOrder()).containsExactly(2L);
    }

    @Test
    void tradeThatNobodySentBreaksThePromise() {
        Verdict verdict = new Verdict();
        new TradeAudit(List.of(row(1, "x", 1, "n1"))).judge(Map.of(), Set.of(), verdict);
        assertThat(verdict.broken()).singleElement().asString().contains("nobody sent");
    }

    private static Row row(long number, String reference, long epoch, String node) {
        return new Row(number, reference, epoch, node, Instant.EPOCH);
    }
}
