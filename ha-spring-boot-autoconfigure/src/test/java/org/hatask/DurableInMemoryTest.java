package org.hatask;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.hatask.TestNodes.PATIENCE;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.actuate.autoconfigure.security.servlet.ManagementWebSecurityAutoConfiguration;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.autoconfigure.security.servlet.SecurityAutoConfiguration;
import org.springframework.boot.autoconfigure.security.servlet.UserDetailsServiceAutoConfiguration;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** Nodes that keep durable tasks in their own memory, and one that has none. */
@Timeout(120)
@ExtendWith(OutputCaptureExtension.class)
class DurableInMemoryTest {

    private static final String WARNING = "each keeps durable tasks of its own";

    static class Desk {

        @HaTask(delivery = Delivery.DURABLE)
        public void note(String trade) {}
    }

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration(
            exclude = {
                SecurityAutoConfiguration.class,
                ManagementWebSecurityAutoConfiguration.class,
                UserDetailsServiceAutoConfiguration.class
            })
    static class WithoutTasks {}

    static class WithTasks extends WithoutTasks {

        @Bean
        Desk desk() {
            return new Desk();
        }
    }

    @Test
    void severalNodesAreWarnedOnceThatTheyShareNothing(CapturedOutput output) throws Exception {
        try (TestNodes nodes = new TestNodes(WithTasks.class, "ha.task-store.type=memory").startAll("n1")) {
            assertThat(output).doesNotContain(WARNING);

            nodes.start("n2");
            nodes.awaitAgreement();
            await().atMost(PATIENCE).until(() -> count(output) == 2);
            nodes.start(WithoutTasks.class, "n3");
            nodes.awaitAgreement();

            assertThat(count(output)).isEqualTo(2);
            assertThat(output).contains("Set ha.task-store.type to zookeeper or jdbc");
        }
    }

    private static int count(CapturedOutput output) {
        return output.getAll().split(WARNING, -1).length - 1;
    }

    @Test
    void nodeWithoutDurableTasksSaysSo() throws Exception {
        try (TestNodes nodes = new TestNodes(WithoutTasks.class, "ha.task-store.type=memory").startAll("n1")) {
            URI uri = URI.create("http://127.0.0.1:" + nodes.port("n1") + "/actuator/ha/durable");

            HttpResponse<String> response =
                    HttpClient.newHttpClient().send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString());

            assertThat(response.statusCode()).isEqualTo(404);
            assertThat(response.body()).contains("This node has no durable tasks");
            assertThatThrownBy(() -> nodes.bean("n1", HaTasks.class)
                            .result("some", Void.class)
                            .get(20, TimeUnit.SECONDS))
                    .cause()
                    .isInstanceOf(HaException.class)
                    .hasMessageContaining("This node has no durable tasks");
        }
    }
}
