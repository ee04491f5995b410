package org.hatask.durable;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class TransactionResultTest {

    private final TransactionResult<String> result = new TransactionResult<>("desk.report");

    @Test
    void whoIsToCommitMayNotWaitBefore() {
        for (CompletableFuture<String> each : List.of(result, result.thenApply(text -> text + "!"))) {
            assertThatIllegalStateException().isThrownBy(each::join).withMessageContaining("desk.report");
            assertThatIllegalStateException().isThrownBy(each::get).withMessageContaining("afterwards");
            assertThatIllegalStateException().isThrownBy(() -> each.get(1, TimeUnit.MINUTES));
        }
    }

    @Test
    void othersMayAndWhoHasCommittedAsWell() {
        CompletableFuture<String> waiting = CompletableFuture.supplyAsync(result::join);
        CompletableFuture<String> more = result.thenApply(text -> text + "!");

        result.transactionIsOver();
        result.completeOnTimeout("done", 10, TimeUnit.MILLISECONDS);

        assertThat(more.join()).isEqualTo("done!");
        assertThat(waiting).succeedsWithin(Duration.ofSeconds(20)).isEqualTo("done");
    }

    @Test
    void whatIsCompleteIsToldAtOnce() {
        result.complete("done");

        assertThat(result.join()).isEqualTo("done");
    }
}
