package org.hatask;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.hatask.cluster.MasterChange;
import org.hatask.cluster.MasterElection;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.scheduling.annotation.EnableScheduling;
import org.springframework.scheduling.annotation.Scheduled;

/**
 * Calls between three nodes that live: where they go, what comes back. Spring Security is on the class path with its defaults,
 * so that this also shows that the link needs no opening.
 */
@Timeout(120)
class ClusterTest {

    record Answer(String node, List<String> words, long epoch) {}

    static class Desk {

        static final Map<String, CountDownLatch> LATCHES = new ConcurrentHashMap<>();
        static final Queue<String> TICKS = new ConcurrentLinkedQueue<>();
        static final Set<String> FIRED_BY = ConcurrentHashMap.newKeySet();
        static final Queue<String> RUNS = new ConcurrentLinkedQueue<>();

        private final HaCluster cluster;
        private final ObjectProvider<Desk> others;

        Desk(HaCluster cluster, ObjectProvider<Desk> others) {
            this.cluster = cluster;
            this.others = others;
        }

        private Answer answer(String... words) {
            return new Answer(
                    cluster.self().id(),
                    List.of(words),
                    TaskContext.current().epoch().orElse(0));
        }

        @HaTask
        public Answer any(String word) {
            return answer(word);
        }

        @HaTask(role = Role.MASTER)
        public Answer master(String word) {
            return answer(word);
        }

        @HaTask(role = Role.WORKER)
        public Answer worker(List<String> words) {
            return answer(words.toArray(String[]::new));
        }

        @HaTask(role = Role.MASTER)
        public CompletableFuture<Answer> later(String word) {
            Answer answer = answer(word);
            return CompletableFuture.supplyAsync(() -> answer);
        }

        @HaTask(role = Role.MASTER)
        public void fail(String how) throws IOException {
            switch (how) {
                case "declared" -> throw new IOException("disk full");
                case "jdk" -> throw new IllegalStateException("not open");
                default -> throw new HiddenException("secret");
            }
        }

        @HaTask(role = Role.MASTER, retry = @Retry(maxAttempts = 3, delay = "10ms"))
        public String third(String run) {
            RUNS.add(run + " " + TaskContext.current().taskId());
            if (TaskContext.current().attempt() < 3) {
                throw new IllegalStateException("try again");
            }
            return "third time";
        }

        @HaTask(role = Role.MASTER, timeout = "1s")
        public void tooSlow() throws InterruptedException {
            try {
                new CountDownLatch(1).await();
            } finally {
                RUNS.add("interrupted");
            }
        }

        @HaTask(role = Role.MASTER)
        public void hold(String name) throws InterruptedException {
            RUNS.add("holding " + name);
            try {
                LATCHES.computeIfAbsent(name, key -> new CountDownLatch(1)).await();
            } catch (InterruptedException e) {
                RUNS.add("let go " + name);
                throw e;
            }
        }

        @HaTask(role = Role.MASTER)
        public CompletableFuture<String> holdLater(String name) {
            CompletableFuture<String> future = new CompletableFuture<>();
            future.whenComplete((value, error) -> RUNS.add((future.isCancelled() ? "let go " : "ended ") + name));
            RUNS.add("holding " + name);
            return future;
        }

        @HaTask(role = Role.WORKER, timeout = "2s")
        public void holdOnMaster(String name) throws InterruptedException {
            others.getObject().hold(name);
        }

        @HaTask(role = Role.MASTER, offRole = OffRole.SKIP)
        public int skip() {
            return 7;
        }

        @HaTask(role = Role.MASTER, offRole = OffRole.REJECT)
        public int reject() {
            return 7;
        }

        @HaTask
        @Scheduled(fixedRate = 50)
        public void tick() {
            TICKS.add(cluster.self().id());
            FIRED_BY.add(TaskContext.current().callerNode());
        }

        @HaTask
        @Scheduled(fixedRate = 1, initialDelay = 1, timeUnit = TimeUnit.HOURS)
        public String hourly() {
            return cluster.self().id();
        }
    }

    static class HiddenException extends RuntimeException {
        HiddenException(String message) {
            super(message);
        }
    }

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    @EnableScheduling
    static class Application {

        @Bean
        Desk desk(HaCluster cluster, ObjectProvider<Desk> others) {
            return new Desk(cluster, others);
        }
    }

