package org.hatask;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import org.hatask.cluster.OperatorAction.Kind;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.actuate.autoconfigure.security.reactive.ReactiveManagementWebSecurityAutoConfiguration;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.autoconfigure.security.reactive.ReactiveSecurityAutoConfiguration;
import org.springframework.boot.autoconfigure.security.reactive.ReactiveUserDetailsServiceAutoConfiguration;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.stereotype.Component;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import reactor.core.publisher.Mono;

/** Two applications of WebFlux on Netty below a base path, a primary and its cold backup. */
@Timeout(120)
class ReactiveApplicationTest {

    @Component
    @PrimaryOnly
    static class Desk {

        private final HaCluster cluster;

        Desk(HaCluster cluster) {
            this.cluster = cluster;
        }

        @HaTask
        public Mono<String> trade() {
            return Mono.fromSupplier(() -> cluster.self().id());
        }

        public String position() {
            return cluster.self().id();
        }
    }

    @RestController
    static class Page {

        private final Desk desk;

        Page(Desk desk) {
            this.desk = desk;
        }

        @GetMapping("/trade")
        Mono<String> trade() {
            return desk.trade();
        }

        @GetMapping("/position")
        Mono<String> position() {
            return Mono.fromCallable(desk::position);
        }
    }

    @RestController
    @PrimaryOnly
    static class MarkedPage {

        @GetMapping("/marked")
        public Mono<String> marked() {
            return Mono.just("marked");
        }
    }

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration(
            exclude = {
                ReactiveSecurityAutoConfiguration.class,
                ReactiveManagementWebSecurityAutoConfiguration.class,
                ReactiveUserDetailsServiceAutoConfiguration.class
            })
    @Import({Desk.class, Page.class, MarkedPage.class, OnNetty.class})
    static class Application {}

    private static final HttpClient HTTP = HttpClient.newHttpClient();

    private static TestNodes nodes;

    @BeforeAll
    static void start() throws Exception {
        nodes = new TestNodes(
                        Application.class,
                        OnNetty.REACTIVE,
                        "spring.webflux.base-path=desk/eu-1/",
                        "ha.topology=primary-backup",
                        "ha.standby=cold")
                .startAll("n1", "n2");
        nodes.lead("n1");
    }

    @AfterAll
    static void stop() throws Exception {
        nodes.close();
    }

    private static String get(String node, String path) throws Exception {
        var answer = HTTP.send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + nodes.port(node) + path))
                        .build(),
                BodyHandlers.ofString());
        return answer.statusCode() == 200 ? answer.body() : String.valueOf(answer.statusCode());
    }

    @Test
    void linksAreBelowTheBasePathAndNowhereElse() throws Exception {
        assertThat(nodes.bean("n2", HaCluster.class).self().uri()).hasPath("/desk/eu-1");

        await().atMost(TestNodes.PATIENCE)
                .until(() -> get("n2", "/desk/eu-1/trade").equals("n1"));

        assertThat(get("n1", "/desk/eu-1/ha/link")).isEqualTo("426");
        assertThat(get("n1", "/ha/link")).isEqualTo("404");
    }

    @ParameterizedTest
    @ValueSource(strings = {"position", "marked"})
    void whatTheBackupHasNotIsUnavailableThereUntilItIsPrimary(String page) throws Exception {
        String path = "/desk/eu-1/" + page;
        await().atMost(TestNodes.PATIENCE).until(() -> !get("n1", path).equals("503"));
        assertThat(get("n1", path)).isIn("n1", "marked");
        assertThat(get("n2", path)).isEqualTo("503");

        nodes.order("n1", Kind.PROMOTE, "n2");
        assertThat(get("n2", path)).isIn("n2", "marked");
        await().atMost(TestNodes.PATIENCE).until(() -> get("n1", path).equals("503"));
        nodes.lead("n1");
    }
}
