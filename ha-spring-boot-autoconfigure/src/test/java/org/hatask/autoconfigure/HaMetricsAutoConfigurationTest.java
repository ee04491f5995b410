package org.hatask.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.Collection;
import org.hatask.Delivery;
import org.hatask.HaCluster;
import org.hatask.HaTask;
import org.hatask.HaTasks;
import org.hatask.NoNodeAvailableException;
import org.hatask.TaskReassignedEvent;
import org.hatask.TaskState;
import org.hatask.execute.Recorder;
import org.hatask.execute.TaskObserver;
import org.hatask.metrics.ClusterMeters;
import org.hatask.metrics.TaskTimers;
import org.junit.jupiter.api.Test;
import org.springframework.boot.actuate.autoconfigure.metrics.CompositeMeterRegistryAutoConfiguration;
import org.springframework.boot.actuate.autoconfigure.metrics.MeterRegistryCustomizer;
import org.springframework.boot.actuate.autoconfigure.metrics.MetricsAutoConfiguration;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.availability.ApplicationAvailabilityAutoConfiguration;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.WebApplicationContextRunner;
import org.springframework.cloud.commons.util.UtilAutoConfiguration;
import org.springframework.cloud.loadbalancer.config.LoadBalancerAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** Whether and how meters are there, in an application that cannot reach its ZooKeeper. */
public class HaMetricsAutoConfigurationTest {

    static final WebApplicationContextRunner ENGINE = new WebApplicationContextRunner()
            .withConfiguration(AutoConfigurations.of(
                    HaAutoConfiguration.class,
                    HaZooKeeperAutoConfiguration.class,
                    HaLinkAutoConfiguration.class,
                    HaMetricsAutoConfiguration.class,
                    HaTaskStoreAutoConfiguration.class,
                    ApplicationAvailabilityAutoConfiguration.class,
                    LoadBalancerAutoConfiguration.class,
                    UtilAutoConfiguration.class))
            .withUserConfiguration(WithDesk.class)
            .withPropertyValues(
                    "ha.zookeeper.connect-string=127.0.0.1:1",
                    "ha.election.wait=100ms",
                    "ha.cluster=test",
                    "ha.task-store.type=memory");

    private final WebApplicationContextRunner runner = ENGINE.withConfiguration(
            AutoConfigurations.of(MetricsAutoConfiguration.class, CompositeMeterRegistryAutoConfiguration.class));

    /** Public, since without Micrometer its proxy comes from another class loader. */
    public static class Desk {
        @HaTask
        public int any() {
            return 1;
        }
    }

    static class Reports {
        @HaTask(delivery = Delivery.DURABLE)
        public void report() {}
    }

    @Configuration(proxyBeanMethods = false)
    static class WithDesk {
        @Bean
        Desk desk() {
            return new Desk();
        }
    }

    @Configuration(proxyBeanMethods = false)
    static class WithRegistry {
        @Bean
        SimpleMeterRegistry registry() {
            return new SimpleMeterRegistry();
        }
    }

    @Configuration(proxyBeanMethods = false)
    static class WithTwoRegistries {
        @Bean
        SimpleMeterRegistry one() {
            return new SimpleMeterRegistry();
        }

        @Bean
        SimpleMeterRegistry other() {
            return new SimpleMeterRegistry();
        }
    }

    @Configuration(proxyBeanMethods = false)
    static class WithReports {
        @Bean
        Reports reports() {
            return new Reports();
        }
    }

    /** As an application that gives its meters the name of the node, or counts its durable tasks. */
    @Configuration(proxyBeanMethods = false)
    static class WithCustomizer {
        @Bean
        MeterRegistryCustomizer<MeterRegistry> nodeTag(HaCluster cluster, HaTasks tasks, Desk desk) {
            return registry ->
                    registry.config().commonTags("node", cluster.self().id());
        }
    }

    @Configuration(proxyBeanMethods = false)
    static class WithObserver {
        @Bean
        Recorder recorder() {
            return new Recorder();
        }
    }

    static void failingCall(Desk desk) {
        try {
            desk.any();
        } catch (NoNodeAvailableException e) {
            return;
        }
        throw new AssertionError("There is no cluster");
    }

    @Test
    void withoutMicrometerTasksGoOn() {
        runner.withClassLoader(new FilteredClassLoader(MeterRegistry.class)).run(context -> {
            assertThat(context).hasNotFailed().doesNotHaveBean(TaskObserver.class);
            failingCall(context.getBean(Desk.class));
        });
    }

