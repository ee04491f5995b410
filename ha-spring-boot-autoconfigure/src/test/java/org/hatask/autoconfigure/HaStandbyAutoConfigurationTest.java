package org.hatask.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.tuple;
import static org.awaitility.Awaitility.await;
import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.get;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.content;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.status;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.hatask.HaException;
import org.hatask.HaTask;
import org.hatask.NoMasterException;
import org.hatask.PrimaryOnly;
import org.hatask.StandbyException;
import org.hatask.actuate.HaEndpoint;
import org.hatask.actuate.HaHealthIndicator;
import org.hatask.cluster.MasterDuties;
import org.hatask.execute.TaskDefinition;
import org.hatask.standby.ColdStandby;
import org.hatask.standby.InvalidPrimaryOnlyException;
import org.hatask.standby.StandbyStatus;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.aop.support.AopUtils;
import org.springframework.beans.factory.FactoryBean;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.beans.factory.config.CustomScopeConfigurer;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.task.TaskExecutionAutoConfiguration;
import org.springframework.boot.autoconfigure.web.servlet.DispatcherServletAutoConfiguration;
import org.springframework.boot.autoconfigure.web.servlet.WebMvcAutoConfiguration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.test.context.runner.WebApplicationContextRunner;
import org.springframework.cloud.commons.util.UtilAutoConfiguration;
import org.springframework.cloud.loadbalancer.config.LoadBalancerAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Scope;
import org.springframework.context.annotation.ScopedProxyMode;
import org.springframework.context.event.SmartApplicationListener;
import org.springframework.context.support.SimpleThreadScope;
import org.springframework.jms.annotation.JmsListener;
import org.springframework.scheduling.annotation.EnableScheduling;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.scheduling.concurrent.ThreadPoolTaskScheduler;
import org.springframework.test.web.servlet.MockMvc;
import org.springframework.test.web.servlet.setup.MockMvcBuilders;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.context.WebApplicationContext;

/** Which applications have cold standby, and what it takes; here always one that cannot reach its ZooKeeper. */
class HaStandbyAutoConfigurationTest {

    private static final AtomicInteger MADE = new AtomicInteger();

    private final WebApplicationContextRunner anyTopology = new WebApplicationContextRunner()
            .withConfiguration(AutoConfigurations.of(
                    HaAutoConfiguration.class,
                    HaZooKeeperAutoConfiguration.class,
                    HaLinkAutoConfiguration.class,
                    HaStandbyAutoConfiguration.class,
                    HaEndpointAutoConfiguration.class,
                    TaskExecutionAutoConfiguration.class,
                    DispatcherServletAutoConfiguration.class,
                    WebMvcAutoConfiguration.class,
                    LoadBalancerAutoConfiguration.class,
                    UtilAutoConfiguration.class))
            .withPropertyValues("ha.zookeeper.connect-string=127.0.0.1:1", "ha.election.wait=100ms", "ha.cluster=test");

    private final WebApplicationContextRunner cold =
            anyTopology.withPropertyValues("ha.topology=primary-backup", "ha.standby=cold");

    @BeforeEach
    void clear() {
        MADE.set(0);
    }

    interface Pricing {
        @HaTask
        int price();
    }

    @PrimaryOnly
    static class Desk implements Pricing {

        Desk() {
            MADE.incrementAndGet();
        }

        @Override
        public int price() {
            return 1;
        }

        public int plain() {
            return 2;
        }
    }

    @Configuration(proxyBeanMethods = false)
    static class WithDesk {
        @Bean
        Desk desk() {
            return new Desk();
        }
    }

    @Test
    void onStandbyTheTasksOfMarkedBeansAreKnownAndGoToThePrimary() {
        cold.withUserConfiguration(WithDesk.class).run(context -> {
            assertThat(context.getBean(TaskRegistrar.class).registry().all())
                    .extracting(TaskDefinition::name)
                    .containsExactly("desk.price");
            Desk desk = context.getBean(Desk.class);
            // Not a StandbyException: it was dispatched, and there is no primary here.
            assertThatExceptionOfType(NoMasterException.class).isThrownBy(desk::price);
            assertThatExceptionOfType(NoMasterException.class).isThrownBy(((Pricing) desk)::price);
            assertThatExceptionOfType(StandbyException.class).isThrownBy(desk::plain);
            assertThat(MADE).hasValue(0);
        });
    }

