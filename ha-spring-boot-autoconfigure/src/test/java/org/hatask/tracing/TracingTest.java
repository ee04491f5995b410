package org.hatask.tracing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationRegistry;
import io.micrometer.tracing.BaggageInScope;
import io.micrometer.tracing.Tracer;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.SpanId;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.sdk.testing.exporter.InMemorySpanExporter;
import io.opentelemetry.sdk.trace.SpanProcessor;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.hatask.Delivery;
import org.hatask.HaTask;
import org.hatask.HaTasks;
import org.hatask.Retry;
import org.hatask.Role;
import org.hatask.TaskContext;
import org.hatask.TestNodes;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.actuate.autoconfigure.security.servlet.ManagementWebSecurityAutoConfiguration;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.autoconfigure.security.servlet.SecurityAutoConfiguration;
import org.springframework.boot.autoconfigure.security.servlet.UserDetailsServiceAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** What OpenTelemetry gets to see of two nodes, each with an SDK of its own: n1 leads, n2 works for it. */
@Timeout(120)
class TracingTest {

    static class Desk {

        private static final org.slf4j.Logger log = LoggerFactory.getLogger(Desk.class);

        private final ObjectProvider<Desk> self;

        Desk(ObjectProvider<Desk> self) {
            this.self = self;
        }

        @HaTask(role = Role.MASTER)
        public String settle(String name) throws IOException {
            log.info("settling {}", name);
            String priced = self.getObject().price(name);
            log.info("settled {}", name);
            return priced;
        }

        @HaTask(role = Role.WORKER, retry = @Retry(maxAttempts = 2, delay = "1ms"))
        public String price(String name) throws IOException {
            log.info("pricing {}", name);
            if (TaskContext.current().attempt() == 1) {
                throw new IOException("not yet");
            }
            return name;
        }

        @HaTask(role = Role.WORKER)
        public CompletableFuture<String> later(String name) {
            return new CompletableFuture<String>().completeOnTimeout(name, 50, TimeUnit.MILLISECONDS);
        }

        @HaTask(delivery = Delivery.DURABLE)
        public void report(String name) {
            log.info("reporting {}", name);
        }
    }

    private static final InMemorySpanExporter SPANS = InMemorySpanExporter.create();

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration(
            exclude = {
                SecurityAutoConfiguration.class,
                ManagementWebSecurityAutoConfiguration.class,
                UserDetailsServiceAutoConfiguration.class
            })
    static class Application {
        @Bean
        Desk desk(ObjectProvider<Desk> self) {
            return new Desk(self);
        }

        @Bean
        SpanProcessor exportAtOnce() {
            return SimpleSpanProcessor.create(SPANS);
        }
    }

    /** The lines of the desks with what their patterns can show beside them. */
    private static final class Lines extends AppenderBase<ILoggingEvent> {

        record Line(String text, Map<String, String> context) {}

        final List<Line> lines = new CopyOnWriteArrayList<>();

        @Override
        protected void append(ILoggingEvent event) {
            lines.add(new Line(event.getFormattedMessage(), new HashMap<>(event.getMDCPropertyMap())));
        }

        List<Map<String, String>> contexts(String text) {
            return lines.stream()
                    .filter(line -> line.text().equals(text))
                    .map(Line::context)
                    .toList();
        }
    }

    private static final Lines LINES = new Lines();
    private static TestNodes nodes;

    @BeforeAll
    static void start() throws Exception {
        nodes = new TestNodes(
                Application.class,
                "management.tracing.enabled=true",
                "management.tracing.sampling.probability=1.0",
                "management.tracing.baggage.remote-fields=customer",
                "management.tracing.baggage.correlation.fields=customer");
        for (String id : List.of("n1", "n2")) {
            nodes.start(id, "management.opentelemetry.resource-attributes.node=" + id);
        }
        nodes.awaitAgreement();
        nodes.lead("n1");
        LINES.start();
        ((Logger) LoggerFactory.getLogger(Desk.class)).addAppender(LINES);
    }

    @AfterAll
    static void stop() throws Exception {
        ((Logger) LoggerFactory.getLogger(Desk.class)).detachAppender(LINES);
        nodes.close();
    }

    @BeforeEach
    void forget() {
        SPANS.reset();
        LINES.lines.clear();
    }

    /** As a request of n1 would, for a customer. */
    private static void called(Observation.CheckedRunnable<Exception> work) throws Exception {
        Tracer tracer = nodes.bean("n1", Tracer.class);
        Observation.createNotStarted("caller", nodes.bean("n1", ObservationRegistry.class))
                .observeChecked(() -> {
                    try (BaggageInScope baggage = tracer.createBaggageInScope("customer", "c7")) {
                        work.run();
                    }
                });
    }

    private static Desk desk() {
        return nodes.bean("n1", Desk.class);
    }

    /** Ended spans below the parent, in the order of their beginning. */
    private static List<SpanData> below(SpanData parent) {
        return SPANS.getFinishedSpanItems().stream()
                .filter(span -> span.getParentSpanId().equals(parent.getSpanId()))
                .sorted((a, b) -> Long.compare(a.getStartEpochNanos(), b.getStartEpochNanos()))
                .toList();
    }

    private static SpanData only(List<SpanData> spans) {
        assertThat(spans).hasSize(1);
        return spans.get(0);
    }

    private static SpanData root() {
        return only(SPANS.getFinishedSpanItems().stream()
                .filter(span -> span.getParentSpanId().equals(SpanId.getInvalid()))
                .toList());
    }

    private static String tag(SpanData span, String key) {
        return span.getAttributes().get(AttributeKey.stringKey(key));
    }

    private static String node(SpanData span) {
        return span.getResource().getAttribute(AttributeKey.stringKey("node"));
    }