    @Test
    void withoutARegistryNothingIsMeasured() {
        ENGINE.run(context -> assertThat(context)
                .hasNotFailed()
                .doesNotHaveBean(TaskObserver.class)
                .doesNotHaveBean(ClusterMeters.class));
    }

    @Test
    void withARegistryCallsAndTheClusterAre() {
        runner.withUserConfiguration(WithRegistry.class).run(context -> {
            MeterRegistry registry = context.getBean(MeterRegistry.class);
            failingCall(context.getBean(Desk.class));

            Timer calls = registry.get("ha.task.calls").tag("task", "desk.any").timer();
            assertThat(calls.getId().getTag("outcome")).isEqualTo("not_executed");
            assertThat(calls.count()).isOne();
            assertThat(registry.get("ha.coordination.state")
                            .tag("state", "connecting")
                            .gauge()
                            .value())
                    .isOne();
            assertThat(registry.get("ha.node.state")
                            .tag("state", "joining")
                            .gauge()
                            .value())
                    .isOne();
        });
    }

    @Test
    void severalRegistriesGetTheSame() {
        runner.withUserConfiguration(WithTwoRegistries.class).run(context -> {
            failingCall(context.getBean(Desk.class));

            Collection<SimpleMeterRegistry> registries =
                    context.getBeansOfType(SimpleMeterRegistry.class).values();
            assertThat(registries).hasSize(2).allSatisfy(registry -> {
                assertThat(registry.get("ha.task.calls").timer().count()).isOne();
                assertThat(registry.get("ha.cluster.epoch").gauge().value()).isZero();
            });
        });
    }

    @Test
    void aCustomizerOfTheRegistryMayNeedTheEngine() {
        runner.withUserConfiguration(WithRegistry.class, WithCustomizer.class)
                .withPropertyValues("ha.node.id=n7")
                .run(context -> {
                    assertThat(context).hasNotFailed();
                    failingCall(context.getBean(Desk.class));
                    assertThat(context.getBean(MeterRegistry.class)
                                    .get("ha.task.calls")
                                    .tag("node", "n7")
                                    .timer()
                                    .count())
                            .isOne();
                });
    }

    @Test
    void metersCanBeSwitchedOffAsAllOthers() {
        runner.withUserConfiguration(WithRegistry.class)
                .withPropertyValues("management.metrics.enable.ha=false")
                .run(context -> {
                    failingCall(context.getBean(Desk.class));
                    assertThat(context.getBean(MeterRegistry.class).getMeters())
                            .extracting(meter -> meter.getId().getName())
                            .noneMatch(name -> name.startsWith("ha."));
                });
    }

    @Test
    void bucketsAreWhatTheApplicationWants() {
        runner.withUserConfiguration(WithRegistry.class)
                .withPropertyValues("management.metrics.distribution.slo.ha.task.calls=10ms,2s")
                .run(context -> {
                    failingCall(context.getBean(Desk.class));
                    assertThat(context.getBean(MeterRegistry.class)
                                    .get("ha.task.calls")
                                    .timer()
                                    .takeSnapshot()
                                    .histogramCounts())
                            .hasSize(2);
                });
    }

    @Test
    void anObserverOfTheApplicationTakesThePlaceOfOurs() {
        runner.withUserConfiguration(WithRegistry.class, WithObserver.class).run(context -> {
            failingCall(context.getBean(Desk.class));
            assertThat(context).doesNotHaveBean(TaskTimers.class);
            assertThat(context.getBean(Recorder.class).told)
                    .last()
                    .isEqualTo("ended NOT_EXECUTED NoNodeAvailableException");
        });
    }

    @Test
    void durableTasksAreCountedWhereThereAreAny() {
        runner.withUserConfiguration(WithRegistry.class).run(context -> assertThat(context.getBean(MeterRegistry.class)
                        .find("ha.durable.tasks")
                        .gauges())
                .isEmpty());
        runner.withUserConfiguration(WithRegistry.class, WithReports.class).run(context -> {
            MeterRegistry registry = context.getBean(MeterRegistry.class);
            assertThat(registry.get("ha.durable.tasks")
                            .tag("state", "pending")
                            .gauge()
                            .value())
                    .isZero();
            Counter reassigned = registry.get("ha.durable.reassigned").counter();
            context.publishEvent(new TaskReassignedEvent("reports.report", "t1", "n2", TaskState.PENDING));
            assertThat(reassigned.count()).isOne();
        });
    }

    @Test
    void aRefreshThatWouldHammerTheStoreEndsTheStart() {
        runner.withPropertyValues("ha.metrics.durable-refresh=10ms").run(context -> assertThat(context)
                .getFailure()
                .rootCause()
                .hasMessageContaining("ha.metrics.durable-refresh"));
    }
}
