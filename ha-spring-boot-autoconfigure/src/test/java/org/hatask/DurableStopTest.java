package org.hatask;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.hatask.TestNodes.PATIENCE;

import com.zaxxer.hikari.HikariDataSource;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;
import org.hatask.durable.FlakyStore;
import org.hatask.durable.FlakyStore.Line;
import org.hatask.durable.TaskStore;
import org.hatask.durable.jdbc.JdbcStoreSettings;
import org.hatask.durable.jdbc.JdbcTaskStore;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.core.env.Environment;
import org.springframework.stereotype.Component;

/** A node that stops in order while it takes tasks from a database, with a pool of connections that closes with it. */
@Timeout(120)
class DurableStopTest {

    private static final String STAYS = "stays";
    private static final String STOPS = "stops";

    private static final Map<String, FlakyStore> LINES = new ConcurrentHashMap<>();
    private static final Map<String, Claims> CLAIMS = new ConcurrentHashMap<>();
    private static final Map<String, List<String>> RAN_ON = new ConcurrentHashMap<>();
    private static TestNodes nodes;

    private String once;
    private String again;

    /** Where a claim is held up. */
    enum Moment {
        BEFORE_THE_DATABASE_HEARS_OF_IT,
        WHEN_THE_DATABASE_HAS_DONE_IT
    }

    /** One node's way to its store, on which claims can be held up. */
    private static final class Claims {

        private final TaskStore target;
        private volatile Moment moment;
        private volatile CompletableFuture<Void> mayGoOn = CompletableFuture.completedFuture(null);
        private volatile boolean held;

        Claims(TaskStore target) {
            this.target = target;
        }

        void hold(Moment when) {
            mayGoOn = new CompletableFuture<>();
            moment = when;
        }

        void letGo() {
            moment = null;
            mayGoOn.complete(null);
        }

        private void pass(Moment now) {
            if (moment == now) {
                held = true;
                mayGoOn.join();
            }
        }

        TaskStore store() {
            return (TaskStore) Proxy.newProxyInstance(
                    TaskStore.class.getClassLoader(), new Class<?>[] {TaskStore.class}, (proxy, method, arguments) -> {
                        boolean claim = method.getName().equals("claim");
                        if (claim) {
                            pass(Moment.BEFORE_THE_DATABASE_HEARS_OF_IT);
                        }
                        Object result;
                        try {
                            result = method.invoke(target, arguments);
                        } catch (InvocationTargetException e) {
                            throw e.getTargetException();
                        }
                        if (claim && !((List<?>) result).isEmpty()) {
                            pass(Moment.WHEN_THE_DATABASE_HAS_DONE_IT);
                        }
                        return result;
                    });
        }
    }

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    @Import(Desk.class)
    static class Application {

        @Bean
        HikariDataSource dataSource() {
            HikariDataSource pool = new HikariDataSource();
            pool.setJdbcUrl("jdbc:h2:mem:stop;DB_CLOSE_DELAY=-1;LOCK_TIMEOUT=10000");
            return pool;
        }

        @Bean(destroyMethod = "")
        TaskStore store(DataSource dataSource, Environment environment) {
            String node = environment.getRequiredProperty("ha.node.id");
            JdbcTaskStore real = new JdbcTaskStore(
                    dataSource, new JdbcStoreSettings("desk", "ha_task", 10_000, Duration.ofSeconds(30)));
            real.afterPropertiesSet();
            FlakyStore line = new FlakyStore(real);
            Claims claims = new Claims(line.store());
            LINES.put(node, line);
            CLAIMS.put(node, claims);
            return claims.store();
        }
    }

    @Component("desk")
    static class Desk {

        private final HaCluster cluster;

        Desk(HaCluster cluster) {
            this.cluster = cluster;
        }

        @HaTask(delivery = Delivery.DURABLE)
        public void once(String trade) {
            ran(trade);
        }

        @HaTask(delivery = Delivery.DURABLE, retry = @Retry(maxAttempts = 5, delay = "10ms"))
        public void again(String trade) {
            ran(trade);
        }

        private void ran(String trade) {
            RAN_ON.computeIfAbsent(trade, id -> new CopyOnWriteArrayList<>())
                    .add(cluster.self().id());
        }
    }

    @BeforeAll
    static void start() throws Exception {
        nodes = new TestNodes(Application.class, "ha.durable.poll-interval=50ms", "ha.durable.lease=3s");
        nodes.start(STAYS);
    }

    @AfterAll
    static void stop() throws Exception {
        nodes.close();
    }

    /** Both tasks are there for the other node alone, which is in the midst of taking them. */
    private void submitToBeHeld(Moment moment, String trade) {
        nodes.start(STOPS);
        nodes.awaitAgreement();
        LINES.get(STAYS).set(Line.CUT, "claim"::equals);
        CLAIMS.get(STOPS).hold(moment);
        HaTasks tasks = nodes.bean(STAYS, HaTasks.class);
        once = tasks.submit("desk.once", trade + " once").id();
        again = tasks.submit("desk.again", trade + " again").id();
        await().atMost(PATIENCE).until(() -> CLAIMS.get(STOPS).held);
    }

    @AfterEach
    void letGo() {
        CLAIMS.get(STOPS).letGo();
        LINES.get(STAYS).set(Line.WHOLE);
        RAN_ON.clear();
    }

    private static DurableTask task(String id) {
        return nodes.bean(STAYS, HaTasks.class).find(id).orElseThrow();
    }

    private static void awaitState(String id, TaskState state) {
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(task(id).state()).isEqualTo(state));
    }

    @ParameterizedTest
    @EnumSource
    void whatANodeTakesWhileItStopsIsGivenBackAndRunsOnceElsewhere(Moment moment) {
        submitToBeHeld(moment, "t");

        CompletableFuture<Void> stopping = CompletableFuture.runAsync(() -> nodes.stop(STOPS));
        // Time enough for a node that does not wait to leave, and for the other to take its tasks from it.
        await().pollDelay(Duration.ofMillis(1500)).atMost(PATIENCE).until(() -> !stopping.isDone());
        CLAIMS.get(STOPS).letGo();
        stopping.orTimeout(PATIENCE.toSeconds(), TimeUnit.SECONDS).join();

        assertThat(List.of(task(once).state(), task(again).state())).containsOnly(TaskState.PENDING);
        LINES.get(STAYS).set(Line.WHOLE);
        awaitState(once, TaskState.SUCCEEDED);
        awaitState(again, TaskState.SUCCEEDED);
        assertThat(RAN_ON).isEqualTo(Map.of("t once", List.of(STAYS), "t again", List.of(STAYS)));
    }

    /** Then its record says that it runs, and nobody is left to say that it does not. */
    @Test
    void whatANodeHasTakenWhenItHasStoppedIsNeitherLostNorRunsTwice() {
        submitToBeHeld(Moment.WHEN_THE_DATABASE_HAS_DONE_IT, "t");

        nodes.stop(STOPS);
        CLAIMS.get(STOPS).letGo();
        LINES.get(STAYS).set(Line.WHOLE);

        awaitState(again, TaskState.SUCCEEDED);
        awaitState(once, TaskState.FAILED);
        assertThat(task(once).error()).contains(STOPS);
        assertThat(RAN_ON).isEqualTo(Map.of("t again", List.of(STAYS)));
    }
}
