package org.hatask.sample.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.hatask.sample.cluster.MasterWatch.Sighting;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(300)
class PromotionIT extends ProcessTest {

    private static final int ROUNDS = 5;

    private final DeskClient operator = new DeskClient(Duration.ofSeconds(40));

    @Test
    void promotionsUnderLoadFailNoCallAndAreOneChangeOfMasterEach() throws IOException {
        startCluster(Duration.ofSeconds(6), "--management.endpoint.ha.access=unrestricted");
        Sighting begin = awaitAgreement();
        load.pricing(5, Duration.ofMillis(30)).booking(3, Duration.ofMillis(10));
        awaitBooking(begin.epoch(), Instant.now());
        List<Long> answered = new ArrayList<>();
        List<Long> stalls = new ArrayList<>();

        for (int round = 0; round < ROUNDS; round++) {
            Sighting master = awaitAgreement();
            String next = ids().stream()
                    .filter(id -> !id.equals(master.master()))
                    .skip(round % 2)
                    .findFirst()
                    .orElseThrow();
            // Any node takes the command: here one that is neither the old nor the new master.
            String via = ids().stream()
                    .filter(id -> !id.equals(next) && !id.equals(master.master()))
                    .findFirst()
                    .orElseThrow();
            Instant asked = Instant.now();
            DeskClient.Answer answer = operator.order(cluster.node(via).uri(), "promote", next);
            Instant done = Instant.now();
            assertThat(answer.status()).as(answer.body().toString()).isEqualTo(200);
            assertThat(answer.body().path("result").asText()).isEqualTo("DONE");
            Load.Call booked = awaitBooking(master.epoch() + 1, asked);
            assertThat(awaitAgreementAfter(master.epoch()).master()).isEqualTo(next);
            answered.add(Duration.between(asked, done).toMillis());
            stalls.add(Duration.between(asked, booked.end()).toMillis());
        }
        awaitValuations(100);
        stopLoadAndJudge();

        say(
                "FIGURE %d promotions under load: answered after %s ms, first booking of the new master after %s ms, no call"
                        + " failed",
                ROUNDS, answered, stalls);
        assertThat(awaitAgreement().epoch()).isEqualTo(begin.epoch() + ROUNDS);
    }
}
