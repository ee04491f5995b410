package org.hatask.servers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.List;
import org.apache.curator.test.InstanceSpec;
import org.apache.curator.test.TestingServer;
import org.hatask.HaCluster;
import org.hatask.HaTask;
import org.hatask.Role;
import org.hatask.TaskContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.aot.generate.GenerationContext;
import org.springframework.aot.hint.RuntimeHints;
import org.springframework.aot.hint.predicate.RuntimeHintsPredicates;
import org.springframework.aot.test.generate.TestGenerationContext;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.test.util.TestPropertyValues;
import org.springframework.boot.web.servlet.context.AnnotationConfigServletWebServerApplicationContext;
import org.springframework.boot.web.servlet.context.ServletWebServerApplicationContext;
import org.springframework.context.ApplicationContextInitializer;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.aot.ApplicationContextAotGenerator;
import org.springframework.context.support.GenericApplicationContext;
import org.springframework.core.test.tools.CompileWithForkedClassLoader;
import org.springframework.core.test.tools.TestCompiler;
import org.springframework.javapoet.ClassName;

/** An application that Spring has processed ahead of time, as for a native image; here it runs on the JVM. */
@Timeout(120)
class AheadOfTimeTest {

    public record Order(String article, List<Line> lines) {}

    public record Line(int count) {}

    public static class Desk {

        @HaTask(role = Role.MASTER)
        public Order book(Order order) {
            return new Order(
                    order.article() + " in epoch "
                            + TaskContext.current().epoch().getAsLong(),
                    order.lines());
        }
    }

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    public static class Application {

        @Bean
        public Desk desk() {
            return new Desk();
        }
    }

    @Test
    @CompileWithForkedClassLoader
    void itIsANodeLikeAnyOtherAndHasHintsForItsTasks() throws Exception {
        TestGenerationContext generation = new TestGenerationContext();
        AnnotationConfigServletWebServerApplicationContext source =
                new AnnotationConfigServletWebServerApplicationContext();
        source.register(Application.class);
        configure(source, "127.0.0.1:1");
        ClassName generated = new ApplicationContextAotGenerator().processAheadOfTime(source, generation);
        generation.writeGeneratedContent();

        assertThatTasksHaveHints(generation);
        TestCompiler.forSystem()
                .with(generation)
                .compile(compiled ->
                        run(compiled.getInstance(ApplicationContextInitializer.class, generated.reflectionName())));
    }

    private static void assertThatTasksHaveHints(GenerationContext generation) throws NoSuchMethodException {
        RuntimeHints hints = generation.getRuntimeHints();
        assertThat(RuntimeHintsPredicates.reflection().onMethod(Desk.class.getMethod("book", Order.class)))
                .accepts(hints);
        assertThat(RuntimeHintsPredicates.reflection().onMethod(Order.class.getMethod("article")))
                .accepts(hints);
        assertThat(RuntimeHintsPredicates.reflection().onMethod(Line.class.getMethod("count")))
                .accepts(hints);
    }

    @SuppressWarnings("unchecked")
    private static void run(ApplicationContextInitializer<?> initializer) {
        try (TestingServer zooKeeper = new TestingServer(new InstanceSpec(null, -1, -1, -1, true, -1, 200, -1), true);
                ServletWebServerApplicationContext context = new ServletWebServerApplicationContext()) {
            configure(context, zooKeeper.getConnectString());
            ((ApplicationContextInitializer<GenericApplicationContext>) initializer).initialize(context);
            context.refresh();
            HaCluster cluster = context.getBean(HaCluster.class);
            await().atMost(Duration.ofSeconds(30)).until(cluster::isMaster);

            assertThat(context.getBean(Desk.class).book(new Order("tea", List.of(new Line(2)))))
                    .isEqualTo(new Order("tea in epoch 1", List.of(new Line(2))));
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    private static void configure(ConfigurableApplicationContext context, String zooKeeper) {
        TestPropertyValues.of(
                        "server.port=0",
                        "ha.cluster=ahead",
                        "ha.node.id=a",
                        "ha.zookeeper.connect-string=" + zooKeeper,
                        "ha.zookeeper.tick-time=200ms",
                        "logging.level.root=WARN")
                .applyTo(context);
    }
}