    private static TestNodes nodes;

    @BeforeAll
    static void start() throws Exception {
        nodes = new TestNodes(Application.class).startAll("n1", "n2", "n3");
    }

    @AfterAll
    static void stop() throws Exception {
        nodes.close();
    }

    private static Desk desk(String node) {
        return nodes.bean(node, Desk.class);
    }

    @Test
    void anyTasksAreSpreadEvenlyOverAllNodes() {
        Map<String, Long> share = IntStream.range(0, 90)
                .mapToObj(i -> desk("n1").any("x").node())
                .collect(Collectors.groupingBy(node -> node, Collectors.counting()));

        assertThat(share).hasSize(3).allSatisfy((node, count) -> assertThat(count)
                .isBetween(20L, 40L));
    }

    @Test
    void masterTasksRunOnTheMasterFromEveryNodeAndCarryItsEpoch() {
        for (String node : List.of("n1", "n2", "n3")) {
            Answer answer = desk(node).master("hello");
            assertThat(answer.node()).isEqualTo(nodes.masterId());
            assertThat(answer.words()).containsExactly("hello");
            assertThat(answer.epoch())
                    .isEqualTo(nodes.mastership(nodes.masterId()).heldEpoch());
        }
    }

    @Test
    void workerTasksRunOnAllButTheMaster() {
        for (String node : List.of("n1", "n2", "n3")) {
            List<String> ran = new ArrayList<>();
            for (int i = 0; i < 10; i++) {
                ran.add(desk(node).worker(List.of("a", "b")).node());
            }
            assertThat(ran).hasSameElementsAs(nodes.workerIds());
        }
    }

    @Test
    void futuresAreCompletedFromTheOtherNode() throws Exception {
        for (String node : List.of("n1", "n2", "n3")) {
            CompletableFuture<Answer> later = desk(node).later("soon");
            assertThat(later.get(30, TimeUnit.SECONDS).node()).isEqualTo(nodes.masterId());
        }
    }

    @Test
    void exceptionsKeepTheirTypeWhereItIsDeclaredOrCommon() {
        for (String node : List.of("n1", "n2", "n3")) {
            assertThatExceptionOfType(IOException.class)
                    .isThrownBy(() -> desk(node).fail("declared"))
                    .withMessage("disk full");
            assertThatExceptionOfType(IllegalStateException.class)
                    .isThrownBy(() -> desk(node).fail("jdk"))
                    .withMessage("not open");
        }
        assertThatExceptionOfType(RemoteTaskException.class)
                .isThrownBy(() -> desk(nodes.workerIds().get(0)).fail("hidden"))
                .satisfies(error -> {
                    assertThat(error.typeName()).isEqualTo(HiddenException.class.getName());
                    assertThat(error.nodeId()).isEqualTo(nodes.masterId());
                });
    }

    @Test
    void allAttemptsOfARetriedTaskHaveTheSameTaskId() {
        for (String node : List.of("n1", "n2", "n3")) {
            String run = "third " + node;
            assertThat(desk(node).third(run)).isEqualTo("third time");
            assertThat(Desk.RUNS.stream().filter(text -> text.startsWith(run)).toList())
                    .hasSize(3)
                    .allMatch(text -> text.equals(Desk.RUNS.stream()
                            .filter(first -> first.startsWith(run))
                            .findFirst()
                            .orElseThrow()));
        }
    }

    @Test
    void aTaskThatTakesTooLongIsInterruptedWhereItRuns() {
        for (String node : List.of(nodes.masterId(), nodes.workerIds().get(0))) {
            // The way there stands, so that its time is not spent on that.
            desk(node).master("hello");
            Desk.RUNS.removeIf("interrupted"::equals);
            assertThatExceptionOfType(TaskTimeoutException.class)
                    .isThrownBy(() -> desk(node).tooSlow())
                    .satisfies(error -> assertThat(error.nodeId()).isEqualTo(nodes.masterId()));
            await().atMost(TestNodes.PATIENCE).until(() -> Desk.RUNS.contains("interrupted"));
        }
    }

