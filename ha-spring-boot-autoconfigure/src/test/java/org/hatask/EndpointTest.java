package org.hatask;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Instant;
import java.util.List;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.boot.actuate.autoconfigure.security.servlet.ManagementWebSecurityAutoConfiguration;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.autoconfigure.security.servlet.SecurityAutoConfiguration;
import org.springframework.boot.autoconfigure.security.servlet.UserDetailsServiceAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** What an operator sees over HTTP, in an application that sets nothing. */
@Timeout(120)
class EndpointTest {

    static class Desk {
        @HaTask(role = Role.MASTER)
        public String price(String name) {
            return name;
        }

        @HaTask(role = Role.WORKER, balance = Balance.CONSISTENT_HASH)
        public String quote(@BalanceKey String name) {
            return name;
        }

        @HaTask(balance = Balance.LEAST_ACTIVE, retry = @Retry(maxAttempts = 2, delay = "1ms"))
        public String fail() throws IOException {
            throw new IOException("no");
        }
    }

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration(
            exclude = {
                SecurityAutoConfiguration.class,
                ManagementWebSecurityAutoConfiguration.class,
                UserDetailsServiceAutoConfiguration.class
            })
    static class Application {
        @Bean
        Desk desk() {
            return new Desk();
        }
    }

    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static TestNodes nodes;

    @BeforeAll
    static void start() throws Exception {
        nodes = new TestNodes(Application.class).startAll("n1", "n2");
    }

    @AfterAll
    static void stop() throws Exception {
        nodes.close();
    }