    @Test
    void onceTakenUpPlainMethodsReachTheBeanAndTheEndpointAndHealthShowIt() {
        cold.withUserConfiguration(WithDesk.class)
                .withPropertyValues("management.endpoints.web.exposure.include=ha")
                .run(context -> {
                    HaEndpoint endpoint = context.getBean(HaEndpoint.class);
                    assertThat(endpoint.report().standby().state()).isEqualTo(StandbyStatus.State.STANDBY);

                    context.getBean(MasterDuties.class).takeUp(1);

                    Desk desk = context.getBean(Desk.class);
                    assertThat(desk.plain()).isEqualTo(2);
                    assertThatExceptionOfType(NoMasterException.class).isThrownBy(desk::price);
                    assertThat(MADE).hasValue(1);
                    assertThat(endpoint.section("standby", null, null, null, null))
                            .isEqualTo(context.getBean(ColdStandby.class).status());
                    assertThat(endpoint.report().standby().started()).isEqualTo(1);
                    assertThat(context.getBean(HaHealthIndicator.class).health().getDetails())
                            .extractingByKey("standby")
                            .hasToString(
                                    context.getBean(ColdStandby.class).status().toString());
                });
    }

    @ParameterizedTest
    @ValueSource(strings = {"cluster", "primary-backup"})
    void withAnyOtherTopologyMarkedBeansAreOrdinaryOnes(String topology) {
        anyTopology
                .withUserConfiguration(WithDesk.class)
                .withPropertyValues("ha.topology=" + topology, "management.endpoints.web.exposure.include=ha")
                .withUserConfiguration(Config.class, Prototype.class)
                .run(context -> {
                    assertThat(MADE).hasValue(1);
                    assertThat(context.getBean(Desk.class).plain()).isEqualTo(2);
                    assertThat(context).doesNotHaveBean(ColdStandby.class).doesNotHaveBean(MasterDuties.class);
                    assertThat(context.getBean(HaEndpoint.class).report().standby())
                            .isNull();
                });
    }

    @Test
    void switchedOffMarkedBeansAreOrdinaryOnes() {
        cold.withUserConfiguration(WithDesk.class)
                .withPropertyValues("ha.enabled=false")
                .run(context -> assertThat(AopUtils.isAopProxy(context.getBean(Desk.class)))
                        .isFalse());
    }

    @Test
    void whereNothingIsMarkedAPromotionHasNothingToDo() {
        cold.run(context -> {
            context.getBean(MasterDuties.class).takeUp(1);
            assertThat(context.getBean(ColdStandby.class).status())
                    .matches(status -> status.state() == StandbyStatus.State.ACTIVE && status.total() == 0);
        });
    }

    // ---- what hides its tasks

    @Configuration(proxyBeanMethods = false)
    static class WithHiddenTasks {

        interface Plain {
            void run();
        }

        static class WithTask implements Plain {
            @Override
            @HaTask
            public void run() {}
        }

        @Bean
        @PrimaryOnly
        Plain plain() {
            return new WithTask();
        }
    }

    @Test
    void aPromotionFailsWhereTasksAreHiddenBehindADeclaredInterface() {
        cold.withUserConfiguration(WithHiddenTasks.class).run(context -> assertThatExceptionOfType(HaException.class)
                .isThrownBy(() -> context.getBean(MasterDuties.class).takeUp(1))
                .withMessageContaining("'plain'")
                .withMessageContaining("@Bean method return"));
    }

    // ---- web

    @RestController
    @PrimaryOnly
    static class Controller {
        @GetMapping("/price")
        String price() {
            return "42";
        }
    }

    @Test
    void aMarkedControllerAnswersServiceUnavailableOnStandby() {
        cold.withUserConfiguration(Controller.class).run(context -> {
            MockMvc web = MockMvcBuilders.webAppContextSetup(
                            (WebApplicationContext) context.getSourceApplicationContext())
                    .build();
            web.perform(get("/price")).andExpect(status().isServiceUnavailable());

            context.getBean(MasterDuties.class).takeUp(1);

            web.perform(get("/price"))
                    .andExpect(status().isOk())
                    .andExpect(content().string("42"));
        });
    }

    // ---- what is refused

