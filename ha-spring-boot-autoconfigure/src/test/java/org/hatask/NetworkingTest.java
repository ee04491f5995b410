package org.hatask;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.hatask.link.LinkTransport;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.web.SecurityFilterChain;

/** Where an application listens and what stands before it: two nodes that find each other all the same. */
@Timeout(120)
class NetworkingTest {

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    static class Application {

        @Bean
        WhereDesk desk(HaCluster cluster) {
            return new WhereDesk(cluster);
        }

        @Bean
        SecurityFilterChain open(HttpSecurity http) throws Exception {
            return http.authorizeHttpRequests(requests -> requests.anyRequest().permitAll())
                    .build();
        }
    }

    @TempDir
    static Path directory;

    /**
     * @param address what the URI of each node must look like
     */
    record Setting(String name, String address, List<String> properties) {

        @Override
        public String toString() {
            return name;
        }
    }

    private static final Setting PATH = new Setting(
            "a context path", "http://127.0.0.1:\\d+/desk/eu-1", List.of("server.servlet.context-path=/desk/eu-1"));
    private static final Setting ADDRESS =
            new Setting("an address", "http://127.0.0.1:\\d+", List.of("server.address=127.0.0.1"));
    private static final Setting HOST = new Setting(
            "a host name beside the address",
            "http://localhost:\\d+",
            List.of("server.address=127.0.0.1", "ha.node.host=localhost"));
    private static final Setting MANAGEMENT = new Setting(
            "a management port",
            "http://127.0.0.1:\\d+",
            List.of("management.server.port=0", "management.server.address=127.0.0.1"));

    static Stream<Setting> settings() throws Exception {
        TestCertificates certificates =
                new TestCertificates(directory).authority("ca").issue("node", "ca", "ip:127.0.0.1,dns:localhost");
        List<String> tls = List.of(
                "server.ssl.key-store=" + certificates.keyStore("node"),
                "server.ssl.key-store-password=" + TestCertificates.PASSWORD,
                "server.ssl.trust-store=" + certificates.trustStore("ca"),
                "server.ssl.trust-store-password=" + TestCertificates.PASSWORD);
        List<String> everything = new ArrayList<>(tls);
        Stream.of(PATH, HOST, MANAGEMENT).map(Setting::properties).forEach(everything::addAll);
        everything.add("server.forward-headers-strategy=framework");
        return Stream.of(
                PATH,
                ADDRESS,
                HOST,
                MANAGEMENT,
                forwarded("framework"),
                forwarded("native"),
                new Setting("TLS", "https://127.0.0.1:\\d+", tls),
                new Setting("all of it at once", "https://localhost:\\d+/desk/eu-1", everything));
    }

    private static Setting forwarded(String strategy) {
        return new Setting(
                "forwarded headers, " + strategy,
                "http://127.0.0.1:\\d+",
                List.of("server.forward-headers-strategy=" + strategy));
    }

    @ParameterizedTest
    @MethodSource("settings")
    void nodesFindEachOther(Setting setting) throws Exception {
        try (TestNodes nodes =
                new TestNodes(Application.class, setting.properties().toArray(String[]::new))) {
            nodes.startAll("n1", "n2");

            for (String from : List.of("n1", "n2")) {
                WhereDesk.awaitCallsReach(nodes, from, "n1", "n2");
            }
            assertThat(nodes.bean("n1", HaCluster.class).members())
                    .allSatisfy(node -> assertThat(node.uri().toString()).matches(setting.address()));
            assertThat(nodes.bean("n1", LinkTransport.class).links()).anyMatch(link -> link.dialled());
            String managementPort = nodes.node("n1").getEnvironment().getProperty("local.management.port");
            if (setting.properties().contains("management.server.port=0")
                    && !setting.address().startsWith("https")) {
                assertThat(status("http://127.0.0.1:" + managementPort + "/actuator/ha"))
                        .isEqualTo(200);
                // Links are for the application's port alone.
                assertThat(status("http://127.0.0.1:" + managementPort + "/ha/link"))
                        .isEqualTo(404);
                assertThat(status("http://127.0.0.1:" + nodes.port("n1") + "/actuator/ha"))
                        .isEqualTo(404);
            }
        }
    }

    private static int status(String uri) throws Exception {
        return HttpClient.newHttpClient()
                .send(HttpRequest.newBuilder(URI.create(uri)).build(), BodyHandlers.discarding())
                .statusCode();
    }
}
