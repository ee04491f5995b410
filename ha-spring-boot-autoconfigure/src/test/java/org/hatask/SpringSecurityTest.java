package org.hatask;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import jakarta.servlet.DispatcherType;
import java.net.CookieManager;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import org.hatask.cluster.ClusterState;
import org.hatask.cluster.OperatorAction;
import org.hatask.link.LinkTransport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.boot.actuate.autoconfigure.security.servlet.EndpointRequest;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.http.HttpMethod;
import org.springframework.security.access.AccessDeniedException;
import org.springframework.security.access.prepost.PreAuthorize;
import org.springframework.security.authentication.AuthenticationCredentialsNotFoundException;
import org.springframework.security.authentication.TestingAuthenticationToken;
import org.springframework.security.config.Customizer;
import org.springframework.security.config.annotation.method.configuration.EnableMethodSecurity;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.core.context.SecurityContextHolder;
import org.springframework.security.core.userdetails.User;
import org.springframework.security.core.userdetails.UserDetailsService;
import org.springframework.security.provisioning.InMemoryUserDetailsManager;
import org.springframework.security.web.SecurityFilterChain;
import org.springframework.security.web.csrf.CookieCsrfTokenRepository;
import org.springframework.security.web.csrf.CsrfTokenRequestAttributeHandler;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/** Links and the endpoint in applications that use Spring Security, each in its way. */
@Timeout(180)
class SpringSecurityTest {

    @RestController
    static class Page {

        @GetMapping("/page")
        String page() {
            return "page";
        }
    }

    /** Says nothing about security: what Spring Boot does then must stay. */
    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    static class Defaults {

        @Bean
        WhereDesk desk(HaCluster cluster) {
            return new WhereDesk(cluster);
        }

        @Bean
        Page page() {
            return new Page();
        }
    }

    /** Operators command, users read, the rest is public; with protection against forged requests, as for browsers. */
    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    static class OwnRules {

        @Bean
        WhereDesk desk(HaCluster cluster) {
            return new WhereDesk(cluster);
        }

        @Bean
        Page page() {
            return new Page();
        }

        @Bean
        SecurityFilterChain security(HttpSecurity http) throws Exception {
            return http.authorizeHttpRequests(requests -> requests.dispatcherTypeMatchers(DispatcherType.ERROR)
                            .permitAll()
                            .requestMatchers(EndpointRequest.to("ha").withHttpMethod(HttpMethod.POST))
                            .hasRole("OPERATOR")
                            .requestMatchers(EndpointRequest.toAnyEndpoint())
                            .authenticated()
                            .requestMatchers("/page")
                            .permitAll()
                            .anyRequest()
                            .denyAll())
                    .csrf(csrf -> csrf.csrfTokenRepository(CookieCsrfTokenRepository.withHttpOnlyFalse())
                            .csrfTokenRequestHandler(new CsrfTokenRequestAttributeHandler()))
                    .httpBasic(Customizer.withDefaults())
                    .build();
        }

        @Bean
        UserDetailsService users() {
            return new InMemoryUserDetailsManager(
                    User.withUsername("olga")
                            .password("{noop}secret")
                            .roles("OPERATOR")
                            .build(),
                    User.withUsername("udo")
                            .password("{noop}secret")
                            .roles("USER")
                            .build());
        }
    }

    static class Vault {

        private final HaCluster cluster;

        Vault(HaCluster cluster) {
            this.cluster = cluster;
        }

        @HaTask(role = Role.MASTER)
        @PreAuthorize("hasRole('ADMIN')")
        public String guarded() {
            return cluster.self().id();
        }

        @HaTask(role = Role.MASTER)
        public String plain() {
            return cluster.self().id();
        }
    }

    /** Where rules of methods belong: before the call of the task. */
    static class Office {

        private final Vault vault;

        Office(Vault vault) {
            this.vault = vault;
        }

        @PreAuthorize("hasRole('ADMIN')")
        public String ask() {
            return vault.plain();
        }
    }

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    @EnableMethodSecurity
    static class MethodRules {

        @Bean
        Vault vault(HaCluster cluster) {
            return new Vault(cluster);
        }

        @Bean
        Office office(Vault vault) {
            return new Office(vault);
        }
    }

    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private TestNodes nodes;

    @AfterEach
    void stop() throws Exception {
        SecurityContextHolder.clearContext();
        nodes.close();
    }

