package org.hatask.console;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.hatask.Delivery;
import org.hatask.HaTask;
import org.hatask.HaTasks;
import org.hatask.OnNetty;
import org.hatask.Retry;
import org.hatask.Role;
import org.hatask.TaskContext;
import org.hatask.TaskState;
import org.hatask.TestNodes;
import org.hatask.cluster.ClusterState;
import org.hatask.cluster.OperatorAction.Kind;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.actuate.autoconfigure.security.reactive.ReactiveManagementWebSecurityAutoConfiguration;
import org.springframework.boot.actuate.autoconfigure.security.servlet.ManagementWebSecurityAutoConfiguration;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.autoconfigure.security.reactive.ReactiveSecurityAutoConfiguration;
import org.springframework.boot.autoconfigure.security.reactive.ReactiveUserDetailsServiceAutoConfiguration;
import org.springframework.boot.autoconfigure.security.servlet.SecurityAutoConfiguration;
import org.springframework.boot.autoconfigure.security.servlet.UserDetailsServiceAutoConfiguration;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.stereotype.Component;

/** The page, in a real browser, of real nodes. Its pictures are under {@code target/console}. */
@Timeout(180)
class ConsoleTest {

    private static final Path PICTURES = Path.of("target/console");
    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static final CountDownLatch RELEASED = new CountDownLatch(1);

    private static TestNodes nodes;
    private static Browser browser;
    private static ScheduledExecutorService callers;

    @Component("desk")
    static class Desk {

        @HaTask(role = Role.WORKER)
        public double price(String contract) throws InterruptedException {
            if (contract.equals("stuck")) {
                RELEASED.await();
            }
            TimeUnit.MILLISECONDS.sleep(ThreadLocalRandom.current().nextInt(2, 20));
            return contract.hashCode();
        }

        @HaTask(role = Role.MASTER)
        public String book(String trade) {
            return trade;
        }

        @HaTask(retry = @Retry(maxAttempts = 2, delay = "1ms"))
        public String rate(String currency) {
            if (ThreadLocalRandom.current().nextInt(5) == 0) {
                throw new IllegalStateException("no rate for " + currency);
            }
            return currency;
        }

        @HaTask(delivery = Delivery.DURABLE)
        public void confirm(String trade) {
            if (trade.startsWith("bad")) {
                throw new IllegalStateException("the counterparty does not know " + trade + " <b>at all</b>");
            }
        }

        @HaTask(delivery = Delivery.DURABLE)
        public void report(String day) throws InterruptedException {
            TaskContext.current().progress("page 7 of 40");
            RELEASED.await();
        }
    }

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration(
            exclude = {
                SecurityAutoConfiguration.class,
                ManagementWebSecurityAutoConfiguration.class,
                UserDetailsServiceAutoConfiguration.class
            })
    @Import(Desk.class)
    static class Application {}

    /** The same on the other web stack. */
    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration(
            exclude = {
                ReactiveSecurityAutoConfiguration.class,
                ReactiveManagementWebSecurityAutoConfiguration.class,
                ReactiveUserDetailsServiceAutoConfiguration.class
            })
    @Import({Desk.class, OnNetty.class})
    static class Reactive {}

    /** With what Spring Boot does by itself: a page to log in, a session, and protection against forged requests. */
    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    @Import(Desk.class)
    static class Guarded {}

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    @Import({Desk.class, OnNetty.class})
    static class GuardedReactive {}

    /** What applications differ in: where their paths begin. */
    enum Stack {
        SERVLETS(Application.class, Guarded.class, "server.servlet.context-path", "servlet"),
        REACTIVE(Reactive.class, GuardedReactive.class, "spring.webflux.base-path", "reactive");

        private final Class<?> open;
        private final Class<?> guarded;
        private final String contextPath;
        private final String type;

        Stack(Class<?> open, Class<?> guarded, String contextPath, String type) {
            this.open = open;
            this.guarded = guarded;
            this.contextPath = contextPath + "=/desk/eu-1";
            this.type = "spring.main.web-application-type=" + type;
        }

        ConfigurableApplicationContext start(Class<?> application, String id, String... properties) {
            return nodes.start(
                    application,
                    id,
                    Stream.concat(Stream.of(type), Stream.of(properties)).toArray(String[]::new));
        }
    }

