package org.hatask.sample.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class LoadTest {

    private static final Duration PAUSE = Duration.ofMillis(5);

    private FakeNode first;
    private FakeNode second;
    private Rotation rotation;
    private Load load;

    @BeforeEach
    void start() throws IOException {
        first = new FakeNode("n1").answering(200, "{\"price\": 2.5, \"number\": 1, \"epoch\": 1, \"node\": \"n1\"}");
        second = new FakeNode("n2").answering(200, "{\"price\": 2.5, \"number\": 1, \"epoch\": 1, \"node\": \"n2\"}");
        rotation = new Rotation(List.of(first.target(), second.target()));
        load = new Load(rotation, new DeskClient(Duration.ofSeconds(20)), List.of("OPT-1", "OPT-2"));
    }

    @AfterEach
    void stop() {
        load.close();
        rotation.close();
        first.close();
        second.close();
    }

    @Test
    void callersStayWithTheirHomeNode() {
        load.pricing(2, PAUSE);
        await(() -> ranOn("n1") > 5 && ranOn("n2") > 5);
        assertThat(load.valued()).isEqualTo(2);
        assertThat(load.differing()).isEmpty();
    }

    @Test
    void callerWhoseNodeDiesSendsToAnother() {
        load.pricing(1, PAUSE).booking(1, PAUSE);
        await(() -> ranOn("n1") > 5);
        first.close();
        await(() -> ranOn("n2") > 5);
        load.close();
        assertThat(load.calls()).noneMatch(Load.Call::failed).anyMatch(call -> call.resends() > 0);
        assertThat(load.acknowledged()).isNotEmpty();
    }

    @Test
    void whatAServerAnswersWhileItPausesHasReachedNobody() {
        load.pricing(1, PAUSE).booking(1, PAUSE);
        await(() -> ranOn("n1") > 5);
        first.answering(400, "<html><h1>HTTP Status 400</h1></html>");
        await(() -> ranOn("n2") > 5);
        load.close();
        assertThat(load.calls()).noneMatch(Load.Call::failed).anyMatch(call -> call.resends() > 0);
    }

    @Test
    void refusedBookingIsSentAgainAndRefusedValuationHasFailed() {
        first.answering(503, "{\"title\": \"no master\"}");
        load.booking(1, PAUSE).pricing(1, PAUSE);
        await(() -> first.calls() > 5);
        first.answering(200, "{\"number\": 1, \"epoch\": 2, \"node\": \"n1\"}");
        await(() -> !load.acknowledged().isEmpty());
        assertThat(load.refusals()).containsKey("503 no master");
        assertThat(load.calls())
                .anyMatch(call -> call.kind() == Load.Kind.PRICE && call.failed())
                .noneMatch(call -> call.kind() == Load.Kind.BOOK && call.failed());
    }

    @Test
    void bookingWithAnotherErrorHasFailed() {
        first.answering(500, "{\"title\": \"boom\"}");
        load.booking(1, PAUSE);
        await(() -> load.calls().stream().anyMatch(call -> call.failure().contains("500")));
        assertThat(load.acknowledged()).isEmpty();
    }

    @Test
    void differentValueOfAnotherNodeIsNoticed() {
        second.answering(200, "{\"price\": 2.6, \"node\": \"n2\"}");
        load.pricing(2, PAUSE);
        await(() -> load.differing().size() == 2);
    }

    private long ranOn(String node) {
        return load.calls().stream().filter(call -> call.ranOn().equals(node)).count();
    }

    private static void await(BooleanSupplier condition) {
        assertThat(Waiting.until(Duration.ofSeconds(20), condition)).isTrue();
    }
}