    @Test
    void callerAttemptsAndTheirExecutionElsewhereAreOneTrace() throws Exception {
        called(() -> desk().settle("x"));

        // A node may answer before it has ended its own span.
        await().untilAsserted(() -> assertThat(SPANS.getFinishedSpanItems()).hasSize(8));
        SpanData caller = root();
        assertThat(SPANS.getFinishedSpanItems())
                .allSatisfy(span -> assertThat(span.getTraceId()).isEqualTo(caller.getTraceId()));
        SpanData settle = only(below(caller));
        assertThat(settle.getName()).isEqualTo("desk.settle");
        SpanData inPlace = only(below(settle));
        assertThat(inPlace.getName()).isEqualTo("desk.settle attempt");
        assertThat(inPlace.getKind()).isEqualTo(SpanKind.INTERNAL);
        assertThat(tag(inPlace, "ha.where")).isEqualTo("local");
        SpanData price = only(below(inPlace));
        assertThat(price.getName()).isEqualTo("desk.price");
        assertThat(tag(price, "ha.outcome")).isEqualTo("succeeded");
        assertThat(tag(price, "ha.task.role")).isEqualTo("worker");
        List<SpanData> attempts = below(price);
        assertThat(attempts).hasSize(2).allSatisfy(attempt -> {
            assertThat(node(attempt)).isEqualTo("n1");
            assertThat(attempt.getName()).isEqualTo("desk.price attempt");
            assertThat(attempt.getKind()).isEqualTo(SpanKind.CLIENT);
            assertThat(tag(attempt, "ha.node")).isEqualTo("n2");
            assertThat(tag(attempt, "ha.where")).isEqualTo("remote");
            SpanData run = only(below(attempt));
            assertThat(node(run)).isEqualTo("n2");
            assertThat(run.getName()).isEqualTo("desk.price run");
            assertThat(run.getKind()).isEqualTo(SpanKind.SERVER);
            assertThat(tag(run, "ha.caller")).isEqualTo("n1");
            assertThat(tag(run, "ha.origin")).isEqualTo("remote");
            for (String same : List.of("ha.task.id", "ha.task.attempt", "ha.outcome")) {
                assertThat(tag(run, same)).isNotNull().isEqualTo(tag(attempt, same));
            }
            assertThat(run.getStatus().getStatusCode())
                    .isEqualTo(attempt.getStatus().getStatusCode());
        });
        assertThat(attempts).extracting(span -> tag(span, "ha.task.attempt")).containsExactly("1", "2");
        assertThat(attempts).extracting(span -> tag(span, "ha.outcome")).containsExactly("failed", "succeeded");
        assertThat(attempts)
                .extracting(span -> span.getStatus().getStatusCode())
                .containsExactly(StatusCode.ERROR, StatusCode.UNSET);
    }

    @Test
    void linesOfTheLogNameAttemptAndTraceWhereTheyAreWritten() throws Exception {
        called(() -> desk().settle("x"));

        await().untilAsserted(() -> assertThat(SPANS.getFinishedSpanItems()).hasSize(8));
        SpanData settle = only(below(root()));
        SpanData price = only(below(only(below(settle))));
        List<SpanData> attempts = below(price);
        List<Map<String, String>> remote = LINES.contexts("pricing x");
        assertThat(remote).hasSize(2);
        for (int i = 0; i < 2; i++) {
            assertThat(remote.get(i))
                    .containsEntry("ha.task.name", "desk.price")
                    .containsEntry("ha.task.id", tag(price, "ha.task.id"))
                    .containsEntry("ha.task.attempt", Integer.toString(i + 1))
                    .doesNotContainKey("ha.epoch")
                    .containsEntry("traceId", price.getTraceId())
                    .containsEntry("spanId", only(below(attempts.get(i))).getSpanId())
                    .containsEntry("customer", "c7");
        }
        // The lines after the call within the task are its own again.
        assertThat(List.of(
                        LINES.contexts("settling x").get(0),
                        LINES.contexts("settled x").get(0)))
                .allSatisfy(context -> assertThat(context)
                        .containsEntry("ha.task.id", tag(settle, "ha.task.id"))
                        .containsEntry("ha.task.attempt", "1")
                        .containsEntry("ha.epoch", tag(only(below(settle)), "ha.epoch"))
                        .containsEntry("spanId", only(below(settle)).getSpanId()));
    }

    @Test
    void aTaskThatReturnsAFutureIsUnderWayUntilThatCompletes() throws Exception {
        called(() -> desk().later("x").get(30, TimeUnit.SECONDS));

        await().untilAsserted(() -> assertThat(SPANS.getFinishedSpanItems()).hasSize(4));
        SpanData run = only(below(only(below(only(below(root()))))));
        assertThat(node(run)).isEqualTo("n2");
        assertThat(run.getEndEpochNanos() - run.getStartEpochNanos()).isGreaterThan(TimeUnit.MILLISECONDS.toNanos(40));
    }

    @Test
    void anAttemptOfADurableTaskIsATraceOfItsOwn() throws Exception {
        String id = nodes.bean("n1", HaTasks.class).submit("desk.report", "x").id();

        await().untilAsserted(() -> assertThat(SPANS.getFinishedSpanItems()).hasSize(1));
        SpanData run = root();
        assertThat(run.getName()).isEqualTo("desk.report run");
        assertThat(tag(run, "ha.origin")).isEqualTo("durable");
        assertThat(tag(run, "ha.task.id")).isEqualTo(id);
        assertThat(LINES.contexts("reporting x")).singleElement().satisfies(context -> assertThat(context)
                .containsEntry("ha.task.id", tag(run, "ha.task.id"))
                .containsEntry("traceId", run.getTraceId()));
    }
}