    @BeforeAll
    static void start() throws Exception {
        assumeTrue(Browser.isThere(), "there is no Chromium on this machine");
        nodes = new TestNodes(
                        Application.class,
                        "ha.console.enabled=true",
                        "ha.zookeeper.session-timeout=2s",
                        "ha.durable.poll-interval=50ms",
                        "spring.application.version=7.4.1",
                        "management.endpoint.ha.access=unrestricted")
                .startAll("n1", "n2");
        Stack.REACTIVE.start(Reactive.class, "n3");
        nodes.awaitAgreement();
        browser = Browser.start();
        // A past to show.
        nodes.lead("n2");
        nodes.lead("n1");
        HaTasks durable = nodes.bean("n1", HaTasks.class);
        for (int i = 0; i < 12; i++) {
            durable.submit("desk.confirm", (i % 6 == 5 ? "bad-" : "t-") + i);
        }
        durable.submit("desk.report", "2026-11-28");
        callers = Executors.newScheduledThreadPool(3);
        Desk desk = nodes.bean("n1", Desk.class);
        callers.scheduleWithFixedDelay(() -> quietly(() -> desk.price("OPT-1")), 0, 20, TimeUnit.MILLISECONDS);
        callers.execute(() -> quietly(() -> desk.price("stuck")));
        callers.scheduleWithFixedDelay(() -> quietly(() -> desk.rate("EUR")), 0, 90, TimeUnit.MILLISECONDS);
    }

    private interface Call {
        void run() throws Exception;
    }

    private static void quietly(Call call) {
        try {
            call.run();
        } catch (Exception e) {
            // Some are to fail, and others do while nodes come and go.
        }
    }

    @AfterAll
    static void stop() throws Exception {
        RELEASED.countDown();
        if (callers != null) {
            callers.shutdownNow();
        }
        if (browser != null) {
            browser.close();
        }
        if (nodes != null) {
            nodes.close();
        }
    }

    private static String page(String node) {
        return "http://127.0.0.1:" + nodes.port(node) + "/ha";
    }

    private static void open(String node) {
        browser.resize(1440, 900);
        browser.preferDark(false);
        browser.open(page(node));
        browser.awaitTrue("document.querySelectorAll('#tasks-body tbody tr').length > 0");
    }

    private static void awaitLevel(String level) {
        browser.awaitTrue("document.getElementById('level').textContent === " + Browser.quoted(level));
    }

    /** As seen on a telephone by day and on a large screen by night. */
    private static void judge(String state) throws Exception {
        judge(state, 375, false);
        judge(state, 1920, true);
        browser.resize(1440, 900);
        browser.preferDark(false);
    }

    private static void judge(String state, int width, boolean dark) throws Exception {
        String what = state + "-" + width + (dark ? "-dark" : "-light");
        browser.resize(width, width < 1000 ? 812 : 1080);
        browser.preferDark(dark);
        browser.awaitTrue("document.querySelector('#timeline svg')?.clientWidth <= " + width);
        browser.screenshot(PICTURES.resolve(what + ".png"));
        assertThat(browser.evaluate("document.documentElement.scrollWidth").asInt())
                .as("nothing of " + what + " is beyond the edge")
                .isLessThanOrEqualTo(width);
        Axe.judge(browser, what);
    }

