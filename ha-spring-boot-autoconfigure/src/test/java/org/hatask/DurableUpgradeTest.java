package org.hatask;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.hatask.TestNodes.PATIENCE;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Clock;
import java.util.List;
import org.hatask.durable.MemoryTaskStore;
import org.hatask.durable.TaskStore;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.slf4j.LoggerFactory;
import org.springframework.boot.actuate.autoconfigure.security.servlet.ManagementWebSecurityAutoConfiguration;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.autoconfigure.security.servlet.SecurityAutoConfiguration;
import org.springframework.boot.autoconfigure.security.servlet.UserDetailsServiceAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** Durable tasks that wait while the application is replaced by another version of it. */
@Timeout(120)
class DurableUpgradeTest {

    private static final TaskStore STORE = new MemoryTaskStore(Clock.systemUTC(), 10_000);
    private static final Logger WATCH = (Logger) LoggerFactory.getLogger("org.hatask.durable.UnrunnableWatch");

    private final ListAppender<ILoggingEvent> warnings = new ListAppender<>();
    private TestNodes nodes;

    static class OldDesk {

        @HaTask(delivery = Delivery.DURABLE)
        public void print(int number) {}

        @HaTask(delivery = Delivery.DURABLE)
        public void removed() {}
    }

    static class NewDesk {

        @HaTask(delivery = Delivery.DURABLE)
        public void print(String word) {}
    }

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration(
            exclude = {
                SecurityAutoConfiguration.class,
                ManagementWebSecurityAutoConfiguration.class,
                UserDetailsServiceAutoConfiguration.class
            })
    static class Version {

        @Bean(destroyMethod = "")
        TaskStore store() {
            return STORE;
        }
    }

    static class OldVersion extends Version {

        @Bean
        OldDesk desk() {
            return new OldDesk();
        }
    }

    static class NewVersion extends Version {

        @Bean
        NewDesk desk() {
            return new NewDesk();
        }
    }

    @BeforeEach
    void start() throws Exception {
        nodes = new TestNodes(NewVersion.class, "ha.durable.poll-interval=50ms");
    }

    @AfterEach
    void stop() throws Exception {
        WATCH.detachAppender(warnings);
        nodes.close();
    }

    private JsonNode unrunnable(String node) throws Exception {
        URI uri = URI.create("http://127.0.0.1:" + nodes.port(node) + "/actuator/ha/durable");
        String body = HttpClient.newHttpClient()
                .send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString())
                .body();
        return new ObjectMapper().readTree(body).get("unrunnable");
    }

    @Test
    void taskThatNoNodeCanExecuteIsKeptAndReportedUntilOneJoinsThatCan() throws Exception {
        nodes.start(OldVersion.class, "old1");
        nodes.start("new1");
        nodes.awaitAgreement();
        // Spring Boot sets the log up anew with every application that starts.
        warnings.start();
        WATCH.addAppender(warnings);
        STORE.pause("desk.print");
        STORE.pause("desk.removed");
        HaTasks tasks = nodes.bean("old1", HaTasks.class);
        List<String> ids = List.of(
                tasks.submit("desk.print", 7).id(), tasks.submit("desk.removed").id());
        assertThat(unrunnable("new1")).isEmpty();

        nodes.stop("old1");
        nodes.awaitAgreement();
        STORE.resume("desk.print");
        STORE.resume("desk.removed");

        JsonNode reported = unrunnable("new1");
        assertThat(reported.findValuesAsText("task")).containsExactly("desk.print", "desk.removed");
        assertThat(reported.findValuesAsText("why"))
                .containsExactly(
                        "the task of this name has other parameters or another result on every node that has it: new1",
                        "no node has a task of this name");
        assertThat(reported.get(0).get("waiting").asInt()).isEqualTo(1);
        assertThat(reported.get(0).get("signature").asText()).contains("int");
        await().atMost(PATIENCE).until(() -> warnings.list.size() == 2);
        assertThat(warnings.list.get(0).getFormattedMessage()).contains("desk.print", "other parameters", "new1");
        // A task of the new version overtakes those that wait.
        String other =
                nodes.bean("new1", HaTasks.class).submit("desk.print", "x").id();
        await().atMost(PATIENCE).until(() -> state(other) == TaskState.SUCCEEDED);
        assertThat(ids).extracting(DurableUpgradeTest::state).containsOnly(TaskState.PENDING);

        nodes.start(OldVersion.class, "old2");

        await().atMost(PATIENCE).until(() -> ids.stream().allMatch(id -> state(id) == TaskState.SUCCEEDED));
        assertThat(unrunnable("new1")).isEmpty();
    }

    private static TaskState state(String id) {
        return STORE.find(List.of(id)).get(0).state();
    }
}
