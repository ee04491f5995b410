package org.hatask;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.List;
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
        JsonNode task = ha.path("tasks").get(0);
        assertThat(task.path("name").asText()).isEqualTo("desk.price");
        assertThat(task.path("role").asText()).isEqualTo("MASTER");
        assertThat(task.path("method").asText()).endsWith("Desk.price");
        assertThat(task.path("calls").asLong()).isPositive();
        assertThat(task.path("p99Millis").asDouble()).isPositive();
        assertThat(ha.path("coordination").path("state").asText()).isEqualTo("CONNECTED");
        assertThat(ha.path("coordination").path("sessionTimeout").asText()).isEqualTo("PT2S");
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
