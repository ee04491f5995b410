package org.hatask.zookeeper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.hatask.cluster.Master;
import org.hatask.cluster.MasterChange;
import org.hatask.cluster.Node;
import org.hatask.cluster.NodeState;
import org.hatask.cluster.NodeTasks;
import org.junit.jupiter.api.Test;

class RecordsTest {

    private static final Instant NOON = Instant.parse("2026-01-01T12:00:00Z");

    @Test
    void everythingLiesBelowTheClusterWithoutNamespace() {
        Paths paths = new Paths("desk");
        assertThat(paths.member("n1")).isEqualTo("/ha/desk/members/n1");
        assertThat(paths.master()).isEqualTo("/ha/desk/master");
        assertThat(paths.persistent()).startsWith("/ha", "/ha/desk").contains(paths.epoch(), paths.history());
    }

    @Test
    void recordsSurviveTheRoundTripAndInstantsAreReadable() {
        Node node = new Node("n1", "a", URI.create("http://h:1"), NodeState.UP, true, true, 3, null, NOON);
        assertThat(text(Records.write(node)))
                .contains("\"2026-01-01T12:00:00Z\"")
                .doesNotContain("zone");
        assertThat(Records.readNode(Records.write(node))).contains(node);

        Master master = new Master("n1", "a", 7, NOON, "first master");
        assertThat(Records.readMaster(Records.write(master))).contains(master);

        List<MasterChange> history =
                List.of(new MasterChange(7, "n1", "a", NOON, "first master", Duration.ofMillis(70)));
        assertThat(text(Records.write(history))).contains("\"PT0.07S\"");
        assertThat(Records.readHistory(Records.write(history))).isEqualTo(history);

        Records.Secret secret = new Records.Secret(new byte[] {1, 2}, NOON);
        assertThat(Records.readSecret(Records.write(secret)).orElseThrow().key())
                .containsExactly(1, 2);
    }

    @Test
    void aRecordTellsTheTasksInAFewBytes() {
        Map<String, String> signatures =
                Map.of("desk.price", "(java.lang.String)double", "desk.book", "(com.acme.Order)com.acme.Trade");
        Node node = node().withTasks(NodeTasks.of(signatures));

        byte[] json = Records.write(node);

        assertThat(text(json))
                .contains(
                        "\"tasks\":{\"desk.book\":" + "(com.acme.Order)com.acme.Trade".hashCode() + ",\"desk.price\":")
                .doesNotContain("acme");
        assertThat(Records.readNode(json)).contains(node);
        assertThat(Records.readNode(json).orElseThrow().lacks("desk.price", "(java.lang.String)double"))
                .isEmpty();
        assertThat(Records.readNode(json).orElseThrow().lacks("desk.price", "(int)double"))
                .contains("has another signature");
        assertThat(Records.readNode(json).orElseThrow().lacks("desk.value", "(int)double"))
                .contains("has no such task");
    }

    @Test
    void aRecordWithoutTasksComesFromAnOlderVersionAndSaysNothingAboutThem() {
        byte[] json = Records.write(node());

        assertThat(text(json)).doesNotContain("tasks");
        assertThat(Records.readNode(json).orElseThrow().lacks("desk.price", "(int)double"))
                .isEmpty();
    }

    @Test
    void tooManyTasksForARecordAreLeftOutByWhoWritesAndWhoReads() {
        Map<String, String> few = new HashMap<>();
        for (int i = 0; i < 500; i++) {
            few.put("pricing.task" + i, "()void");
        }
        assertThat(NodeTasks.of(few)).hasSize(500);
        Map<String, String> many = new HashMap<>(few);
        many.put("x".repeat(NodeTasks.MAX_BYTES), "()void");
        assertThat(NodeTasks.of(many)).isNull();

        Map<String, Integer> huge = new HashMap<>();
        many.keySet().forEach(name -> huge.put(name, 1));
        assertThat(Records.readNode(Records.write(node().withTasks(huge)))).contains(node());
    }

    @Test
    void tasksThatMakeNoSenseAreNoReasonToLoseTheMember() {
        String plain = text(Records.write(node()));
        for (String odd : List.of(
                "null",
                "7",
                "\"all\"",
                "[]",
                "[\"desk.price\"]",
                "{\"desk.price\":null}",
                "{\"desk.price\":{}}",
                "{\"desk.price\":\"12\"}",
                "{\"desk.price\":1.5}",
                "{\"desk.price\":99999999999999999999}")) {
            String json = plain.substring(0, plain.length() - 1) + ",\"tasks\":" + odd + "}";
            assertThat(Records.readNode(bytes(json))).as(odd).contains(node());
        }
    }

    private static Node node() {
        return new Node("n1", "a", URI.create("http://h:1"), NodeState.UP, true, true, 3, null, NOON);
    }

    @Test
    void unknownFieldsAreIgnored() {
        byte[] json = bytes(
                "{\"nodeId\":\"n1\",\"incarnation\":\"a\",\"epoch\":7,\"since\":\"2026-01-01T12:00:00Z\",\"cause\":\"c\",\"new\":{}}");
        assertThat(Records.readMaster(json)).map(Master::epoch).contains(7L);
    }

    @Test
    void whatIsNoRecordIsEmpty() {
        for (String text : List.of("", "hello", "{}", "[]", "null", "{\"nodeId\":3", "{\"id\":\"n1\"}")) {
            assertThat(Records.readNode(bytes(text))).isEmpty();
            assertThat(Records.readMaster(bytes(text))).isEmpty();
            assertThat(Records.readLease(bytes(text))).isEmpty();
            assertThat(Records.readSecret(bytes(text))).isEmpty();
            assertThat(Records.readHistory(bytes(text))).isEmpty();
        }
        assertThat(Records.readNode(null)).isEmpty();
    }

    @Test
    void aSessionShorterThanThreeTicksIsRefusedWithTheCure() {
        assertThatThrownBy(() -> settings("desk", Duration.ofSeconds(5), null))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("ha.zookeeper.session-timeout is 5000 ms")
                .hasMessageContaining("6000 ms")
                .hasMessageContaining("ha.zookeeper.tick-time");
        assertThatThrownBy(() -> settings("a/b", Duration.ofSeconds(6), null)).hasMessageContaining("ha.cluster");
        assertThatThrownBy(() -> settings("a", Duration.ofSeconds(6), "x")).hasMessageContaining("user:password");
    }

    @Test
    void settingsDoNotShowThePassword() {
        assertThat(settings("desk", Duration.ofSeconds(6), "ha:geheim").toString())
                .doesNotContain("geheim");
    }

    private static ZooKeeperSettings settings(String cluster, Duration session, String auth) {
        return new ZooKeeperSettings(
                cluster, "localhost:2181", session, Duration.ofSeconds(2), Duration.ofSeconds(2), auth);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static String text(byte[] json) {
        return new String(json, StandardCharsets.UTF_8);
    }
}
