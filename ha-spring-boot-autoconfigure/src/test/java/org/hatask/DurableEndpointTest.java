package org.hatask;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.hatask.TestNodes.PATIENCE;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.boot.actuate.autoconfigure.security.servlet.ManagementWebSecurityAutoConfiguration;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.autoconfigure.security.servlet.SecurityAutoConfiguration;
import org.springframework.boot.autoconfigure.security.servlet.UserDetailsServiceAutoConfiguration;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.stereotype.Component;

/** What operators see of durable tasks, and order. */
@Timeout(120)
class DurableEndpointTest {

    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static final CountDownLatch NEVER = new CountDownLatch(1);
    private static TestNodes nodes;

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration(
            exclude = {
                SecurityAutoConfiguration.class,
                ManagementWebSecurityAutoConfiguration.class,
                UserDetailsServiceAutoConfiguration.class
            })
    @Import(Desk.class)
    static class Application {}

    private static final AtomicBoolean READABLE = new AtomicBoolean(true);

    record Trade(String number) {

        Trade {
            if (!READABLE.get()) {
                throw new IllegalArgumentException("no trade has such a number");
            }
        }
    }

    @Component("desk")
    static class Desk {

        @HaTask(delivery = Delivery.DURABLE)
        public void note(String trade) {}

        @HaTask(delivery = Delivery.DURABLE)
        public void fail(String trade) {
            throw new IllegalStateException("no " + trade);
        }

        @HaTask(delivery = Delivery.DURABLE)
        public void hang(String secret) throws InterruptedException {
            NEVER.await();
        }

        @HaTask(delivery = Delivery.DURABLE)
        public void broken(String trade) {
            throw new IllegalStateException("no " + trade);
        }

        @HaTask(delivery = Delivery.DURABLE)
        public void many(String trade) {}

        @HaTask(delivery = Delivery.DURABLE)
        public void held(String trade) {}

        @HaTask(delivery = Delivery.DURABLE)
        public void book(Trade trade) {}
    }

    @BeforeAll
    static void start() throws Exception {
        nodes = new TestNodes(
                        Application.class,
                        "ha.task-store.type=memory",
                        "ha.durable.poll-interval=50ms",
                        "management.endpoint.ha.access=unrestricted")
                .startAll("n1");
    }

    @AfterAll
    static void stop() throws Exception {
        nodes.close();
    }

    private static HaTasks tasks() {
        return nodes.bean("n1", HaTasks.class);
    }

