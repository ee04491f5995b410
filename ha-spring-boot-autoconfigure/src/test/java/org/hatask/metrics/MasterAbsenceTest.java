package org.hatask.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.hatask.HaTask;
import org.hatask.TestNodes;
import org.hatask.cluster.OperatorAction;
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

/** What is measured when something is wrong, in a cluster where only the operator ends it. */
@Timeout(120)
class MasterAbsenceTest {

    static class Desk {

        static final CountDownLatch closed = new CountDownLatch(1);

        /** Deaf to interrupts. */
        @HaTask
        public void deaf() {
            boolean open = true;
            while (open) {
                try {
                    open = !closed.await(60, TimeUnit.SECONDS);
                } catch (InterruptedException e) {
                    // That is the point.
                }
            }
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

    private static TestNodes nodes;

    @BeforeAll
    static void start() throws Exception {
        nodes = new TestNodes(
                        Application.class,
                        "ha.topology=master-slave",
                        "ha.failure-detection.max-task-duration=1s",
                        "management.endpoints.web.exposure.include=prometheus")
                .startAll("n1", "n2");
    }

    @AfterAll
    static void stop() throws Exception {
        Desk.closed.countDown();
        nodes.close();
    }

    private static Scrape scrape(String id) {
        return Scrape.of(nodes.port(id));
    }

    @Test
    void theTimeWithoutAMasterIsMeasured() {
        Scrape before = scrape("n1");
        assertThat(before.sum("ha_cluster_master_absences_seconds_count")).isZero();

        nodes.order("n1", OperatorAction.Kind.DEMOTE, nodes.masterId());
        await().untilAsserted(() ->
                assertThat(scrape("n1").sum("ha_cluster_master_absent_seconds")).isGreaterThan(0.5));
        assertThat(scrape("n1").sum("ha_node_role", "role=master")
                        + scrape("n2").sum("ha_node_role", "role=master"))
                .isZero();
        nodes.order("n1", OperatorAction.Kind.PROMOTE, "n2");

        await().untilAsserted(() -> {
            Scrape after = scrape("n1");
            assertThat(after.sum("ha_cluster_master_absent_seconds")).isZero();
            assertThat(after.sum("ha_cluster_master_absences_seconds_count")).isOne();
            assertThat(after.sum("ha_cluster_master_absences_seconds_sum")).isBetween(0.5, 60.0);
            assertThat(after.sum("ha_cluster_master_changes_total")).isOne();
        });
    }

    @Test
    void aStuckTaskIsCountedWhileItIsStuck() {
        CompletableFuture<Void> stuck =
                CompletableFuture.runAsync(() -> nodes.bean("n1", Desk.class).deaf());

        await().untilAsserted(() -> assertThat(sum("ha_tasks_stuck")).isOne());
        assertThat(sum("ha_tasks_overdue")).isOne();
        Desk.closed.countDown();

        await().untilAsserted(() ->
                assertThat(sum("ha_tasks_stuck") + sum("ha_tasks_overdue")).isZero());
        stuck.exceptionally(error -> null).join();
    }

    private static double sum(String name) {
        return scrape("n1").sum(name) + scrape("n2").sum(name);
    }
}
