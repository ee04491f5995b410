package org.hatask.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.hatask.Balance;
import org.hatask.BalanceKey;
import org.hatask.Delivery;
import org.hatask.HaTask;
import org.hatask.HaTasks;
import org.hatask.Retry;
import org.hatask.Role;
import org.hatask.TaskContext;
import org.hatask.TaskTimeoutException;
import org.hatask.TestNodes;
import org.hatask.execute.TaskObserver;
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

/** What a Prometheus sees that scrapes the nodes of a cluster: n1 leads, and n2 has one thread for the calls of others. */
@Timeout(180)
class MetricsTest {

    static class Desk {

        static final Semaphore entered = new Semaphore(0);
        static volatile CountDownLatch closed = new CountDownLatch(0);

        @HaTask(role = Role.MASTER)
        public String price(String name) {
            return name;
        }

        @HaTask(role = Role.WORKER)
        public String quote(String name) {
            return name;
        }

        @HaTask(role = Role.WORKER)
        public String hold() throws InterruptedException {
            entered.release();
            closed.await(60, TimeUnit.SECONDS);
            return "held";
        }

        @HaTask(balance = Balance.CONSISTENT_HASH, retry = @Retry(maxAttempts = 3, delay = "1ms"))
        public String flaky(@BalanceKey String key) throws IOException {
            if (TaskContext.current().attempt() < 3) {
                throw new IOException("not yet");
            }
            return key;
        }

        @HaTask(role = Role.WORKER, timeout = "200ms")
        public void late() throws InterruptedException {
            new CountDownLatch(1).await(60, TimeUnit.SECONDS);
        }

