package org.hatask;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
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
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** Tasks that return a {@code Mono}, and calls from threads that must not wait, on two nodes. */
@Timeout(120)
class ReactiveTasksTest {

    record Quote(String node, List<String> words) {}

    static class Desk {

        static final List<String> RUNS = new CopyOnWriteArrayList<>();
        static final Set<String> CANCELLED = ConcurrentHashMap.newKeySet();

        private final HaCluster cluster;

        Desk(HaCluster cluster) {
            this.cluster = cluster;
        }

        @HaTask
        public Mono<Quote> quote(String word) {
            return Mono.fromSupplier(() -> {
                RUNS.add(word);
                TaskContext.current();
                return new Quote(
                        cluster.self().id(),
                        List.of(word, Thread.currentThread().getName()));
            });
        }

        @HaTask(role = Role.WORKER)
        public Mono<Void> nothing() {
            return Mono.empty();
        }

        @HaTask(role = Role.WORKER)
        public Mono<String> fails() {
            return Mono.error(new IllegalArgumentException("no such share"));
        }

        @HaTask(role = Role.WORKER, retry = @Retry(maxAttempts = 3, delay = "10ms"))
        public Mono<Integer> failsTwice(String word) {
            return Mono.fromSupplier(() -> {
                RUNS.add(word);
                if (TaskContext.current().attempt() < 3) {
                    throw new IllegalStateException("not yet");
                }
                return TaskContext.current().attempt();
            });
        }

        @HaTask(role = Role.WORKER)
        public Mono<String> never(String word) {
            RUNS.add(word);
            return Mono.<String>never().doOnCancel(() -> CANCELLED.add(word));
        }

        @HaTask(role = Role.MASTER, offRole = OffRole.SKIP)
        public Mono<String> onlyOnTheMaster() {
            return Mono.fromSupplier(() -> cluster.self().id());
        }

        @HaTask(role = Role.MASTER, offRole = OffRole.REJECT)
        public Mono<String> notElsewhere() {
            return Mono.fromSupplier(() -> cluster.self().id());
        }

        @HaTask
        public String waits() {
            return cluster.self().id();
        }

        @HaTask
        public CompletableFuture<String> later() {
            return CompletableFuture.completedFuture(Thread.currentThread().getName());
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
        Desk desk(HaCluster cluster) {
            return new Desk(cluster);
        }
    }

    private static TestNodes nodes;

    @BeforeAll
    static void start() throws Exception {
        nodes = new TestNodes(Application.class).startAll("a", "b");
    }

    @AfterAll
    static void stop() throws Exception {
        nodes.close();
    }

    private static Desk master() {
        return nodes.bean(nodes.masterId(), Desk.class);
    }

    private static Desk worker() {
        return nodes.bean(nodes.workerIds().get(0), Desk.class);
    }

    @Test
    void eachSubscriptionIsAnExecutionAndACallAloneIsNone() {
        Mono<Quote> quote = master().quote("each");

        assertThat(Desk.RUNS).doesNotContain("each");
        Map<String, Quote> byNode = new ConcurrentHashMap<>();
        await().atMost(TestNodes.PATIENCE).until(() -> {
            Quote answer = quote.block();
            byNode.put(answer.node(), answer);
            return byNode.size() == 2;
        });

        assertThat(byNode.values()).allSatisfy(answer -> assertThat(answer.words())
                .satisfiesExactly(word -> assertThat(word).isEqualTo("each"), thread -> assertThat(thread)
                        .startsWith("ha-task-")));
        assertThat(Desk.RUNS.stream().filter("each"::equals).count()).isGreaterThanOrEqualTo(2);
    }

    @Test
    void emptyAndFailedOnesComeBackAsTheyEnded() {
        assertThat(master().nothing().hasElement().block()).isFalse();
        assertThatExceptionOfType(IllegalArgumentException.class)
                .isThrownBy(() -> master().fails().block())
                .withMessageContaining("no such share");
    }

    @Test
    void itIsRetriedLikeAnyOther() {
        assertThat(master().failsTwice("again").block()).isEqualTo(3);
        assertThat(Desk.RUNS.stream().filter("again"::equals)).hasSize(3);
    }

    @Test
    void toCancelTheSubscriptionCancelsTheTaskOnItsNode() {
        Disposable subscription = master().never("given up").subscribe();
        await().atMost(TestNodes.PATIENCE).until(() -> Desk.RUNS.contains("given up"));

        subscription.dispose();

        await().atMost(TestNodes.PATIENCE).until(() -> Desk.CANCELLED.contains("given up"));
    }

    @Test
    void whatItsRoleForbidsIsSkippedOrRejectedAtTheSubscription() {
        assertThat(master().onlyOnTheMaster().block()).isEqualTo(nodes.masterId());
        assertThat(worker().onlyOnTheMaster().hasElement().block()).isFalse();
        Mono<String> rejected = worker().notElsewhere();
        assertThatExceptionOfType(TaskRejectedException.class).isThrownBy(rejected::block);
    }

    @Test
    void aThreadThatMustNotWaitIsToldSoAndDoesNotExecuteAnything() throws Exception {
        assertThatExceptionOfType(TaskRejectedException.class)
                .isThrownBy(() -> onAnEventLoop(() -> master().waits()))
                .withMessageContaining("desk.waits was not started")
                .withMessageContaining("parallel-")
                .withMessageContaining("Let the method return a Mono or a CompletableFuture");
        for (int i = 0; i < 4; i++) {
            CompletableFuture<String> later = onAnEventLoop(() -> master().later());
            assertThat(later.get(30, TimeUnit.SECONDS)).startsWith("ha-task-");
        }
    }

    private static <T> T onAnEventLoop(Callable<T> call) {
        return Mono.fromCallable(call).subscribeOn(Schedulers.parallel()).block();
    }
}
