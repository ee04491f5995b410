package org.hatask.sample.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BooleanSupplier;
import org.hatask.sample.cluster.MasterWatch.Sighting;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class MasterWatchTest {

    private final List<Sighting> told = new CopyOnWriteArrayList<>();
    private FakeNode first;
    private FakeNode second;
    private MasterWatch watch;

    @BeforeEach
    void start() throws IOException {
        first = new FakeNode("n1");
        second = new FakeNode("n2");
        watch = new MasterWatch(List.of(first.target(), second.target()), told::add);
    }

    @AfterEach
    void stop() {
        watch.close();
        first.close();
        second.close();
    }

    @Test
    void nodesAgreeWhenAllNameTheSameMaster() {
        first.sayingOfTheCluster(view("n1", "MASTER", "n1", 3));
        await(() -> watch.agreed(Set.of("n1")).isPresent());
        assertThat(watch.agreed(Set.of("n1", "n2"))).isEmpty();

        second.sayingOfTheCluster(view("n2", "WORKER", "n1", 3));
        await(() -> watch.agreed(Set.of("n1", "n2")).isPresent());
        assertThat(watch.agreed(Set.of("n1", "n2")).orElseThrow().since())
                .contains(Instant.parse("2026-01-01T00:00:00Z"));
    }

    @Test
    void newEpochIsToldOnce() {
        first.sayingOfTheCluster(view("n1", "MASTER", "n1", 3));
        second.sayingOfTheCluster(view("n2", "WORKER", "n1", 3));
        await(() -> watch.agreed(Set.of("n1", "n2")).isPresent());
        second.sayingOfTheCluster(view("n2", "MASTER", "n2", 4));
        await(() -> watch.after(3).isPresent() && told.size() == 2);
        assertThat(told).extracting(Sighting::epoch).containsExactly(3L, 4L);
        assertThat(watch.after(4)).isEmpty();
    }

    @Test
    void nodeThatGoesOnClaimingTheMastershipOfAnotherIsRemembered() {
        first.sayingOfTheCluster(view("n1", "MASTER", "n1", 3));
        second.sayingOfTheCluster(view("n2", "MASTER", "n1", 3));
        await(() -> watch.masters().getOrDefault(3L, Set.of()).size() == 2);
    }

    @Test
    void historyTellsOfMastersThatWereNotSeen() {
        first.sayingOfTheCluster(
                "{\"node\": {\"id\": \"n1\"}, \"master\": null, \"history\": [{\"epoch\": 2, \"node\": \"n9\"}]}");
        await(() -> watch.masters().equals(new java.util.TreeMap<>(java.util.Map.of(2L, Set.of("n9")))));
        assertThat(watch.agreed(Set.of("n1"))).isEmpty();
        assertThat(watch.history()).isNotNull();
    }

    private static String view(String self, String role, String master, long epoch) {
        return """
                {"node": {"id": "%s", "role": "%s"},
                 "master": {"id": "%s", "epoch": %d, "since": "2026-01-01T00:00:00Z"}, "history": []}""".formatted(self, role, master, epoch);
    }

    private static void await(BooleanSupplier condition) {
        assertThat(Waiting.until(Duration.ofSeconds(20), condition)).isTrue();
    }
}