        @HaTask(delivery = Delivery.DURABLE)
        public void report(String name) {}
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
                "management.endpoints.web.exposure.include=ha,health,prometheus",
                "ha.metrics.durable-refresh=1s",
                "ha.executor.queue-capacity=0");
        nodes.start("n1");
        nodes.start("n2", "ha.executor.threads=1");
        nodes.awaitAgreement();
        nodes.lead("n1");
    }

    @AfterAll
    static void stop() throws Exception {
        nodes.close();
    }

    private static Scrape scrape(String id) {
        return Scrape.of(nodes.port(id));
    }

    private static Desk desk(String id) {
        return nodes.bean(id, Desk.class);
    }

    @Test
    void rolesEpochAndMembersAreShown() {
        Scrape master = scrape("n1");
        Scrape worker = scrape("n2");

        assertThat(master.sum("ha_node_role", "role=master")).isOne();
        assertThat(master.sum("ha_node_role", "role=worker")).isZero();
        assertThat(worker.sum("ha_node_role", "role=worker")).isOne();
        assertThat(master.sum("ha_node_state", "state=up")).isOne();
        assertThat(master.sum("ha_cluster_epoch"))
                .isEqualTo(worker.sum("ha_cluster_epoch"))
                .isPositive();
        assertThat(master.sum("ha_cluster_members", "state=up")).isGreaterThanOrEqualTo(2);
        assertThat(master.sum("ha_cluster_members", "state=drained")).isZero();
        assertThat(master.sum("ha_cluster_master_absent_seconds")).isZero();
        assertThat(master.sum("ha_coordination_state")).isOne();
        assertThat(master.sum("ha_coordination_state", "state=connected")).isOne();
    }

    @Test
    void theLeaseIsShownOnTheMasterAlone() {
        assertThat(scrape("n1").sum("ha_lease_left_seconds")).isBetween(0.1, 6.0);
        assertThat(scrape("n2").sum("ha_lease_left_seconds")).isNaN();
    }

    @Test
    void aChangeOfMasterIsCounted() {
        double before = scrape("n1").sum("ha_cluster_master_changes_total");
        double epoch = scrape("n1").sum("ha_cluster_epoch");

        nodes.lead("n2");
        await().untilAsserted(() ->
                assertThat(scrape("n2").sum("ha_node_role", "role=master")).isOne());
        nodes.lead("n1");

        await().untilAsserted(() -> {
            assertThat(scrape("n1").sum("ha_cluster_master_changes_total")).isEqualTo(before + 2);
            assertThat(scrape("n1").sum("ha_cluster_epoch")).isEqualTo(epoch + 2);
            assertThat(scrape("n2").sum("ha_cluster_master_gap_seconds")).isPositive();
        });
    }

    @Test
    void callsAreTimedWhereTheyAreMadeAndWhereTheyAreExecuted() {
        String[] local = {"task=desk.price", "role=master", "outcome=succeeded"};
        String[] remote = {"task=desk.quote", "role=worker", "outcome=succeeded"};
        Scrape before = scrape("n1");
        Scrape workerBefore = scrape("n2");

        desk("n1").price("x");
        desk("n1").quote("x");
        desk("n1").quote("y");

        Scrape caller = scrape("n1");
        assertThat(grown(before, caller, "ha_task_calls_seconds_count", local)).isOne();
        assertThat(grown(before, caller, "ha_task_calls_seconds_count", remote)).isEqualTo(2);
        assertThat(grown(before, caller, "ha_task_calls_seconds_sum", remote)).isPositive();
        assertThat(grown(before, caller, "ha_task_attempts_seconds_count", with(local, "where=local")))
                .isOne();
        assertThat(grown(before, caller, "ha_task_attempts_seconds_count", with(remote, "where=remote")))
                .isEqualTo(2);
        assertThat(grown(before, caller, "ha_task_executions_seconds_count", with(local, "origin=local")))
                .isOne();
        assertThat(grown(before, caller, "ha_task_executions_seconds_count", remote))
                .isZero();
        assertThat(grown(workerBefore, scrape("n2"), "ha_task_executions_seconds_count", with(remote, "origin=remote")))
                .isEqualTo(2);
    }

    @Test
    void timersHaveBucketsForQuantiles() {
        desk("n1").price("x");

        List<Scrape.Sample> buckets = scrape("n1").all("ha_task_attempts_seconds_bucket", "task=desk.price");

        assertThat(buckets)
                .extracting(bucket -> bucket.labels().get("le"))
                .containsExactly("0.001", "0.005", "0.025", "0.1", "0.5", "1.0", "5.0", "30.0", "300.0", "+Inf");
    }

    @Test
    void retriesAreCountedByReasonAndReexecutionsWhereTheyRun() throws Exception {
        String[] task = {"task=desk.flaky"};
        Scrape before = scrape("n1");
        double executedBefore = reexecutions();

        desk("n1").flaky("x");

        Scrape after = scrape("n1");
        assertThat(grown(before, after, "ha_task_retries_total", with(task, "reason=failed")))
                .isEqualTo(2);
        assertThat(grown(before, after, "ha_task_calls_seconds_count", with(task, "outcome=succeeded")))
                .isOne();
        assertThat(grown(before, after, "ha_task_calls_seconds_count", task)).isOne();
        assertThat(grown(before, after, "ha_task_attempts_seconds_count", with(task, "outcome=failed")))
                .isEqualTo(2);
        assertThat(reexecutions()).isEqualTo(executedBefore + 2);
    }

    private static double reexecutions() {
        return scrape("n1").sum("ha_task_reexecutions_total", "task=desk.flaky")
                + scrape("n2").sum("ha_task_reexecutions_total", "task=desk.flaky");
    }

    @Test
    void anUnknownOutcomeIsToldFromAFailure() {
        String[] unknown = {"task=desk.late", "outcome=unknown"};
        Scrape before = scrape("n1");
        Scrape workerBefore = scrape("n2");

        assertThatExceptionOfType(TaskTimeoutException.class)
                .isThrownBy(() -> desk("n1").late());

        assertThat(grown(before, scrape("n1"), "ha_task_calls_seconds_count", unknown))
                .isOne();
        assertThat(grown(before, scrape("n1"), "ha_task_attempts_seconds_count", with(unknown, "where=remote")))
                .isOne();
        await().untilAsserted(() -> assertThat(
                        grown(workerBefore, scrape("n2"), "ha_task_executions_seconds_count", "task=desk.late"))
                .isOne());
    }

    @Test
    void whatIsInHandAndWhatIsRefusedIsShown() throws Exception {
        Desk.closed = new CountDownLatch(1);
        Scrape before = scrape("n1");
        CompletableFuture<String> first = CompletableFuture.supplyAsync(MetricsTest::hold);
        Desk.entered.acquire();
        CompletableFuture<String> second = CompletableFuture.supplyAsync(MetricsTest::hold);
        try {
            await().untilAsserted(() -> assertThat(
                            grown(before, scrape("n1"), "ha_task_refusals_total", "task=desk.hold", "reason=busy"))
                    .isPositive());
            assertThat(scrape("n2").sum("ha_executor_in_flight")).isPositive();
            assertThat(scrape("n2").sum("ha_executor_threads")).isOne();
            assertThat(scrape("n1").sum("ha_link_pending", "peer=n2")).isPositive();
        } finally {
            Desk.closed.countDown();
        }
        assertThat(first.get(30, TimeUnit.SECONDS)).isEqualTo("held");
        assertThat(second.get(30, TimeUnit.SECONDS)).isEqualTo("held");
        // Whoever waits for a node has made one call and one attempt, whatever number of times it was refused.
        assertThat(grown(before, scrape("n1"), "ha_task_calls_seconds_count", "task=desk.hold"))
                .isEqualTo(2);
        assertThat(grown(before, scrape("n1"), "ha_task_retries_total", "task=desk.hold"))
                .isZero();
    }

    private static String hold() {
        try {
            return desk("n1").hold();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void durableTasksAreCountedByState() throws Exception {
        Scrape before = scrape("n1");
        double executed = durableExecutions();

        nodes.bean("n1", HaTasks.class).submit("desk.report", "x");

        await().untilAsserted(() -> {
            Scrape after = scrape("n1");
            assertThat(grown(before, after, "ha_durable_tasks", "state=succeeded"))
                    .isOne();
            assertThat(after.sum("ha_durable_tasks", "state=running")).isZero();
            assertThat(after.sum("ha_durable_oldest_due_seconds")).isZero();
            assertThat(after.sum("ha_durable_age_seconds")).isLessThan(5);
        });
        assertThat(durableExecutions()).isEqualTo(executed + 1);
    }

    private static double durableExecutions() {
        return scrape("n1").sum("ha_task_executions_seconds_count", "origin=durable")
                + scrape("n2").sum("ha_task_executions_seconds_count", "origin=durable");
    }

    @Test
    void theMetersOfADepartedNodeDisappear() {
        nodes.start("n3");
        await().untilAsserted(() -> {
            Scrape with = scrape("n1");
            assertThat(with.sum("ha_cluster_members", "state=up")).isEqualTo(3);
            assertThat(with.all("ha_breaker_state", "peer=n3")).hasSize(6);
            assertThat(with.sum("ha_breaker_state", "peer=n3", "state=up")).isOne();
            assertThat(with.has("ha_link_pending", "peer=n3")).isTrue();
        });
        // A link comes with the first call.
        await().untilAsserted(() -> {
            desk("n1").quote("x");
            assertThat(scrape("n1").sum("ha_link_round_trip_seconds_count", "peer=n3"))
                    .isPositive();
        });

        nodes.stop("n3");

        await().untilAsserted(() -> {
            Scrape without = scrape("n1");
            assertThat(without.sum("ha_cluster_members", "state=up")).isEqualTo(2);
            assertThat(without.samples())
                    .filteredOn(sample -> "n3".equals(sample.labels().get("peer")))
                    .isEmpty();
        });
        assertThat(scrape("n1").has("ha_link_round_trip_seconds_count", "peer=n2"))
                .isTrue();
    }

    @Test
    void dashboardAndAlertsAskForWhatThereIs() throws Exception {
        provokeEverything();

        List<String> expressions = new ArrayList<>(Documented.alertExpressions());
        expressions.addAll(Documented.dashboardExpressions());
        List<Documented.Selector> selectors = expressions.stream()
                .flatMap(expression -> Documented.selectors(expression).stream())
                .toList();
        Scrape scrape = scrape("n1");
        assertThat(expressions).hasSizeGreaterThan(40).allSatisfy(expression -> assertThat(
                        Documented.selectors(expression))
                .isNotEmpty());
        assertThat(selectors).allSatisfy(selector -> {
            List<Scrape.Sample> samples = scrape.all(selector.name());
            assertThat(samples).isNotEmpty();
            selector.labels().forEach((label, value) -> {
                if (label.equals("state") || label.equals("role")) {
                    // All of them are always there, so a slip of the pen would be a silent alert.
                    assertThat(samples)
                            .extracting(sample -> sample.labels().get(label))
                            .contains(value.split("\\|"));
                } else if (label.equals("outcome")) {
                    assertThat(value.toUpperCase(Locale.ROOT))
                            .isIn(Stream.of(TaskObserver.Ending.values())
                                    .map(Enum::name)
                                    .toList());
                }
                assertThat(samples)
                        .allSatisfy(sample -> assertThat(sample.labels()).containsKey(label));
            });
        });
    }

    @Test
    void thePageNamesEveryMeterAndNoOther() throws Exception {
        provokeEverything();

        assertThat(Documented.meters()).isEqualTo(meters());
    }

    /** By the names that the application gives them. */
    private static Set<String> meters() {
        return nodes.bean("n1", MeterRegistry.class).getMeters().stream()
                .map(meter -> meter.getId().getName())
                .filter(name -> name.startsWith("ha."))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    /** Makes n1 have every meter that comes with its first event only. */
    private void provokeEverything() throws Exception {
        // With three attempts on two nodes, one of them the caller, one attempt beyond the first is made here.
        desk("n1").flaky("x");
        anUnknownOutcomeIsToldFromAFailure();
        whatIsInHandAndWhatIsRefusedIsShown();
        await().untilAsserted(() -> assertThat(meters())
                .contains("ha.task.reexecutions", "ha.task.refusals", "ha.task.retries", "ha.link.round.trip"));
    }

    private static double grown(Scrape before, Scrape after, String name, String... labels) {
        return after.sum(name, labels) - before.sum(name, labels);
    }

    private static String[] with(String[] labels, String more) {
        String[] all = Arrays.copyOf(labels, labels.length + 1);
        all[labels.length] = more;
        return all;
    }
}
