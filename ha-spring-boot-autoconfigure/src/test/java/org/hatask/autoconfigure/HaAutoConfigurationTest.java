package org.hatask.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.hatask.Balance;
import org.hatask.HaCluster;
import org.hatask.HaTask;
import org.hatask.NoMasterException;
import org.hatask.NoNodeAvailableException;
import org.hatask.Role;
import org.hatask.actuate.HaHealthIndicator;
import org.hatask.cluster.Coordination;
import org.hatask.cluster.Node;
import org.hatask.cluster.NodeState;
import org.hatask.dispatch.CandidateRequest;
import org.hatask.dispatch.Dispatcher;
import org.hatask.dispatch.NodeChooser;
import org.hatask.dispatch.Strategies;
import org.hatask.dispatch.TaskLoadBalancer;
import org.hatask.execute.InvalidTaskException;
import org.hatask.execute.TaskDefinition;
import org.hatask.execute.TaskRegistry;
import org.junit.jupiter.api.Test;
import org.springframework.aop.framework.ProxyFactory;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.boot.actuate.health.Status;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.availability.ApplicationAvailabilityAutoConfiguration;
import org.springframework.boot.autoconfigure.task.TaskExecutionAutoConfiguration;
import org.springframework.boot.availability.ApplicationAvailability;
import org.springframework.boot.availability.AvailabilityChangeEvent;
import org.springframework.boot.availability.ReadinessState;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.test.context.runner.WebApplicationContextRunner;
import org.springframework.cloud.client.loadbalancer.DefaultResponse;
import org.springframework.cloud.commons.util.UtilAutoConfiguration;
import org.springframework.cloud.loadbalancer.annotation.LoadBalancerClient;
import org.springframework.cloud.loadbalancer.annotation.LoadBalancerClients;
import org.springframework.cloud.loadbalancer.config.LoadBalancerAutoConfiguration;
import org.springframework.cloud.loadbalancer.core.ReactorServiceInstanceLoadBalancer;
import org.springframework.cloud.loadbalancer.core.ServiceInstanceListSupplier;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import reactor.core.publisher.Mono;

/** How the starter behaves in one application, here always one that cannot reach its ZooKeeper. */
class HaAutoConfigurationTest {

    private final WebApplicationContextRunner runner = new WebApplicationContextRunner()
            .withConfiguration(AutoConfigurations.of(
                    HaAutoConfiguration.class,
                    HaZooKeeperAutoConfiguration.class,
                    HaLinkAutoConfiguration.class,
                    HaEndpointAutoConfiguration.class,
                    ApplicationAvailabilityAutoConfiguration.class,
                    TaskExecutionAutoConfiguration.class,
                    LoadBalancerAutoConfiguration.class,
                    UtilAutoConfiguration.class))
            .withPropertyValues("ha.zookeeper.connect-string=127.0.0.1:1", "ha.election.wait=100ms", "ha.cluster=test");

    static class Desk {
        @HaTask
        public int any() {
            return 1;
        }