    private static HttpResponse<String> get(String path) throws IOException, InterruptedException {
        URI uri = URI.create("http://127.0.0.1:" + nodes.port("n1") + path);
        return HTTP.send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString());
    }

    private static JsonNode json(String path) throws IOException, InterruptedException {
        HttpResponse<String> response = get(path);
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        return new ObjectMapper().readTree(response.body());
    }

    @Test
    void theWholeReportShowsWhoLeadsAndWhoTakesPart() throws Exception {
        nodes.bean("n1", Desk.class).price("x");
        nodes.bean("n2", Desk.class).price("x");
        await().atMost(TestNodes.PATIENCE)
                .until(() -> !json("/actuator/ha/history").path("history").isEmpty());

        JsonNode ha = json("/actuator/ha");

        assertThat(ha.path("cluster").asText()).isEqualTo("test");
        assertThat(ha.path("topology").asText()).isEqualTo("cluster");
        assertThat(ha.path("node").path("id").asText()).isEqualTo("n1");
        assertThat(ha.path("node").path("state").asText()).isEqualTo("UP");
        assertThat(ha.path("node").path("uri").asText()).isEqualTo("http://127.0.0.1:" + nodes.port("n1"));
        assertThat(ha.path("master").path("id").asText()).isEqualTo(nodes.masterId());
        assertThat(ha.path("master").path("epoch").asLong()).isEqualTo(1);
        assertThat(ha.path("members").findValuesAsText("id")).containsExactly("n1", "n2");
        assertThat(ha.path("members").get(0).path("health").path("status").asText())
                .isEqualTo("UP");
        JsonNode task = StreamSupport.stream(ha.path("tasks").spliterator(), false)
                .filter(each -> each.path("name").asText().equals("desk.price"))
                .findFirst()
                .orElseThrow();
        assertThat(task.path("role").asText()).isEqualTo("MASTER");
        assertThat(task.path("method").asText()).endsWith("Desk.price");
        assertThat(task.path("calls").asLong()).isPositive();
        assertThat(task.path("p99Millis").asDouble()).isPositive();
        assertThat(ha.path("coordination").path("state").asText()).isEqualTo("CONNECTED");
        assertThat(ha.path("coordination").path("sessionTimeout").asText()).isEqualTo("PT6S");
        assertThat(ha.path("history").get(0).path("node").asText()).isEqualTo(nodes.masterId());
        assertThat(ha.path("history").get(0).path("cause").asText()).isNotBlank();
    }

    @Test
    void theMembersLoadIsKnownOverTheLink() {
        nodes.bean(nodes.workerIds().get(0), Desk.class).price("x");

        await().atMost(TestNodes.PATIENCE).until(() -> {
            JsonNode members = json("/actuator/ha").path("members");
            return members.get(0).path("inFlight").isInt()
                    && members.get(1).path("inFlight").isInt();
        });
    }

    @Test
    void everySectionCanBeReadAlone() throws Exception {
        for (String section : List.of(
                "cluster",
                "topology",
                "architecture",
                "node",
                "master",
                "members",
                "tasks",
                "coordination",
                "history")) {
            assertThat(json("/actuator/ha/" + section)).as(section).isNotEmpty();
        }
        assertThat(get("/actuator/ha/nonsense").statusCode()).isEqualTo(404);
    }

    @Test
    void commandsAreNotTakenUnlessAccessIsWidened() throws Exception {
        URI uri = URI.create("http://127.0.0.1:" + nodes.port("n1") + "/actuator/ha");
        HttpRequest post = HttpRequest.newBuilder(uri)
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString("{\"action\": \"drain\", \"node\": \"n2\"}"))
                .build();

        assertThat(HTTP.send(post, BodyHandlers.ofString()).statusCode()).isEqualTo(405);
        assertThat(json("/actuator/ha/history").path("actions")).isEmpty();
    }

    @Test
    void whyATaskGoesWhereItGoesIsExplainedForEveryNode() throws Exception {
        String worker = nodes.workerIds().get(0);
        nodes.bean("n1", Desk.class).quote("x");

        JsonNode quote = json("/actuator/ha/explain/desk.quote?key=x");

        assertThat(quote.path("task").asText()).isEqualTo("desk.quote");
        assertThat(quote.path("role").asText()).isEqualTo("WORKER");
        assertThat(quote.path("strategy").asText()).isEqualTo("consistent-hash");
        assertThat(quote.path("key").asText()).isEqualTo("x");
        assertThat(quote.path("scoreMeaning").asText()).contains("highest");
        assertThat(quote.path("nodes")).hasSize(2).allSatisfy(node -> {
            boolean candidate = node.path("id").asText().equals(worker);
            assertThat(node.path("candidate").asBoolean()).isEqualTo(candidate);
            if (candidate) {
                assertThat(node.path("score").asDouble()).isPositive();
                assertThat(node.path("excluded").isNull()).isTrue();
            } else {
                assertThat(node.path("excluded").asText()).contains("it is the master");
            }
        });
        JsonNode decision = quote.path("decisions").get(0);
        assertThat(decision.path("node").asText()).isEqualTo(worker);
        assertThat(decision.path("candidates").asInt()).isOne();
        assertThat(decision.path("reason").asText()).isEqualTo("the only candidate");
        assertThat(decision.path("attempt").asInt()).isOne();
        assertThat(decision.path("outcome").asText()).isEqualTo("SUCCEEDED");
        assertThat(Instant.parse(decision.path("at").asText()))
                .isBetween(Instant.now().minusSeconds(120), Instant.now());
        assertThat(quote.path("retryBudget").path("available").asDouble()).isPositive();
    }

    @Test
    void theLastDecisionsShowEveryAttempt() throws Exception {
        assertThatExceptionOfType(IOException.class)
                .isThrownBy(() -> nodes.bean("n1", Desk.class).fail());

        // A heartbeat may have seen them run.
        await().atMost(TestNodes.PATIENCE).untilAsserted(() -> assertThat(
                        json("/actuator/ha/explain/desk.fail").path("nodes"))
                .allSatisfy(node -> assertThat(node.path("score").asDouble()).isZero()));
        JsonNode fail = json("/actuator/ha/explain/desk.fail");
        JsonNode decisions = fail.path("decisions");
        assertThat(decisions).hasSize(2).allSatisfy(decision -> assertThat(
                        decision.path("outcome").asText())
                .isEqualTo("FAILED: java.io.IOException"));
        assertThat(decisions.get(1).path("reason").asText()).isEqualTo("least-active");
        assertThat(decisions.findValuesAsText("node")).containsExactlyInAnyOrder("n1", "n2");
        assertThat(decisions.findValuesAsText("taskId"))
                .hasSize(2)
                .containsOnly(decisions.get(0).path("taskId").asText());
    }

    @Test
    void onlyTasksThatThereAreCanBeExplained() throws Exception {
        assertThat(get("/actuator/ha/explain/desk.nothing").statusCode()).isEqualTo(404);
        assertThat(get("/actuator/ha/nonsense/desk.price").statusCode()).isEqualTo(404);
    }

    @Test
    void healthHasAContributor() throws Exception {
        assertThat(json("/actuator/health").path("status").asText()).isEqualTo("UP");
    }

    @Test
    void theLinkTellsStrangersNothing() throws Exception {
        HttpResponse<String> response = get("/ha/link");

        assertThat(response.statusCode()).isBetween(400, 499);
        assertThat(response.body()).isEmpty();
    }
}
