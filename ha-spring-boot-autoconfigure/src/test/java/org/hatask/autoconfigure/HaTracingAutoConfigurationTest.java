package org.hatask.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.observation.MeterObservationHandler;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationHandler;
import io.micrometer.observation.ObservationRegistry;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.hatask.execute.Recorder;
import org.hatask.execute.TaskObserver;
import org.hatask.execute.Tasks;
import org.hatask.metrics.TaskTimers;
import org.hatask.tracing.TaskObservations;
import org.junit.jupiter.api.Test;
import org.springframework.boot.actuate.autoconfigure.metrics.CompositeMeterRegistryAutoConfiguration;
import org.springframework.boot.actuate.autoconfigure.metrics.MetricsAutoConfiguration;
import org.springframework.boot.actuate.autoconfigure.observation.ObservationAutoConfiguration;
import org.springframework.boot.actuate.autoconfigure.observation.ObservationRegistryCustomizer;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.WebApplicationContextRunner;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** Whether observations are made, in an application that cannot reach its ZooKeeper: its only call ends without an attempt. */
class HaTracingAutoConfigurationTest {

    private final WebApplicationContextRunner unobserved = HaMetricsAutoConfigurationTest.ENGINE.withConfiguration(
            AutoConfigurations.of(HaTracingAutoConfiguration.class));

    private final WebApplicationContextRunner runner = unobserved
            .withConfiguration(AutoConfigurations.of(
                    ObservationAutoConfiguration.class,
                    MetricsAutoConfiguration.class,
                    CompositeMeterRegistryAutoConfiguration.class))
            .withBean(SimpleMeterRegistry.class, SimpleMeterRegistry::new);

    /** Writes down which observations have ended. */
    static final class Handler implements ObservationHandler<Observation.Context> {

        final List<String> ended = new CopyOnWriteArrayList<>();

        @Override
        public void onStop(Observation.Context context) {
            ended.add(context.getName() + " " + context.getLowCardinalityKeyValues());
        }

        @Override
        public boolean supportsContext(Observation.Context context) {
            return true;
        }
    }

    @Configuration(proxyBeanMethods = false)
    static class WithCustomizer {

        final Handler handler = new Handler();

        @Bean
        ObservationRegistryCustomizer<ObservationRegistry> customizer() {
            return registry -> registry.observationConfig().observationHandler(handler);
        }
    }

    private static void call(ApplicationContext context) {
        HaMetricsAutoConfigurationTest.failingCall(context.getBean(HaMetricsAutoConfigurationTest.Desk.class));
    }

    private static TaskObserver.Call observedCall(ApplicationContext context) {
        return context.getBean(TaskObservations.class)
                .called(Tasks.of(HaMetricsAutoConfigurationTest.Desk.class, "any"), "t1");
    }

    @Test
    void withoutMicrometersObservationsTasksGoOn() {
        unobserved
                .withClassLoader(new FilteredClassLoader(ObservationRegistry.class))
                .run(context -> {
                    assertThat(context).hasNotFailed().doesNotHaveBean(TaskObserver.class);
                    call(context);
                });
    }

    @Test
    void withoutARegistryNothingIsObserved() {
        unobserved.run(context -> assertThat(context).hasNotFailed().doesNotHaveBean(TaskObserver.class));
    }

    @Test
    void whereOnlyMetersWouldBeMadeOfObservationsNoneIs() {
        runner.run(context -> {
            assertThat(context).hasSingleBean(MeterObservationHandler.class);
            assertThat(observedCall(context)).isSameAs(TaskObserver.Call.NONE);
        });
    }

    @Test
    void aCallIsObservedAndNotMeasuredTwice() {
        runner.withBean(Handler.class, Handler::new).run(context -> {
            call(context);

            assertThat(context.getBean(Handler.class).ended)
                    .singleElement()
                    .asString()
                    .startsWith("ha.execution ")
                    .contains("desk.any", "not_executed");
            MeterRegistry meters = context.getBean(MeterRegistry.class);
            assertThat(meters.get("ha.task.calls").timer().count()).isOne();
            assertThat(meters.getMeters())
                    .extracting(meter -> meter.getId().getName())
                    .noneMatch(name -> name.startsWith("ha.execution"));
        });
    }

    @Test
    void aHandlerThatACustomizerAddsIsHeardOf() {
        runner.withUserConfiguration(WithCustomizer.class).run(context -> {
            call(context);

            assertThat(context.getBean(WithCustomizer.class).handler.ended).hasSize(1);
        });
    }

    @Test
    void observationsCanBeSwitchedOffAsAllOthers() {
        runner.withBean(Handler.class, Handler::new)
                .withPropertyValues("management.observations.enable.ha=false")
                .run(context -> {
                    call(context);

                    assertThat(context.getBean(Handler.class).ended).isEmpty();
                    assertThat(observedCall(context)).isSameAs(TaskObserver.Call.NONE);
                });
    }

    @Test
    void anObserverOfTheApplicationStandsBesideTheTraces() {
        runner.withBean(Handler.class, Handler::new)
                .withBean(Recorder.class, Recorder::new)
                .run(context -> {
                    call(context);

                    assertThat(context).doesNotHaveBean(TaskTimers.class);
                    assertThat(context.getBean(Recorder.class).told)
                            .last()
                            .isEqualTo("ended NOT_EXECUTED NoNodeAvailableException");
                    assertThat(context.getBean(Handler.class).ended).hasSize(1);
                });
    }
}