        @HaTask(role = Role.MASTER)
        public int master() {
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
    void withoutZooKeeperTheApplicationStartsAndSaysThatItIsNotReady() {
        runner.withUserConfiguration(WithDesk.class).run(context -> {
            assertThat(context).hasNotFailed();
            AvailabilityChangeEvent.publish(context, ReadinessState.ACCEPTING_TRAFFIC);

            assertThat(context.getBean(ApplicationAvailability.class).getReadinessState())
                    .isEqualTo(ReadinessState.REFUSING_TRAFFIC);
            assertThat(context.getBean(HaHealthIndicator.class).health()).satisfies(health -> {
                assertThat(health.getStatus()).isEqualTo(Status.OUT_OF_SERVICE);
                assertThat(health.getDetails().get("reason").toString()).contains("127.0.0.1:1");
            });
            assertThat(context.getBean(Coordination.class).status().state()).isEqualTo(Coordination.State.CONNECTING);
            HaCluster cluster = context.getBean(HaCluster.class);
            assertThat(cluster.name()).isEqualTo("test");
            assertThat(cluster.isMaster()).isFalse();
            assertThat(cluster.members()).isEmpty();
        });
    }

    @Test
    void callsThatFindNoClusterFailWithAClearError() {
        runner.withUserConfiguration(WithDesk.class).run(context -> {
            Desk desk = context.getBean(Desk.class);
            assertThatExceptionOfType(NoNodeAvailableException.class)
                    .isThrownBy(desk::any)
                    .withMessageContaining("has not joined");
            assertThatExceptionOfType(NoMasterException.class).isThrownBy(desk::master);
        });
    }

    @Test
    void switchedOffTasksArePlainMethods() {
        runner.withUserConfiguration(WithDesk.class)
                .withPropertyValues("ha.enabled=false")
                .run(context -> {
                    assertThat(context).doesNotHaveBean(HaCluster.class);
                    assertThat(context.getBean(Desk.class).any()).isEqualTo(1);
                });
    }

    @Test
    void configurationOverridesTheAnnotation() {
        runner.withUserConfiguration(WithDesk.class)
                .withPropertyValues(
                        "ha.tasks.[desk.any].retry.max-attempts=5",
                        "ha.tasks.[desk.any].timeout=3s",
                        "ha.tasks.[desk.any].slow-after=200ms",
                        "ha.tasks.[desk.any].max-task-duration=2m",
                        "ha.tasks.[desk.any].role=worker")
                .run(context -> {
                    TaskDefinition any = context.getBean(TaskRegistrar.class)
                            .registry()
                            .find("desk.any")
                            .orElseThrow();
                    assertThat(any.retry().maxAttempts()).isEqualTo(5);
                    assertThat(any.timeout()).isEqualTo(Duration.ofSeconds(3));
                    assertThat(any.slowAfter()).isEqualTo(Duration.ofMillis(200));
                    assertThat(any.maxDuration()).isEqualTo(Duration.ofMinutes(2));
                    assertThat(any.role()).isEqualTo(Role.WORKER);
                });
    }

    @Test
    void theBalanceOfATaskIsConfigurationsElseTheAnnotationsElseTheDefault() {
        runner.withUserConfiguration(WithDesk.class)
                .withPropertyValues("ha.dispatch.balance=least-active", "ha.tasks.[desk.any].balance=local-first")
                .run(context -> {
                    TaskRegistry tasks = context.getBean(TaskRegistrar.class).registry();
                    assertThat(tasks.find("desk.any").orElseThrow().balance().strategy())
                            .isEqualTo(Balance.LOCAL_FIRST);
                    assertThat(tasks.find("desk.master").orElseThrow().balance().strategy())
                            .isEqualTo(Balance.LEAST_ACTIVE);
                });
    }

    @Test
    void consistentHashWithoutAKeyEndsTheStartWithTheCure() {
        runner.withUserConfiguration(WithDesk.class)
                .withPropertyValues("ha.dispatch.balance=consistent-hash")
                .run(context -> {
                    FailureAnalysis analysis = analyze(context.getStartupFailure());
                    assertThat(analysis.getDescription()).contains("any").contains("'desk'");
                    assertThat(analysis.getAction())
                            .contains("@BalanceKey")
                            .contains("ha.tasks.\"[desk.any]\".balance");
                });
    }

    /** What an application writes that wants to choose by itself; no {@code @Configuration}, not scanned. */
    static class LastOne {
        @Bean
        ReactorServiceInstanceLoadBalancer lastOne(ServiceInstanceListSupplier candidates) {
            return request ->
                    candidates.get(request).next().map(nodes -> new DefaultResponse(nodes.get(nodes.size() - 1)));
        }
    }

    @Configuration(proxyBeanMethods = false)
    @LoadBalancerClient(name = "ha-task", configuration = LastOne.class)
    static class WithOwnStrategy {}

    @Test
    void anApplicationsOwnStrategyReplacesOurs() {
        List<Node> nodes = List.of(node("n1"), node("n2"), node("n3"));
        runner.withUserConfiguration(WithDesk.class, WithOwnStrategy.class).run(context -> {
            TaskDefinition any = context.getBean(TaskRegistrar.class)
                    .registry()
                    .find("desk.any")
                    .orElseThrow();
            NodeChooser chooser = context.getBean(NodeChooser.class);
            for (int i = 0; i < 10; i++) {
                assertThat(chooser.choose(any, null, nodes)).contains(nodes.get(2));
            }
            assertThat(context.getBean(Dispatcher.class).explain(any, null).strategy())
                    .contains("LastOne");
        });
        runner.withUserConfiguration(WithDesk.class).run(context -> {
            TaskDefinition any = context.getBean(TaskRegistrar.class)
                    .registry()
                    .find("desk.any")
                    .orElseThrow();
            NodeChooser chooser = context.getBean(NodeChooser.class);
            assertThat(Stream.generate(() -> chooser.choose(any, null, nodes).orElseThrow())
                            .limit(3))
                    .containsExactlyInAnyOrderElementsOf(nodes);
            assertThat(context.getBean(Dispatcher.class).explain(any, null).strategy())
                    .isEqualTo("round-robin");
        });
    }

    /** The example of {@code docs/balancing.md}. */
    static class SomeOfIt {
        @Bean
        ReactorServiceInstanceLoadBalancer choose(Strategies builtIn) {
            TaskLoadBalancer ours = new TaskLoadBalancer(builtIn);
            return request -> {
                var context = (CandidateRequest.Context) request.getContext();
                if (!context.taskName().equals("desk.master")) {
                    return ours.choose(request);
                }
                return Mono.just(new DefaultResponse(context.candidates().get(0)));
            };
        }
    }

    @Configuration(proxyBeanMethods = false)
    @LoadBalancerClients({
        @LoadBalancerClient(name = "orders"),
        @LoadBalancerClient(name = "ha-task", configuration = SomeOfIt.class)
    })
    static class WithOwnStrategyForSome {}

    @Test
    void anApplicationsOwnStrategyMayLeaveTasksToOurs() {
        List<Node> nodes = List.of(node("n1"), node("n2"), node("n3"));
        runner.withUserConfiguration(WithDesk.class, WithOwnStrategyForSome.class)
                .run(context -> {
                    TaskRegistry tasks = context.getBean(TaskRegistrar.class).registry();
                    NodeChooser chooser = context.getBean(NodeChooser.class);
                    TaskDefinition any = tasks.find("desk.any").orElseThrow();
                    TaskDefinition master = tasks.find("desk.master").orElseThrow();
                    assertThat(Stream.generate(() ->
                                            chooser.choose(any, null, nodes).orElseThrow())
                                    .limit(3))
                            .containsExactlyInAnyOrderElementsOf(nodes);
                    assertThat(Stream.generate(() ->
                                            chooser.choose(master, null, nodes).orElseThrow())
                                    .limit(3))
                            .containsOnly(nodes.get(0));
                });
    }

    private static Node node(String id) {
        return new Node(id, id + "-a", URI.create("http://" + id), NodeState.UP, true, true, 1, null, Instant.EPOCH);
    }

    @Test
    void theApplicationsDefaultExecutorStays() {
        runner.run(context -> assertThat(context).hasBean("applicationTaskExecutor"));
    }

    @Configuration(proxyBeanMethods = false)
    static class SameName {
        static class Other {
            @HaTask(name = "desk.any")
            public int something() {
                return 3;
            }
        }

        @Bean
        Other other() {
            return new Other();
        }
    }

    @Test
    void twoTasksOfOneNameEndTheStart() {
        runner.withUserConfiguration(WithDesk.class, SameName.class).run(context -> {
            FailureAnalysis analysis = analyze(context.getStartupFailure());
            assertThat(analysis.getDescription())
                    .contains("'desk.any'")
                    .contains("bean 'desk'")
                    .contains("bean 'other'");
            assertThat(analysis.getAction()).contains("@HaTask(name");
        });
    }

    @Configuration(proxyBeanMethods = false)
    static class TooEarly {
        @Bean
        static BeanPostProcessor needsTheDesk(Desk desk) {
            return new BeanPostProcessor() {};
        }

        @Bean
        static Desk desk() {
            return new Desk();
        }
    }

    @Test
    void aBeanThatIsMadeTooEarlyToBeInterceptedEndsTheStart() {
        runner.withUserConfiguration(TooEarly.class).run(context -> {
            FailureAnalysis analysis = analyze(context.getStartupFailure());
            assertThat(analysis.getDescription()).contains("'desk'").contains("not intercepted");
            assertThat(analysis.getAction()).contains("post-processor");
        });
    }

    interface Greeting {
        String greet();
    }

    static class BehindAnInterface implements Greeting {
        @Override
        public String greet() {
            return "hello";
        }

        @HaTask
        public int hidden() {
            return 5;
        }
    }

    /** As older advice does it: before the class stands a proxy that has the interface only. */
    @Configuration(proxyBeanMethods = false)
    static class InterfaceProxy {
        @Bean
        static BeanPostProcessor interfaceProxies() {
            return new BeanPostProcessor() {
                @Override
                public Object postProcessAfterInitialization(Object bean, String name) {
                    if (!(bean instanceof BehindAnInterface)) {
                        return bean;
                    }
                    ProxyFactory factory = new ProxyFactory(Greeting.class);
                    factory.setTarget(bean);
                    return factory.getProxy();
                }
            };
        }

        @Bean
        Greeting greeting() {
            return new BehindAnInterface();
        }
    }

    @Test
    void aTaskThatNoInterfaceOfItsProxyHasEndsTheStart() {
        runner.withUserConfiguration(InterfaceProxy.class).run(context -> {
            FailureAnalysis analysis = analyze(context.getStartupFailure());
            assertThat(analysis.getDescription())
                    .contains("'greeting.hidden'")
                    .contains("bean 'greeting'")
                    .contains("interface proxy");
            assertThat(analysis.getAction()).contains("spring.aop.proxy-target-class=true");
        });
    }

    static final class FinalDesk {
        @HaTask
        public int any() {
            return 1;
        }
    }

    @Test
    void aFinalClassEndsTheStartWithTheCure() {
        runner.withBean("finalDesk", FinalDesk.class, FinalDesk::new).run(context -> {
            FailureAnalysis analysis = analyze(context.getStartupFailure());
            assertThat(analysis.getDescription()).contains("'finalDesk'").contains("final");
            assertThat(analysis.getAction()).contains("Remove 'final'");
        });
    }

    interface Quote {
        @HaTask
        int quote();
    }

    static final class FinalQuote implements Quote {
        @Override
        public int quote() {
            return 4;
        }
    }

    @Test
    void aFinalClassBehindAnInterfaceIsATaskLikeAnyOther() {
        runner.withBean("quote", Quote.class, FinalQuote::new).run(context -> {
            assertThat(context).hasNotFailed();
            assertThat(context.getBean(TaskRegistrar.class).registry().find("quote.quote"))
                    .isPresent();
        });
    }

    private static FailureAnalysis analyze(Throwable failure) {
        Throwable cause = failure;
        while (cause != null && !(cause instanceof InvalidTaskException)) {
            cause = cause.getCause();
        }
        assertThat(cause).as("cause of %s", failure).isNotNull();
        return new InvalidTaskFailureAnalyzer().analyze(failure);
    }

    @Test
    void badSettingsEndTheStartWithThePropertyAndWhatItMustBe() {
        assertRefused("ha.node.weight=0", "ha.node.weight is '0' but must be at least 1");
        assertRefused("ha.node.host=my_host", "ha.node.host is 'my_host' but must be a host name");
        assertRefused("ha.node.host=host:8080", "ha.node.host is 'host:8080' but must be a host name");
        assertRefused("ha.node.id=a/b", "ha.node.id is 'a/b'");
        assertRefused("ha.dispatch.timeout=0s", "ha.dispatch.timeout");
        assertRefused("ha.dispatch.balance=default", "ha.dispatch.balance");
        assertRefused("ha.dispatch.retry-budget=-1", "ha.dispatch.retry-budget is '-1' but must be a percentage");
        assertRefused("ha.dispatch.retry-budget=101%", "ha.dispatch.retry-budget");
        assertRefused("ha.dispatch.retry-budget-minimum=-1", "ha.dispatch.retry-budget-minimum");
        assertRefused("ha.executor.threads=0", "ha.executor.threads");
        assertRefused("ha.failure-detection.slow-after=0s", "ha.failure-detection.slow-after");
        assertRefused("ha.failure-detection.bad-rate=101", "between 1 and 100");
        assertRefused("ha.failure-detection.window=1500ms", "whole seconds");
        assertRefused("ha.failure-detection.max-ejected=half", "a percentage between 0% and 100%");
        assertRefused("ha.failure-detection.max-task-duration=-1s", "ha.failure-detection.max-task-duration");
        assertRefused("ha.zookeeper.embedded.ensemble=n1@h", "one or the other");
        assertRefused("ha.zookeeper.session-timeout=3s", "ha.zookeeper.session-timeout");
        assertRefused("ha.topology=pair", "Topology");
        assertRefused("ha.standby=cold", "left out unless ha.topology=primary-backup");
    }

    @Test
    void topologiesThatAnOperatorSwitchesAllowNoOtherElection() {
        runner.withPropertyValues("ha.topology=master-slave", "ha.election.strategy=leader-latch")
                .run(context -> assertThat(context.getStartupFailure())
                        .hasStackTraceContaining("ha.election.strategy is 'LEADER_LATCH' but must be manual or left out"
                                + " with ha.topology=master-slave"));
    }

    private void assertRefused(String property, String reason) {
        runner.withPropertyValues(property).run(context -> {
            assertThat(context).hasFailed();
            assertThat(context.getStartupFailure()).hasStackTraceContaining(reason);
        });
    }
}