    @Test
    void aHealthyClusterIsOneLineAndItsNodesTasksAndMasters() throws Exception {
        int before = browser.complaints().size();
        open("n1");
        awaitLevel("OK");
        browser.awaitTrue("document.getElementById('durable-body').innerText.includes('page 7 of 40')");
        browser.awaitTrue("document.querySelectorAll('.spark polyline').length > 0");

        assertThat(browser.text("#summary"))
                .startsWith(nodes.masterId() + " leads epoch ")
                .endsWith("3 nodes");
        assertThat(browser.text("#nodes-body")).contains("n1", "n2", "n3", "version 7.4.1", "MASTER", "WORKER", "UP");
        assertThat(browser.text("#changes")).contains("first master", "n1", "n2");
        assertThat(browser.evaluate("document.querySelectorAll('.reign').length")
                        .asInt())
                .isGreaterThanOrEqualTo(3);
        assertThat(browser.text("#tasks-body")).contains("desk.price", "/s");
        browser.awaitTrue("document.getElementById('running-body').innerText.includes('× the usual')");
        assertThat(browser.text("#running-body")).contains("desk.report", "desk.price");
        assertThat(browser.text("#events-body")).contains("leads in epoch");
        assertThat(browser.evaluate("document.title").asText()).isEqualTo("OK · test");
        judge("ok", 375, true);
        judge("ok", 1920, false);
        judge("ok");
        // A page that was open before may have asked a node that another test has stopped.
        assertThat(browser.complaints().stream().skip(before))
                .noneMatch(complaint -> complaint.contains("//127.0.0.1:" + nodes.port("n1") + "/"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"n2", "n3"})
    void whatOthersWroteIsShownAsTextAndNeverAsMarkup(String node) {
        open(node);
        browser.awaitTrue("document.getElementById('durable-body').innerText.includes('<b>at all</b>')");

        assertThat(browser.evaluate("document.querySelectorAll('#durable-body .failed b').length")
                        .asInt())
                .isZero();
    }

    @Test
    void aNodeIsDrainedAndResumedWithTheKeyboardAfterConfirmation() throws Exception {
        String worker = nodes.workerIds().get(0);
        open("n1");
        awaitLevel("OK");

        browser.evaluate("document.querySelector('[data-key=\"drain-" + worker + "\"]').focus()");
        browser.press("Enter");
        browser.awaitTrue("document.getElementById('confirm').open");
        assertThat(browser.text("#confirm-title")).isEqualTo("Drain " + worker + "?");
        Axe.judge(browser, "confirmation");
        browser.screenshot(PICTURES.resolve("confirmation.png"));
        browser.press("Escape");
        browser.awaitTrue("!document.getElementById('confirm').open");
        assertThat(isDrained(worker)).isFalse();
        // The focus comes back to where it was.
        browser.press("Enter");
        browser.awaitTrue("document.activeElement.matches('#confirm input')");
        browser.type("new fans");
        browser.press("Enter");

        awaitLevel("DEGRADED");
        assertThat(browser.text("#concerns")).contains(worker + " was drained by anonymous: new fans");
        assertThat(isDrained(worker)).isTrue();
        browser.awaitTrue("document.getElementById('notice').dataset.kind === 'done'");
        judge("degraded");

        browser.click("[data-key=\"resume-" + worker + "\"]");
        browser.click("#confirm-yes");
        awaitLevel("OK");
        assertThat(isDrained(worker)).isFalse();
        assertThat(browser.text("#events-body")).contains("anonymous ordered drain of " + worker + " (new fans): done");
    }

    private static boolean isDrained(String node) {
        return nodes.bean("n1", ClusterState.class).view().orders().isDrained(node);
    }

    @Test
    void aFailedDurableTaskIsRetriedAndOneThatRunsIsCancelled() {
        HaTasks durable = nodes.bean("n1", HaTasks.class);
        String failed = durable.submit("desk.confirm", "bad-one").id();
        await().atMost(TestNodes.PATIENCE)
                .until(() -> durable.find(failed).orElseThrow().state() == TaskState.FAILED);
        String running = durable.submit("desk.report", "2026-11-27").id();
        open("n2");

        order("retry", failed);
        await().atMost(TestNodes.PATIENCE)
                .until(() -> durable.find(failed).orElseThrow().attempts() > 1);
        browser.click("[data-filter=RUNNING]");
        order("cancel", running);
        await().atMost(TestNodes.PATIENCE)
                .until(() -> durable.find(running).orElseThrow().state() == TaskState.CANCELLED);
    }

    private static void order(String action, String task) {
        String button = "[data-key=\"" + action + "-" + task + "\"]";
        browser.awaitTrue("document.querySelector('" + button + "')");
        browser.click(button);
        browser.click("#confirm-yes");
        browser.awaitTrue("document.getElementById('notice').textContent.startsWith('" + action + "')");
    }

    @Test
    void noMasterIsShownWithSinceWhenAndWhoWasIt() throws Exception {
        String master = nodes.masterId();
        open(master);
        awaitLevel("OK");

        nodes.zooKeeper().stop();
        awaitLevel("NO MASTER");
        assertThat(browser.text("#summary")).contains("The last one was " + master + ", in epoch");
        assertThat(browser.text("#concerns")).contains("ZooKeeper is out of reach");
        try {
            judge("no-master");
        } finally {
            nodes.zooKeeper().restart();
        }
        nodes.awaitAgreement();
        browser.awaitTrue("document.getElementById('summary').textContent.includes('leads epoch')");
    }

    @Test
    void dataIsSaidToBeOldWhenTheNodeDoesNotAnswer() throws Exception {
        nodes.start("leaving");
        nodes.awaitAgreement();
        open("leaving");
        awaitLevel("OK");

        nodes.stop("leaving");
        awaitLevel("OLD DATA");
        assertThat(browser.text("#summary")).contains("The node cannot be reached.", "old");
        judge("old");

        open("n1");
        browser.awaitTrue("document.getElementById('nodes-body').innerText.includes('LEFT')");
        awaitLevel("OK");
    }

    @ParameterizedTest
    @EnumSource
    void aNodeWithAContextPathAndAManagementPortShowsItWhereItsActuatorIs(Stack stack) throws Exception {
        ConfigurableApplicationContext node = stack.start(
                stack.open,
                "elsewhere",
                stack.contextPath,
                "management.server.port=0",
                "management.server.base-path=/ops",
                "management.endpoint.ha.access=read-only");
        try {
            int application = nodes.port("elsewhere");
            String management = node.getEnvironment().getProperty("local.management.port");
            browser.open("http://127.0.0.1:" + management + "/ops/ha");
            browser.awaitTrue("document.getElementById('summary').textContent.includes('leads epoch')");

            // Without writes there is nothing to press but what changes the view.
            assertThat(browser.evaluate("document.querySelectorAll('[data-action]').length")
                            .asInt())
                    .isZero();
            assertThat(browser.text("#nodes-body")).doesNotContain("Drain");
            assertThat(get("http://127.0.0.1:" + application + "/desk/eu-1/ha").statusCode())
                    .isEqualTo(404);
        } finally {
            nodes.stop("elsewhere");
        }
    }

    @ParameterizedTest
    @CsvSource({"SERVLETS, /app", "REACTIVE, ''"})
    void aNodeWithAContextPathShowsItBelow(Stack stack, String servletPath) {
        stack.start(stack.open, "below", stack.contextPath, "spring.mvc.servlet.path=" + servletPath);
        try {
            browser.open("http://127.0.0.1:" + nodes.port("below") + "/desk/eu-1" + servletPath + "/ha");
            browser.awaitTrue("document.getElementById('summary').textContent.includes('leads epoch')");
        } finally {
            nodes.stop("below");
        }
    }

    @ParameterizedTest
    @EnumSource
    void behindSpringSecurityItWorksWithASessionAndItsToken(Stack stack) {
        stack.start(stack.guarded, "guarded", "spring.security.user.name=olga", "spring.security.user.password=secret");
        try {
            nodes.awaitAgreement();
            browser.open(page("guarded"));
            assertThat(browser.evaluate("location.pathname").asText()).isEqualTo("/login");
            browser.evaluate("document.querySelector('[name=username]').value = 'olga';"
                    + "document.querySelector('[name=password]').value = 'secret';"
                    + "document.querySelector('form').submit()");
            browser.awaitTrue("document.querySelector('[data-key=\"drain-guarded\"]')");

            browser.click("[data-key=\"drain-guarded\"]");
            browser.click("#confirm-yes");
            browser.awaitTrue("document.getElementById('notice').dataset.kind === 'done'");
            assertThat(nodes.bean("n1", ClusterState.class).view().orders().actions())
                    .anySatisfy(action -> {
                        assertThat(action.kind()).isEqualTo(Kind.DRAIN);
                        assertThat(action.by()).isEqualTo("olga");
                    });
        } finally {
            nodes.order("n1", Kind.RESUME, "guarded");
            nodes.stop("guarded");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"n1", "n3"})
    void thePageAndItsFilesForbidWhatTheyDoNotNeed(String node) throws Exception {
        for (String path : List.of("", "/console.js", "/console.css", "/console.svg")) {
            HttpResponse<String> response = get(page(node) + path);

            assertThat(response.statusCode()).as(path).isEqualTo(200);
            assertThat(response.headers().firstValue("Content-Security-Policy").orElseThrow())
                    .contains("default-src 'none'", "frame-ancestors 'none'")
                    .doesNotContain("unsafe");
            assertThat(response.headers().firstValue("X-Content-Type-Options")).hasValue("nosniff");
            assertThat(response.headers().firstValue("Referrer-Policy")).hasValue("no-referrer");
            assertThat(response.headers().firstValue("Cache-Control")).hasValue("no-cache");
            assertThat(response.headers().firstValue("Content-Type").orElseThrow())
                    .startsWith(path.isEmpty() ? "text/html" : path.endsWith(".js") ? "text/javascript" : "");
        }
        assertThat(get(page(node) + "/console.nothing").statusCode()).isEqualTo(404);
        assertThat(get(page(node) + "/page.html").statusCode()).isEqualTo(404);
    }

    /** What a page of somebody else can have a browser send without asking: no JSON. */
    @ParameterizedTest
    @ValueSource(strings = {"n1", "n3"})
    void aForgedFormCommandsNothing(String node) throws Exception {
        String forged = "http://127.0.0.1:" + nodes.port(node) + "/actuator/ha?action=drain&node=n2";
        for (String type :
                List.of("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x")) {
            HttpRequest post = HttpRequest.newBuilder(URI.create(forged))
                    .header("Content-Type", type)
                    .POST(BodyPublishers.ofString("{\"action\": \"drain\", \"node\": \"n2\"}"))
                    .build();

            assertThat(HTTP.send(post, BodyHandlers.ofString()).statusCode())
                    .as(type)
                    .isEqualTo(415);
        }
        HttpRequest empty = HttpRequest.newBuilder(URI.create(forged))
                .POST(BodyPublishers.noBody())
                .build();
        assertThat(HTTP.send(empty, BodyHandlers.ofString()).statusCode()).isEqualTo(415);
        assertThat(isDrained("n2")).isFalse();
    }

    private static HttpResponse<String> get(String uri) throws Exception {
        return HTTP.send(HttpRequest.newBuilder(URI.create(uri)).build(), BodyHandlers.ofString());
    }
}
