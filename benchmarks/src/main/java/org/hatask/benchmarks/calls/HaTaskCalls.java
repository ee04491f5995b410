package org.hatask.benchmarks.calls;

import java.time.Duration;
import java.util.List;
import org.hatask.HaCluster;
import org.hatask.HaTask;
import org.hatask.Retry;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.stereotype.Component;

/** Calls of an annotated method of a bean, with everything on that a user has. The caller itself takes no tasks. */
final class HaTaskCalls implements Contender {

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    @Import(Desk.class)
    static class Application {}

    @Component("desk")
    static class Desk {

        @HaTask(retry = @Retry(maxAttempts = 3))
        public String work(String text, int number) {
            return Contender.answer(text, number);
        }

        @HaTask(retry = @Retry(maxAttempts = 3), slowAfter = "1m")
        public String rest(int millis) {
            return Contender.rest(millis);
        }
    }

    @Override
    public AutoCloseable serve(Place place) {
        return start(place);
    }

    @Override
    public Caller call(Place place) throws InterruptedException {
        ConfigurableApplicationContext context = start(place);
        HaCluster cluster = context.getBean(HaCluster.class);
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (cluster.members().size() < place.ports().size()) {
            if (System.nanoTime() - end > 0) {
                throw new IllegalStateException("Members after " + PATIENCE + ": " + cluster.members());
            }
            Thread.sleep(10);
        }
        Desk desk = context.getBean(Desk.class);
        return new Caller() {
            @Override
            public String work(String text, int number) {
                return desk.work(text, number);
            }

            @Override
            public String rest(int millis) {
                return desk.rest(millis);
            }

            @Override
            public void close() {
                context.close();
            }
        };
    }

    private static ConfigurableApplicationContext start(Place place) {
        return WebApplication.start(
                Application.class,
                place,
                List.of(
                        "ha.node.id=node-" + place.index(),
                        "ha.node.accepts-tasks=" + !place.isCaller(),
                        "ha.zookeeper.connect-string=127.0.0.1:" + place.zooKeeperPort()));
    }
}