    private static HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(
                        URI.create("http://127.0.0.1:" + nodes.port("n1") + "/actuator/ha/durable" + path))
                .header("Content-Type", "application/json");
    }

    private static HttpResponse<String> get(String path) throws Exception {
        return HTTP.send(request(path).build(), BodyHandlers.ofString());
    }

    private static HttpResponse<String> post(String body) throws Exception {
        return HTTP.send(
                request("").POST(HttpRequest.BodyPublishers.ofString(body)).build(), BodyHandlers.ofString());
    }

    private static JsonNode json(HttpResponse<String> response) throws Exception {
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        return new ObjectMapper().readTree(response.body());
    }

    private static String submitted(String task, TaskState until) {
        String id = tasks().submit(task, "t-4711").id();
        await().atMost(PATIENCE).until(() -> tasks().find(id).orElseThrow().state() == until);
        return id;
    }

    @Test
    void overviewCountsAndListsByNameAndStateInPages() throws Exception {
        for (int i = 0; i < 5; i++) {
            submitted("desk.note", TaskState.SUCCEEDED);
        }

        JsonNode first = json(get("?task=desk.note&state=succeeded&limit=2"));
        JsonNode second =
                json(get("?task=desk.note&limit=2&after=" + first.get("next").asText()));

        assertThat(first.get("counts").get("SUCCEEDED").asInt()).isGreaterThanOrEqualTo(5);
        Set<String> ids = new HashSet<>();
        first.get("tasks").forEach(task -> ids.add(task.get("id").asText()));
        second.get("tasks").forEach(task -> ids.add(task.get("id").asText()));
        assertThat(ids).hasSize(4);
        assertThat(json(get("?task=nobody")).get("tasks")).isEmpty();
    }

    @Test
    void oneTaskIsShownWithItsAttemptsButNotItsArguments() throws Exception {
        String id = submitted("desk.fail", TaskState.FAILED);

        HttpResponse<String> response = get("/" + id);

        JsonNode attempt = json(response).get("history").get(0);
        assertThat(attempt.get("nodeId").asText()).isEqualTo("n1");
        assertThat(attempt.get("end").asText()).isEqualTo("FAILED");
        assertThat(attempt.get("error").asText()).contains("no t-4711");
        assertThat(json(response).has("arguments")).isFalse();
        assertThat(get("/nobody").statusCode()).isEqualTo(404);
    }

    @Test
    void runningTaskIsCancelledAndTheFailedOneRetried() throws Exception {
        String hanging = submitted("desk.hang", TaskState.RUNNING);
        String failed = submitted("desk.fail", TaskState.FAILED);

        assertThat(json(post("{\"action\": \"cancel\", \"id\": \"" + hanging + "\"}"))
                        .get("message")
                        .asText())
                .contains("n1");
        assertThat(json(post("{\"action\": \"retry\", \"id\": \"" + failed + "\"}"))
                        .get("task")
                        .get("state")
                        .asText())
                .isEqualTo("PENDING");

        await().atMost(PATIENCE).until(() -> tasks().find(hanging).orElseThrow().state() == TaskState.CANCELLED);
        await().atMost(PATIENCE).until(() -> tasks().find(failed).orElseThrow().attempts() == 2);
        assertThat(post("{\"action\": \"cancel\", \"id\": \"" + hanging + "\"}").statusCode())
                .isEqualTo(409);
    }

    @Test
    void tasksOfANameArePausedAndResumed() throws Exception {
        json(post("{\"action\": \"pause\", \"task\": \"desk.held\"}"));
        String id = tasks().submit("desk.held", "x").id();
        submitted("desk.note", TaskState.SUCCEEDED);
        JsonNode overview = json(get(""));
        assertThat(overview.get("paused").get(0).asText()).isEqualTo("desk.held");
        Duration waited = Duration.between(tasks().find(id).orElseThrow().dueAt(), Instant.now());
        assertThat(Duration.parse(overview.get("oldestDue").asText())).isBetween(Duration.ofMillis(1), waited);
        assertThat(tasks().find(id).orElseThrow().state()).isEqualTo(TaskState.PENDING);

        json(post("{\"action\": \"resume\", \"task\": \"desk.held\"}"));

        await().atMost(PATIENCE).until(() -> tasks().find(id).orElseThrow().state() == TaskState.SUCCEEDED);
        assertThat(json(get("")).has("oldestDue")).isFalse();
    }

    @Test
    void taskThatWasLaidAsideIsRetried() throws Exception {
        json(post("{\"action\": \"pause\", \"task\": \"desk.book\"}"));
        String id = tasks().submit("desk.book", new Trade("t-4711")).id();
        READABLE.set(false);
        json(post("{\"action\": \"resume\", \"task\": \"desk.book\"}"));
        await().atMost(PATIENCE).until(() -> tasks().find(id).orElseThrow().state() == TaskState.PARKED);
        assertThat(json(get("?state=parked")).get("tasks").get(0).get("id").asText())
                .isEqualTo(id);

        READABLE.set(true);
        JsonNode answer = json(post("{\"action\": \"retry\", \"id\": \"" + id + "\"}"));

        assertThat(answer.get("message").asText()).isEqualTo("It is PENDING.");
        await().atMost(PATIENCE).until(() -> tasks().find(id).orElseThrow().state() == TaskState.SUCCEEDED);
        assertThat(json(get("/" + id)).get("history")).hasSize(1);
        assertThat(post("{\"action\": \"retry\", \"id\": \"" + id + "\"}").statusCode())
                .isEqualTo(409);
    }

    @Test
    void nameThatNobodyHasIsNotPaused() throws Exception {
        HttpResponse<String> response = post("{\"action\": \"pause\", \"task\": \"desk.notes\"}");

        assertThat(response.statusCode()).isEqualTo(404);
        assertThat(response.body()).contains("desk.notes", "desk.many, desk.note");
        assertThat(json(get("")).get("paused").toString()).doesNotContain("desk.notes");
    }

    @Test
    void allTasksOfANameAreRetriedAndCancelledByOneOrder() throws Exception {
        String other = submitted("desk.fail", TaskState.FAILED);
        List<String> ids = IntStream.range(0, 3)
                .mapToObj(i -> tasks().submit("desk.broken", "t-" + i).id())
                .toList();
        awaitState(ids, TaskState.FAILED);

        JsonNode retried = json(post("{\"action\": \"retry\", \"task\": \"desk.broken\"}"));

        assertThat(retried.get("changed").asInt()).isEqualTo(3);
        assertThat(retried.get("more").asBoolean()).isFalse();
        await().atMost(PATIENCE).until(() -> ids.stream()
                .allMatch(id -> tasks().find(id).orElseThrow().attempts() == 2));
        awaitState(ids, TaskState.FAILED);
        assertThat(tasks().find(other).orElseThrow().attempts()).isEqualTo(1);

        json(post("{\"action\": \"pause\", \"task\": \"desk.broken\"}"));
        json(post("{\"action\": \"retry\", \"task\": \"desk.broken\", \"state\": \"FAILED\"}"));
        awaitState(ids, TaskState.PENDING);
        assertThat(json(post("{\"action\": \"cancel\", \"task\": \"desk.broken\", \"state\": \"parked\"}"))
                        .get("changed")
                        .asInt())
                .isZero();
        assertThat(json(post("{\"action\": \"cancel\", \"task\": \"desk.broken\"}"))
                        .get("changed")
                        .asInt())
                .isEqualTo(3);
        awaitState(ids, TaskState.CANCELLED);
    }

    @Test
    void oneOrderChangesAtMostAThousandTasksAndSaysThatThereAreMore() throws Exception {
        json(post("{\"action\": \"pause\", \"task\": \"desk.many\"}"));
        List<TaskSubmission> submissions = IntStream.range(0, 1001)
                .mapToObj(i -> tasks().prepare("desk.many", "t-" + i))
                .toList();
        tasks().submitAll(submissions);

        JsonNode first = json(post("{\"action\": \"cancel\", \"task\": \"desk.many\"}"));
        JsonNode second = json(post("{\"action\": \"cancel\", \"task\": \"desk.many\"}"));

        assertThat(first.get("changed").asInt()).isEqualTo(1000);
        assertThat(first.get("more").asBoolean()).isTrue();
        assertThat(second.get("changed").asInt()).isEqualTo(1);
        assertThat(second.get("more").asBoolean()).isFalse();
    }

    @Test
    void orderAboutManyTasksIsRefusedUnlessItIsClear() throws Exception {
        for (String body : List.of(
                "{\"action\": \"cancel\", \"id\": \"\", \"task\": \"desk.note\"}",
                "{\"action\": \"cancel\", \"id\": \"x\", \"task\": \"desk.note\"}",
                "{\"action\": \"retry\", \"task\": \" \"}",
                "{\"action\": \"retry\", \"id\": \"x\", \"state\": \"FAILED\"}",
                "{\"action\": \"cancel\", \"task\": \"desk.note\", \"state\": \"SUCCEEDED\"}",
                "{\"action\": \"retry\", \"task\": \"desk.note\", \"state\": \"RUNNING\"}",
                "{\"action\": \"retry\", \"task\": \"desk.note\", \"state\": \"odd\"}")) {
            assertThat(post(body).statusCode()).as(body).isEqualTo(400);
        }
    }

    private static void awaitState(List<String> ids, TaskState state) {
        await().atMost(PATIENCE).until(() -> ids.stream()
                .allMatch(id -> tasks().find(id).orElseThrow().state() == state));
    }

    @Test
    void whatCannotBeUnderstoodIsAnsweredWithWhatToChange() throws Exception {
        assertThat(get("?state=odd").statusCode()).isEqualTo(400);
        assertThat(get("?state=odd").body()).contains("PENDING");
        assertThat(get("?limit=0").statusCode()).isEqualTo(400);
        assertThat(get("?limit=1001").statusCode()).isEqualTo(400);
        assertThat(get("?limit=1001").body()).contains("1000");
        assertThat(get("?limit=1000").statusCode()).isEqualTo(200);
        for (String after : List.of("nobody", "~", "1~", "~x", "x~y", "99999999999999999~x")) {
            assertThat(get("?after=" + after).statusCode()).as(after).isEqualTo(400);
            assertThat(get("?after=" + after).body()).contains("'next'");
        }
        assertThat(get("?after=").statusCode()).isEqualTo(200);
        assertThat(post("{\"action\": \"explode\"}").body()).contains("cancel, retry, pause, resume");
        assertThat(post("{\"action\": \"cancel\"}").statusCode()).isEqualTo(400);
        assertThat(post("{\"action\": \"pause\"}").statusCode()).isEqualTo(400);
        assertThat(post("{\"action\": \"cancel\", \"id\": \"nobody\"}").statusCode())
                .isEqualTo(404);
    }
}