    private static HttpRequest.Builder request(int port, String path, String... user) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                .header("Content-Type", "application/json");
        if (user.length > 0) {
            String credentials =
                    Base64.getEncoder().encodeToString((user[0] + ":secret").getBytes(StandardCharsets.UTF_8));
            request.header("Authorization", "Basic " + credentials);
        }
        return request;
    }

    private int status(String path, String... user) throws Exception {
        HttpRequest get = request(nodes.port("n1"), path, user).GET().build();
        return HTTP.send(get, BodyHandlers.discarding()).statusCode();
    }

    private static HttpRequest.BodyPublisher drain(String node, String why) {
        return HttpRequest.BodyPublishers.ofString(
                "{\"action\": \"drain\", \"node\": \"" + node + "\", \"why\": \"" + why + "\"}");
    }

    private void awaitCallsReachBoth() {
        for (String from : List.of("n1", "n2")) {
            WhereDesk.awaitCallsReach(nodes, from, "n1", "n2");
        }
        assertThat(nodes.bean("n1", LinkTransport.class).links()).isNotEmpty();
    }

    @Test
    void springBootsDefaultsStayAsTheyAreAndTheLinkNeedsNoOpening() throws Exception {
        nodes = new TestNodes(
                        Defaults.class,
                        "management.endpoint.ha.access=unrestricted",
                        "spring.security.user.name=alice",
                        "spring.security.user.password=secret")
                .startAll("n1", "n2");

        awaitCallsReachBoth();
        for (String path :
                List.of("/page", "/actuator/ha", "/ha", "/ha/links", "/ha/link/", "/ha/link/x", "/x/ha/link")) {
            assertThat(status(path)).as(path).isEqualTo(401);
        }
        assertThat(status("/page", "alice")).isEqualTo(200);
        assertThat(status("/actuator/ha", "alice")).isEqualTo(200);
        // Neither the login page nor the chain that Spring Boot makes where nobody else does is lost.
        assertThat(status("/login")).isEqualTo(200);
        assertThat(nodes.node("n1").getBeanNamesForType(SecurityFilterChain.class))
                .containsExactly("managementSecurityFilterChain");
        // The defaults refuse commands without a token against forged requests; the page that says so is guarded, too.
        HttpRequest post = request(nodes.port("n1"), "/actuator/ha", "alice")
                .POST(drain("n2", "test"))
                .build();
        assertThat(HTTP.send(post, BodyHandlers.discarding()).statusCode()).isIn(401, 403);
        assertThat(nodes.bean("n1", ClusterState.class).view().orders().isDrained("n2"))
                .isFalse();
    }

    @Test
    void theUsersRulesDecideWhoReadsAndWhoCommandsAndTheHistoryTellsWhoDidIt() throws Exception {
        nodes = new TestNodes(OwnRules.class, "management.endpoint.ha.access=unrestricted").startAll("n1", "n2");

        awaitCallsReachBoth();
        assertThat(status("/page")).isEqualTo(200);
        assertThat(status("/elsewhere", "olga")).isEqualTo(403);
        assertThat(status("/ha/link/x", "olga")).isEqualTo(403);
        assertThat(status("/actuator/ha")).isEqualTo(401);
        assertThat(status("/actuator/ha", "udo")).isEqualTo(200);

        assertThat(command("udo", true).statusCode()).isEqualTo(403);
        assertThat(command("olga", false).statusCode()).isEqualTo(403);
        assertThat(nodes.bean("n1", ClusterState.class).view().orders().actions())
                .isEmpty();

        HttpResponse<String> done = command("olga", true);
        assertThat(done.statusCode()).as(done.body()).isEqualTo(200);
        JsonNode action = new ObjectMapper().readTree(done.body());
        assertThat(action.path("by").asText()).isEqualTo("olga");
        // A reason cannot begin a line of its own in the log or elsewhere.
        assertThat(action.path("why").asText()).isEqualTo("dust 2026 INFO all is well");
        for (String id : List.of("n1", "n2")) {
            await().atMost(TestNodes.PATIENCE)
                    .until(() -> nodes.bean(id, ClusterState.class).view().orders().actions().stream()
                            .anyMatch(known -> known.by().equals("olga")
                                    && known.kind() == OperatorAction.Kind.DRAIN
                                    && known.result() == OperatorAction.Result.DONE));
        }
    }

    /** Orders to drain n2, with the token of the page where a browser has it from, or without. */
    private HttpResponse<String> command(String user, boolean withToken) throws Exception {
        CookieManager cookies = new CookieManager();
        HttpClient browser = HttpClient.newBuilder().cookieHandler(cookies).build();
        HttpRequest.Builder post =
                request(nodes.port("n1"), "/actuator/ha", user).POST(drain("n2", "dust\\n2026 INFO all is well"));
        if (withToken) {
            // A refused command comes with a token.
            browser.send(post.copy().build(), BodyHandlers.discarding());
            String token = cookies.getCookieStore().getCookies().stream()
                    .filter(cookie -> cookie.getName().equals("XSRF-TOKEN"))
                    .findFirst()
                    .orElseThrow()
                    .getValue();
            post.header("X-XSRF-TOKEN", token);
        }
        return browser.send(post.build(), BodyHandlers.ofString());
    }

    private static void as(String... roles) {
        SecurityContextHolder.getContext()
                .setAuthentication(new TestingAuthenticationToken(
                        "user",
                        "",
                        Arrays.stream(roles).map(role -> "ROLE_" + role).toArray(String[]::new)));
    }

    @Test
    void rulesOfMethodsHoldBeforeATaskAndAreNotPassedByCallingItOnAnotherNode() throws Exception {
        nodes = new TestNodes(MethodRules.class).startAll("n1", "n2");
        String master = nodes.masterId();
        String worker = nodes.workerIds().get(0);

        as("ADMIN");
        assertThat(nodes.bean(worker, Office.class).ask()).isEqualTo(master);
        assertThat(nodes.bean(master, Office.class).ask()).isEqualTo(master);
        // Where it runs there is no user, so the rule of the task itself refuses.
        assertThatExceptionOfType(RemoteTaskException.class)
                .isThrownBy(() -> nodes.bean(worker, Vault.class).guarded())
                .satisfies(error -> assertThat(error.typeName())
                        .isEqualTo(AuthenticationCredentialsNotFoundException.class.getName()));

        as("USER");
        for (String node : List.of(master, worker)) {
            assertThatExceptionOfType(AccessDeniedException.class)
                    .isThrownBy(() -> nodes.bean(node, Office.class).ask());
        }
        assertThatExceptionOfType(AccessDeniedException.class)
                .isThrownBy(() -> nodes.bean(master, Vault.class).guarded());
    }
}
