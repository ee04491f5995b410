package org.hatask;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArraySet;
import java.util.concurrent.atomic.AtomicInteger;
import org.hatask.cluster.OperatorAction;
import org.hatask.cluster.OperatorAction.Kind;
import org.hatask.cluster.OperatorAction.Result;
import org.hatask.standby.ColdStandby;
import org.hatask.standby.StandbyStatus;
import org.hatask.standby.StandbyStatus.State;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.beans.factory.config.CustomScopeConfigurer;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.availability.ApplicationAvailability;
import org.springframework.boot.availability.ReadinessState;
import org.springframework.context.SmartLifecycle;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Scope;
import org.springframework.context.annotation.ScopedProxyMode;
import org.springframework.context.support.SimpleThreadScope;
import org.springframework.scheduling.annotation.EnableScheduling;
import org.springframework.scheduling.annotation.Scheduled;

/** Two nodes, one of them on cold standby: its business moves with the role, or stays where it was. */
@Timeout(180)
class ColdStandbyClusterTest {

    /** Nodes whose feed has no line. */
    private static final Set<String> WITHOUT_LINE = new CopyOnWriteArraySet<>();

    /** Running feeds by node, and ticks by node and epoch. */
    private static final Map<String, AtomicInteger> RUNNING = new ConcurrentHashMap<>();

    private static final Set<String> TICKS = ConcurrentHashMap.newKeySet();

    private static int running(String node) {
        return RUNNING.computeIfAbsent(node, id -> new AtomicInteger()).get();
    }

    @PrimaryOnly
    static class Feed implements SmartLifecycle {

        private final String node;
        private volatile boolean running;

        Feed(HaCluster cluster) {
            this.node = cluster.self().id();
        }

        @Override
        public void start() {
            if (WITHOUT_LINE.contains(node)) {
                throw new IllegalStateException("no line to the exchange");
            }
            running(node);
            RUNNING.get(node).incrementAndGet();
            running = true;
        }

        @Override
        public void stop() {
            RUNNING.get(node).decrementAndGet();
            running = false;
        }

        @Override
        public boolean isRunning() {
            return running;
        }
    }

    @PrimaryOnly
    static class Desk {

        private final Feed feed;
        private final HaCluster cluster;

        Desk(Feed feed, HaCluster cluster) {
            this.feed = feed;
            this.cluster = cluster;
        }

        @HaTask
        public String trade() {
            return cluster.self().id() + " " + feed.isRunning() + " "
                    + TaskContext.current().epoch().orElseThrow();
        }

        @HaTask
        @Scheduled(fixedRate = 20)
        public void tick() {
            TICKS.add(cluster.self().id() + " " + TaskContext.current().epoch().orElseThrow());
        }

        public String plain() {
            return cluster.self().id();
        }
    }

    /** Of the application's own scope, on every node. */
    static class PerThread {

        private final HaCluster cluster;

        PerThread(HaCluster cluster) {
            this.cluster = cluster;
        }

        @HaTask
        public String where() {
            return cluster.self().id() + " " + TaskContext.current().epoch().orElseThrow();
        }
    }

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    @EnableScheduling
    static class Application {

        @Bean
        Desk desk(Feed feed, HaCluster cluster) {
            return new Desk(feed, cluster);
        }

        @Bean
        @Scope(value = "thread", proxyMode = ScopedProxyMode.TARGET_CLASS)
        PerThread perThread(HaCluster cluster) {
            return new PerThread(cluster);
        }

        @Bean
        static CustomScopeConfigurer scopes() {
            CustomScopeConfigurer scopes = new CustomScopeConfigurer();
            scopes.addScope("thread", new SimpleThreadScope());
            return scopes;
        }

        @Bean
        Feed feed(HaCluster cluster) {
            return new Feed(cluster);
        }
    }

    private static StandbyStatus status(TestNodes nodes, String id) {
        return nodes.bean(id, ColdStandby.class).status();
    }

    private static void awaitPrimary(TestNodes nodes, String id, String other) {
        await().atMost(TestNodes.PATIENCE)
                .until(() -> status(nodes, id).state() == State.ACTIVE
                        && nodes.bean(id, ApplicationAvailability.class).getReadinessState()
                                == ReadinessState.ACCEPTING_TRAFFIC
                        && nodes.bean(other, ApplicationAvailability.class).getReadinessState()
                                == ReadinessState.REFUSING_TRAFFIC);
        assertThat(running(id)).isEqualTo(1);
        assertThat(running(other)).isZero();
        assertThat(nodes.bean(id, Desk.class).plain()).isEqualTo(id);
        assertThatExceptionOfType(StandbyException.class)
                .isThrownBy(() -> nodes.bean(other, Desk.class).plain());
        long epoch = nodes.bean(id, HaCluster.class).epoch().orElseThrow();
        for (String caller : new String[] {id, other}) {
            assertThat(nodes.bean(caller, Desk.class).trade()).isEqualTo(id + " true " + epoch);
            assertThat(nodes.bean(caller, PerThread.class).where()).isEqualTo(id + " " + epoch);
        }
        await().atMost(TestNodes.PATIENCE).until(() -> TICKS.contains(id + " " + epoch));
    }

    @Test
    void theBusinessMovesWithTheRoleAndABeanThatFailsBringsThePrimaryBack() throws Exception {
        try (TestNodes nodes = new TestNodes(Application.class, "ha.topology=primary-backup", "ha.standby=cold")) {
            nodes.startAll("n1");
            nodes.start("n2");
            nodes.awaitAgreement();
            awaitPrimary(nodes, "n1", "n2");
            assertThat(status(nodes, "n2").state()).isEqualTo(State.STANDBY);

            assertThat(nodes.order("n1", Kind.PROMOTE, "n2").result()).isEqualTo(Result.DONE);
            awaitPrimary(nodes, "n2", "n1");

            WITHOUT_LINE.add("n1");
            OperatorAction failed = nodes.order("n2", Kind.PROMOTE, "n1");
            assertThat(failed.result()).isEqualTo(Result.FAILED);
            assertThat(failed.message()).contains("'feed'", "no line to the exchange");
            awaitPrimary(nodes, "n2", "n1");
            assertThat(status(nodes, "n1")).satisfies(status -> {
                assertThat(status.state()).isEqualTo(State.FAILED);
                assertThat(status.problem()).contains("'feed'", "no line to the exchange");
            });

            WITHOUT_LINE.clear();
            assertThat(nodes.order("n2", Kind.PROMOTE, "n1").result()).isEqualTo(Result.DONE);
            awaitPrimary(nodes, "n1", "n2");

            nodes.stop("n1");
            assertThat(running("n1")).isZero();
        }
        assertThat(TICKS).allMatch(tick -> tick.matches("n1 1|n2 2|n2 4|n1 5"));
    }
}
