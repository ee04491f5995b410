package org.hatask;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.security.config.Customizer;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.config.annotation.web.configurers.CsrfConfigurer;
import org.springframework.security.web.SecurityFilterChain;

/** An operator's commands over HTTP, in an application with users. */
@Timeout(120)
class OperatorEndpointTest {

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    static class Application {

        @Bean
        SecurityFilterChain security(HttpSecurity http) throws Exception {
            return http.authorizeHttpRequests(requests -> requests.anyRequest().authenticated())
                    .httpBasic(Customizer.withDefaults())
                    .csrf(CsrfConfigurer::disable)
                    .build();
        }
    }

    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static TestNodes nodes;

    @BeforeAll
    static void start() throws Exception {
        nodes = new TestNodes(
                        Application.class,
                        "management.endpoint.ha.access=unrestricted",
                        "spring.security.user.name=alice",
                        "spring.security.user.password=secret")
                .startAll("n1", "n2");
    }

    @AfterAll
    static void stop() throws Exception {
        nodes.close();
    }

    private static HttpRequest.Builder request(String node, String path) {
        String credentials = Base64.getEncoder().encodeToString("alice:secret".getBytes(StandardCharsets.UTF_8));
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + nodes.port(node) + path))
                .header("Authorization", "Basic " + credentials)
                .header("Content-Type", "application/json");
    }

    private static HttpResponse<String> post(String node, String body) throws Exception {
        return HTTP.send(
                request(node, "/actuator/ha")
                        .POST(HttpRequest.BodyPublishers.ofString(body))
                        .build(),
                BodyHandlers.ofString());
    }

    private static JsonNode json(HttpResponse<String> response) throws Exception {
        return new ObjectMapper().readTree(response.body());
    }

    @Test
    void aPromotionIsDoneWhenItIsAnsweredAndStandsInTheHistoryWithWhoWhenWhyAndResult() throws Exception {
        String next = nodes.workerIds().get(0);
        String old = nodes.masterId();

        HttpResponse<String> response = post(
                old, "{\"action\": \"promote\", \"node\": \"" + next + "\", \"why\": \"maintenance of the rack\"}");

        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        assertThat(json(response).path("result").asText()).isEqualTo("DONE");
        await().atMost(TestNodes.PATIENCE).until(() -> nodes.masterId().equals(next));
        String id = json(response).path("id").asText();
        await().atMost(TestNodes.PATIENCE).until(() -> action(next, id).isObject());
        JsonNode action = action(next, id);
        assertThat(action.path("kind").asText()).isEqualTo("PROMOTE");
        assertThat(action.path("node").asText()).isEqualTo(next);
        assertThat(action.path("by").asText()).isEqualTo("alice");
        assertThat(action.path("why").asText()).isEqualTo("maintenance of the rack");
        assertThat(action.path("via").asText()).isEqualTo(old);
        assertThat(action.path("at").asText()).startsWith("20");
        assertThat(action.path("result").asText()).isEqualTo("DONE");
        await().atMost(TestNodes.PATIENCE).untilAsserted(() -> {
            JsonNode changes = history(next).path("history");
            assertThat(changes.path(changes.size() - 1).path("cause").asText())
                    .isEqualTo("hand-over by " + old + ": promotion of " + next + " by alice");
        });
    }

    private static JsonNode history(String node) throws Exception {
        return json(HTTP.send(request(node, "/actuator/ha/history").GET().build(), BodyHandlers.ofString()));
    }

    private static JsonNode action(String node, String id) throws Exception {
        for (JsonNode action : history(node).path("actions")) {
            if (action.path("id").asText().equals(id)) {
                return action;
            }
        }
        return MissingNode.getInstance();
    }

    @Test
    void whatCannotBeIsRefusedAndSaysWhy() throws Exception {
        HttpResponse<String> unknown = post("n1", "{\"action\": \"promote\", \"node\": \"n7\"}");

        assertThat(unknown.statusCode()).isEqualTo(409);
        assertThat(json(unknown).path("result").asText()).isEqualTo("REFUSED");
        assertThat(json(unknown).path("message").asText()).contains("no member n7");
        HttpResponse<String> stale = post("n1", "{\"action\": \"promote\", \"node\": \"n2\", \"epoch\": 99}");
        assertThat(stale.statusCode()).isEqualTo(409);
        assertThat(json(stale).path("message").asText()).contains("epoch 99");
    }

    @Test
    void whatCannotBeUnderstoodIsAnsweredWithWhatItMustBe() throws Exception {
        HttpResponse<String> noAction = post("n1", "{\"node\": \"n2\"}");
        HttpResponse<String> nonsense = post("n1", "{\"action\": \"explode\", \"node\": \"n2\"}");
        HttpResponse<String> noNode = post("n1", "{\"action\": \"drain\"}");

        for (HttpResponse<String> response : List.of(noAction, nonsense)) {
            assertThat(response.statusCode()).as(response.body()).isEqualTo(400);
            assertThat(json(response).path("message").asText()).contains("promote, demote, drain, resume");
        }
        assertThat(noNode.statusCode()).isEqualTo(400);
        assertThat(json(noNode).path("message").asText()).contains("'node' must be the id");
    }

    @Test
    void strangersGiveNoCommands() throws Exception {
        URI uri = URI.create("http://127.0.0.1:" + nodes.port("n1") + "/actuator/ha");
        HttpRequest post = HttpRequest.newBuilder(uri)
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString("{\"action\": \"drain\", \"node\": \"n2\"}"))
                .build();

        assertThat(HTTP.send(post, BodyHandlers.ofString()).statusCode()).isEqualTo(401);
    }
}
