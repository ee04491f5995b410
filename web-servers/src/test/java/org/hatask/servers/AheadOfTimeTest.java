package org.hatask.servers;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
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
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.aot.ApplicationContextAotGenerator;

/** An application that Spring processes ahead of time, as for a native image. */
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
    void itIsProcessedAndHasHintsForItsTasks() throws Exception {
        TestGenerationContext generation = new TestGenerationContext();
        AnnotationConfigServletWebServerApplicationContext source =
                new AnnotationConfigServletWebServerApplicationContext();
        source.register(Application.class);
        TestPropertyValues.of("ha.cluster=ahead", "ha.zookeeper.connect-string=127.0.0.1:1")
                .applyTo(source);

        new ApplicationContextAotGenerator().processAheadOfTime(source, generation);

        assertThatTasksHaveHints(generation);
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
}