    @Test
    void aCallerThatIsInterruptedTakesItsTaskWithIt() {
        Desk desk = desk(nodes.workerIds().get(0));
        CompletableFuture<Throwable> thrown = new CompletableFuture<>();
        Thread caller = new Thread(() -> {
            try {
                desk.hold("interrupted-caller");
            } catch (Throwable e) {
                thrown.complete(e);
            }
        });
        caller.start();
        await().atMost(TestNodes.PATIENCE).until(() -> Desk.RUNS.contains("holding interrupted-caller"));

        caller.interrupt();

        assertThat(thrown).succeedsWithin(TestNodes.PATIENCE).isInstanceOf(CancellationException.class);
        await().atMost(TestNodes.PATIENCE).until(() -> Desk.RUNS.contains("let go interrupted-caller"));
    }

    @Test
    void offRoleSkipsOrRejectsOnNodesWithoutTheRole() {
        String worker = nodes.workerIds().get(0);

        assertThat(desk(nodes.masterId()).skip()).isEqualTo(7);
        assertThat(desk(nodes.masterId()).reject()).isEqualTo(7);
        assertThat(desk(worker).skip()).isZero();
        assertThatExceptionOfType(TaskRejectedException.class)
                .isThrownBy(() -> desk(worker).reject());
    }

    /** Of three schedules one counts: were it not so, there would be ticks fired by the others. */
    @Test
    void aScheduledTaskFiresOnceATickInTheWholeCluster() {
        // The role is ANY: the master's firing is dispatched to every node in turn.
        await().atMost(TestNodes.PATIENCE)
                .until(() -> Desk.TICKS.size() > 20 && Set.copyOf(Desk.TICKS).size() == 3);

        // On a machine that stood still for a session there were more masters than one.
        await().untilAsserted(
                        () -> assertThat(nodes.bean("n1", MasterElection.class).history())
                                .extracting(MasterChange::nodeId)
                                .containsAll(Desk.FIRED_BY));
    }

    @Test
    void aHandCallOfAScheduledTaskIsAnOrdinaryCall() {
        assertThat(desk(nodes.workerIds().get(0)).hourly()).isIn("n1", "n2", "n3");
    }

    @Test
    void cancellingAFutureIsNotAnError() {
        CompletableFuture<Answer> later = desk(nodes.workerIds().get(0)).later("never mind");

        later.cancel(true);

        assertThatExceptionOfType(CancellationException.class).isThrownBy(later::join);
    }

    @Test
    void cancellingAFutureStopsTheTaskWhereItRuns() {
        for (String node : List.of(nodes.masterId(), nodes.workerIds().get(0))) {
            String name = "future of " + node;
            CompletableFuture<String> later = desk(node).holdLater(name);
            await().atMost(TestNodes.PATIENCE).until(() -> Desk.RUNS.contains("holding " + name));

            later.cancel(true);

            await().atMost(TestNodes.PATIENCE).until(() -> Desk.RUNS.contains("let go " + name));
        }
    }

    @Test
    void aTaskThatRunsOutOfTimeTakesTheTasksItCalledWithIt() {
        for (String worker : nodes.workerIds()) {
            desk(worker).master("hello");
            desk(worker).worker(List.of("hello"));
        }
        assertThatExceptionOfType(TaskTimeoutException.class)
                .isThrownBy(() -> desk(nodes.workerIds().get(0)).holdOnMaster("nested"));

        await().atMost(TestNodes.PATIENCE).until(() -> Desk.RUNS.contains("let go nested"));
    }

    @Test
    void concurrentCallsFromAllNodesAllComeBack() throws InterruptedException, ExecutionException {
        List<CompletableFuture<Answer>> calls = IntStream.range(0, 300)
                .mapToObj(i -> CompletableFuture.supplyAsync(
                        () -> desk("n" + (1 + i % 3)).any("c" + i)))
                .toList();

        for (int i = 0; i < calls.size(); i++) {
            assertThat(calls.get(i).get().words()).containsExactly("c" + i);
        }
    }

    @Test
    void theApplicationsSecurityGuardsEverythingElseAsBefore() throws Exception {
        assertThat(status("/anything")).isEqualTo(401);
        assertThat(status("/actuator/ha")).isEqualTo(401);
        assertThat(status("/ha/link/below")).isEqualTo(401);
        assertThat(status("/ha/link")).isBetween(400, 499).isNotEqualTo(401);
    }

    private static int status(String path) throws Exception {
        URI uri = URI.create("http://127.0.0.1:" + nodes.port("n1") + path);
        return HttpClient.newHttpClient()
                .send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.discarding())
                .statusCode();
    }
}
