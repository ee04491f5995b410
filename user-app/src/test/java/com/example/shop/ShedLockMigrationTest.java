package com.example.shop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.IntStream;
import net.javacrumbs.shedlock.core.LockProvider;
import net.javacrumbs.shedlock.provider.inmemory.InMemoryLockProvider;
import net.javacrumbs.shedlock.spring.annotation.EnableSchedulerLock;
import net.javacrumbs.shedlock.spring.annotation.SchedulerLock;
import org.hatask.HaTask;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.scheduling.annotation.EnableScheduling;
import org.springframework.scheduling.annotation.Scheduled;

/** A scheduled job of ShedLock moves over by exchanging one annotation: a tick is one run in the cluster, before and after. */
@Timeout(120)
class ShedLockMigrationTest {

    /** When a job ran, on whatever node. */
    private static final List<Long> runs = new CopyOnWriteArrayList<>();

    /** All nodes are in this process, so one is enough for them. */
    private static final LockProvider LOCKS = new InMemoryLockProvider();

    static class StockBefore {

        @Scheduled(cron = "* * * * * *")
        @SchedulerLock(name = "count-stock", lockAtLeastFor = "500ms")
        public void count() {
            ran();
        }
    }

    static class StockAfter {

        @Scheduled(cron = "* * * * * *")
        @HaTask(name = "count-stock")
        public void count() {
            ran();
        }
    }

    private static void ran() {
        runs.add(System.nanoTime());
    }

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    @EnableScheduling
    @EnableSchedulerLock(defaultLockAtMostFor = "10s")
    static class Before {

        @Bean
        StockBefore stock() {
            return new StockBefore();
        }

        @Bean
        LockProvider locks() {
            return LOCKS;
        }
    }

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    @EnableScheduling
    static class After {

        @Bean
        StockAfter stock() {
            return new StockAfter();
        }
    }

    @Test
    void aTickIsOneRunBeforeAndAfter(@TempDir Path directory) throws IOException {
        int zooKeeper = freePort();

        assertOneRunATick(Before.class, "ha.enabled=false");
        assertOneRunATick(
                After.class, "ha.zookeeper.embedded.port=" + zooKeeper, "ha.zookeeper.embedded.data-dir=" + directory);
    }

    private static void assertOneRunATick(Class<?> application, String... properties) {
        try (ConfigurableApplicationContext a = node(application, "a", properties);
                ConfigurableApplicationContext b = node(application, "b", properties)) {
            runs.clear();
            await().atMost(Duration.ofSeconds(60)).until(() -> runs.size() >= 4);
        }
        // Ticks are a second apart. Two runs of each would make two short gaps; a busy machine makes one, where a run is late.
        assertThat(IntStream.range(1, 4).filter(i -> runs.get(i) - runs.get(i - 1) < 500_000_000)
                        .boxed())
                .as("short gaps between runs of %s at %s", application.getSimpleName(), runs)
                .hasSizeLessThan(2);
    }

    private static ConfigurableApplicationContext node(Class<?> application, String id, String... properties) {
        return new SpringApplicationBuilder(application)
                .properties("server.port=0", "spring.application.name=stock", "ha.node.id=" + id)
                .properties(properties)
                .run();
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }
}