    @PrimaryOnly
    static class Processor implements BeanPostProcessor {}

    @PrimaryOnly
    @Configuration(proxyBeanMethods = false)
    static class Config {}

    @PrimaryOnly
    @ConfigurationProperties("x")
    static class Props {}

    @PrimaryOnly
    @Scope("prototype")
    static class Prototype {}

    @PrimaryOnly
    @Scope(value = "request", proxyMode = ScopedProxyMode.TARGET_CLASS)
    static class PerRequest {}

    @PrimaryOnly
    static class Maker implements FactoryBean<String> {
        @Override
        public String getObject() {
            return "";
        }

        @Override
        public Class<?> getObjectType() {
            return String.class;
        }
    }

    @PrimaryOnly
    static final class Final {}

    @PrimaryOnly
    static class Declares {
        @Bean
        String other() {
            return "";
        }
    }

    @PrimaryOnly
    static class Receiver {
        @JmsListener(destination = "orders")
        void receive(String order) {}
    }

    @PrimaryOnly
    abstract static class Smart implements SmartApplicationListener {}

    @PrimaryOnly
    abstract static class Filter implements jakarta.servlet.Filter {}

    @Test
    void whatCannotBeMarkedEndsTheStartWithACure() {
        Map<Class<?>, String> refused = Map.of(
                Receiver.class, "[receive]",
                Processor.class, "part of the container",
                Config.class, "part of the container",
                Props.class, "configuration",
                Prototype.class, "scope 'prototype'",
                PerRequest.class, "scope 'request'",
                Maker.class, "FactoryBean",
                Final.class, "final",
                Smart.class, "which events",
                Filter.class, "web server");
        refused = new HashMap<>(refused);
        refused.put(Declares.class, "'other'");
        refused.forEach((type, why) -> cold.withUserConfiguration(type).run(context -> {
            assertThat(context).as(type.getSimpleName()).hasFailed();
            assertThat(context.getStartupFailure())
                    .isInstanceOf(InvalidPrimaryOnlyException.class)
                    .hasMessageContaining(type.getSimpleName())
                    .hasMessageContaining(why);
            FailureAnalysis analysis = new InvalidPrimaryOnlyFailureAnalyzer().analyze(context.getStartupFailure());
            assertThat(analysis.getDescription()).contains("@PrimaryOnly");
            assertThat(analysis.getAction()).isNotBlank();
        }));
    }

    // ---- scoped beans of the application's own

    static class PerCall {
        @HaTask(name = "per.call")
        public int call() {
            return 5;
        }

        @HaTask
        @Scheduled(fixedRate = 5)
        public void tick() {
            MADE.incrementAndGet();
        }
    }

    @Configuration(proxyBeanMethods = false)
    @EnableScheduling
    static class WithScopes {

        @Bean
        ThreadPoolTaskScheduler taskScheduler() {
            return new ThreadPoolTaskScheduler();
        }

        @Bean
        @Scope(value = "thread", proxyMode = ScopedProxyMode.TARGET_CLASS)
        PerCall perCall() {
            return new PerCall();
        }

        @Bean
        static CustomScopeConfigurer scopes() {
            var configurer = new CustomScopeConfigurer();
            configurer.addScope("thread", new SimpleThreadScope());
            return configurer;
        }
    }

    @Test
    void aScopedBeanOfTheApplicationHasItsTasksOnceAndUnderItsOwnName() {
        anyTopology.withUserConfiguration(WithScopes.class).run(context -> {
            assertThat(context).hasNotFailed();
            assertThat(context.getBean(TaskRegistrar.class).registry().all())
                    .extracting(TaskDefinition::name, TaskDefinition::beanName)
                    .containsExactly(tuple("per.call", "perCall"), tuple("perCall.tick", "perCall"));
            // The bean itself is behind the dispatch.
            PerCall bean = context.getBean("scopedTarget.perCall", PerCall.class);
            assertThat(bean.call()).isEqualTo(5);
            // Spring schedules that bean itself; its firings are dispatched all the same, and count only on a master.
            ThreadPoolTaskScheduler scheduler = context.getBean(ThreadPoolTaskScheduler.class);
            await().until(() -> scheduler.getScheduledThreadPoolExecutor().getCompletedTaskCount() > 3);
            assertThat(MADE).hasValue(0);
        });
    }
}
