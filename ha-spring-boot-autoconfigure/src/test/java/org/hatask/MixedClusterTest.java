package org.hatask;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.hatask.cluster.ClusterState;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.slf4j.LoggerFactory;
import org.springframework.boot.actuate.autoconfigure.security.servlet.ManagementWebSecurityAutoConfiguration;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.autoconfigure.security.servlet.SecurityAutoConfiguration;
import org.springframework.boot.autoconfigure.security.servlet.UserDetailsServiceAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** Two versions of an application in one cluster, as during a rolling upgrade: two nodes of the new one, two of the old. */
@Timeout(120)
class MixedClusterTest {

    static class NewDesk {

        private final HaCluster cluster;

        NewDesk(HaCluster cluster) {
            this.cluster = cluster;
        }

        @HaTask
        public String both() {
            return cluster.self().id();
        }

        /** The old version has it with another parameter. */
        @HaTask
        public String changed(String word) {
            return cluster.self().id();
        }

        @HaTask
        public String added() {
            return cluster.self().id();
        }

        @HaTask(role = Role.MASTER)
        public String addedForMaster() {
            return cluster.self().id();
        }
    }

    static class OldDesk {

        private final HaCluster cluster;

        OldDesk(HaCluster cluster) {
            this.cluster = cluster;
        }

        @HaTask
        public String both() {
            return cluster.self().id();
        }

        @HaTask
        public String changed(int number) {
            return cluster.self().id();
        }

        @HaTask
        public String removed() {
            return cluster.self().id();
        }
    }

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration(
            exclude = {
                SecurityAutoConfiguration.class,
                ManagementWebSecurityAutoConfiguration.class,
                UserDetailsServiceAutoConfiguration.class
            })
    static class NewVersion {
        @Bean
        NewDesk desk(HaCluster cluster) {
            return new NewDesk(cluster);
        }
    }

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration(
            exclude = {
                SecurityAutoConfiguration.class,
                ManagementWebSecurityAutoConfiguration.class,
                UserDetailsServiceAutoConfiguration.class
            })
    static class OldVersion {
        @Bean
        OldDesk desk(HaCluster cluster) {
            return new OldDesk(cluster);
        }
    }

    /** Counts what nodes of this process refuse because they do not have it. */
    private static final class UnknownTasks extends AppenderBase<ILoggingEvent> {

        final AtomicInteger refused = new AtomicInteger();

        @Override
        protected void append(ILoggingEvent event) {
            if (event.getFormattedMessage().contains("UNKNOWN_TASK")) {
                refused.incrementAndGet();
            }
        }
    }

    private static final Logger RECEIVER = (Logger) LoggerFactory.getLogger("org.hatask.link.TaskReceiver");
    private static final UnknownTasks UNKNOWN_TASKS = new UnknownTasks();
    private static TestNodes nodes;

    /** An old node first, so that it is the master. */
    @BeforeAll
    static void start() throws Exception {
        nodes = new TestNodes(OldVersion.class).startAll("old1");
        nodes.start("old2");
        nodes.start(NewVersion.class, "new1");
        nodes.start(NewVersion.class, "new2");
        nodes.awaitAgreement();
        assertThat(nodes.masterId()).isEqualTo("old1");
        RECEIVER.setLevel(Level.DEBUG);
        UNKNOWN_TASKS.start();
        RECEIVER.addAppender(UNKNOWN_TASKS);
    }

    @AfterAll
    static void stop() throws Exception {
        RECEIVER.detachAppender(UNKNOWN_TASKS);
        nodes.close();
    }

    @Test
    void everyTaskGoesOnlyToNodesThatCanRunItAndNobodyHasToRefuse() {
        int before = UNKNOWN_TASKS.refused.get();
        NewDesk desk = nodes.bean("new1", NewDesk.class);
        OldDesk oldDesk = nodes.bean("old2", OldDesk.class);
        List<String> both = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            both.add(desk.both());
            both.add(oldDesk.both());
            assertThat(desk.changed("x")).startsWith("new");
            assertThat(oldDesk.changed(1)).startsWith("old");
            assertThat(desk.added()).startsWith("new");
            assertThat(oldDesk.removed()).startsWith("old");
        }

        assertThat(both).contains("old1", "old2", "new1", "new2");
        assertThat(UNKNOWN_TASKS.refused.get() - before).isZero();
    }

    @Test
    void aMasterThatLacksTheTaskIsNamedAtOnce() {
        long start = System.nanoTime();

        assertThatExceptionOfType(TaskRejectedException.class)
                .isThrownBy(() -> nodes.bean("new1", NewDesk.class).addedForMaster())
                .withMessageContaining("desk.addedForMaster")
                .withMessageContaining("the master old1 has no such task");
        // An election is waited for 30 s.
        assertThat(System.nanoTime() - start).isLessThan(15_000_000_000L);
    }

    @Test
    void theEndpointTellsWhereEachTaskCanRun() throws Exception {
        JsonNode tasks = json("new1", "tasks").path("tasks");

        assertThat(tasks.findValuesAsText("name"))
                .containsExactly("desk.added", "desk.addedForMaster", "desk.both", "desk.changed");
        assertThat(tasks.get(0).path("nodes").toString()).isEqualTo("[\"new1\",\"new2\"]");
        assertThat(tasks.get(0).path("missingOn").toString())
                .isEqualTo("{\"old1\":\"has no such task\",\"old2\":\"has no such task\"}");
        assertThat(tasks.get(2).path("nodes")).hasSize(4);
        assertThat(tasks.get(2).path("missingOn")).isEmpty();
        assertThat(tasks.get(3).path("missingOn").toString())
                .isEqualTo("{\"old1\":\"has another signature\",\"old2\":\"has another signature\"}");
        JsonNode members = json("new1", "members").path("members");
        assertThat(members.get(0).path("tasksNotHere")).isEmpty();
        assertThat(members.get(2).path("tasksNotHere").toString()).isEqualTo("[\"desk.removed\"]");
    }

    private static JsonNode json(String node, String section) throws Exception {
        URI uri = URI.create("http://127.0.0.1:" + nodes.port(node) + "/actuator/ha/" + section);
        String body = HttpClient.newHttpClient()
                .send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString())
                .body();
        return new ObjectMapper().readTree(body);
    }

    @Test
    void ofNodesThatDoNotSayWhatTheyHaveTheRefusalStillMovesTheCallOn() {
        ClusterState state = nodes.bean("new1", ClusterState.class);
        NewDesk desk = nodes.bean("new1", NewDesk.class);
        int before = UNKNOWN_TASKS.refused.get();

        // What this node knows is written anew now and then, from the records.
        await().atMost(TestNodes.PATIENCE).until(() -> {
            state.setMembers(
                    state.view().members().stream()
                            .map(node -> node.withTasks(null))
                            .toList(),
                    state.view().orders());
            assertThat(desk.added()).startsWith("new");
            return UNKNOWN_TASKS.refused.get() > before;
        });
        await().atMost(TestNodes.PATIENCE)
                .until(() -> state.view().members().stream().allMatch(node -> node.tasks() != null));
    }
}
