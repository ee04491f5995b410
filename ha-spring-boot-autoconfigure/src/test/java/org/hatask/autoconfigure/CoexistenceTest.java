package org.hatask.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.hatask.dispatch.LoadBalancerNodeChooser;
import org.hatask.dispatch.NodeChooser;
import org.junit.jupiter.api.Test;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.http.HttpMessageConvertersAutoConfiguration;
import org.springframework.boot.autoconfigure.http.client.HttpClientAutoConfiguration;
import org.springframework.boot.autoconfigure.jackson.JacksonAutoConfiguration;
import org.springframework.boot.autoconfigure.web.client.RestClientAutoConfiguration;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.env.EnvironmentPostProcessor;
import org.springframework.boot.test.context.assertj.AssertableWebApplicationContext;
import org.springframework.boot.test.context.runner.WebApplicationContextRunner;
import org.springframework.cloud.client.DefaultServiceInstance;
import org.springframework.cloud.client.ServiceInstance;
import org.springframework.cloud.client.discovery.DiscoveryClient;
import org.springframework.cloud.client.discovery.simple.SimpleDiscoveryClientAutoConfiguration;
import org.springframework.cloud.client.loadbalancer.LoadBalancerClient;
import org.springframework.cloud.commons.util.UtilAutoConfiguration;
import org.springframework.cloud.loadbalancer.config.BlockingLoadBalancerClientAutoConfiguration;
import org.springframework.cloud.loadbalancer.config.LoadBalancerAutoConfiguration;
import org.springframework.cloud.loadbalancer.core.ReactorServiceInstanceLoadBalancer;
import org.springframework.cloud.loadbalancer.core.ServiceInstanceListSupplier;
import org.springframework.cloud.loadbalancer.support.LoadBalancerClientFactory;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.mock.env.MockEnvironment;
import org.springframework.test.util.ReflectionTestUtils;
import org.springframework.web.client.RestClient;

/** What the starter must leave alone in an application that has things of its own. */
class CoexistenceTest {

    private final WebApplicationContextRunner application = new WebApplicationContextRunner()
            .withConfiguration(AutoConfigurations.of(
                    RestClientAutoConfiguration.class,
                    HttpClientAutoConfiguration.class,
                    HttpMessageConvertersAutoConfiguration.class,
                    JacksonAutoConfiguration.class,
                    LoadBalancerAutoConfiguration.class,
                    BlockingLoadBalancerClientAutoConfiguration.class,
                    SimpleDiscoveryClientAutoConfiguration.class,
                    UtilAutoConfiguration.class))
            .withPropertyValues(
                    "ha.zookeeper.connect-string=127.0.0.1:1",
                    "spring.cloud.discovery.client.simple.instances.shop[0].uri=http://shop.example:81");

    private final WebApplicationContextRunner withStarter = application.withConfiguration(AutoConfigurations.of(
            HaAutoConfiguration.class, HaZooKeeperAutoConfiguration.class, HaLinkAutoConfiguration.class));

    @Test
    void theRestClientUsesTheSameHttpClientAsWithout() {
        application.run(without ->
                withStarter.run(with -> assertThat(requestFactory(with)).isEqualTo(requestFactory(without))));
    }

    private static Class<?> requestFactory(AssertableWebApplicationContext context) {
        RestClient client = context.getBean(RestClient.Builder.class).build();
        return ReflectionTestUtils.getField(client, "clientRequestFactory").getClass();
    }

    @Test
    void otherServicesAreBalancedOverTheirOwnInstances() {
        withStarter.run(context -> {
            ServiceInstance shop = context.getBean(LoadBalancerClient.class).choose("shop");
            assertThat(shop.getHost()).isEqualTo("shop.example");
            assertThat(shop.getPort()).isEqualTo(81);
        });
    }

    @Test
    void nothingOfTheLoadBalancerIsInTheApplicationsOwnContext() {
        withStarter.run(context -> {
            assertThat(context).doesNotHaveBean(ServiceInstanceListSupplier.class);
            assertThat(context).doesNotHaveBean(ReactorServiceInstanceLoadBalancer.class);
            assertThat(context.getBean(LoadBalancerClientFactory.class)
                            .getInstance(LoadBalancerNodeChooser.SERVICE_ID, ReactorServiceInstanceLoadBalancer.class))
                    .isNotNull();
        });
    }

    @Test
    void theNodeStartsWhereSpringCloudLoadBalancerIsSwitchedOff() {
        withStarter
                .withPropertyValues("spring.cloud.loadbalancer.enabled=false")
                .run(context -> {
                    assertThat(context).hasNotFailed().doesNotHaveBean(LoadBalancerClientFactory.class);
                    assertThat(context).hasSingleBean(NodeChooser.class);
                });
    }

    @Test
    void theNodeStartsWithNothingOfSpringCloudConfigured() {
        new WebApplicationContextRunner()
                .withConfiguration(AutoConfigurations.of(
                        HaAutoConfiguration.class, HaZooKeeperAutoConfiguration.class, HaLinkAutoConfiguration.class))
                .withPropertyValues("ha.zookeeper.connect-string=127.0.0.1:1")
                .run(context -> assertThat(context).hasNotFailed().hasSingleBean(NodeChooser.class));
    }

    @Configuration(proxyBeanMethods = false)
    static class OwnDiscovery {
        @Bean
        DiscoveryClient ownDiscoveryClient() {
            return new DiscoveryClient() {
                @Override
                public String description() {
                    return "own";
                }

                @Override
                public List<ServiceInstance> getInstances(String service) {
                    return List.of(new DefaultServiceInstance("own-1", service, "own.example", 82, false));
                }

                @Override
                public List<String> getServices() {
                    return List.of("bank");
                }
            };
        }
    }

    @Test
    void aDiscoveryClientKnowsOnlyItsOwnServices() {
        withStarter.withUserConfiguration(OwnDiscovery.class).run(context -> {
            assertThat(context.getBean("ownDiscoveryClient", DiscoveryClient.class)
                            .getServices())
                    .containsExactly("bank");
            assertThat(context.getBeansOfType(DiscoveryClient.class).values())
                    .allSatisfy(client ->
                            assertThat(client.getServices()).doesNotContain(LoadBalancerNodeChooser.SERVICE_ID));
        });
    }

    @Test
    void noBeanOfTheStarterIsPrimaryOrOfATypeThatApplicationsInject() {
        application.run(without -> withStarter.run(with -> {
            for (Class<?> type : List.of(
                    java.util.concurrent.Executor.class,
                    com.fasterxml.jackson.databind.ObjectMapper.class,
                    java.util.concurrent.ThreadFactory.class,
                    org.springframework.core.task.AsyncTaskExecutor.class)) {
                assertThat(with.getBeanNamesForType(type))
                        .as("beans of %s", type)
                        .containsExactlyInAnyOrder(without.getBeanNamesForType(type));
            }
        }));
    }

    private static String exposed(MockEnvironment environment) {
        EnvironmentPostProcessor processor = new HaDefaultsEnvironmentPostProcessor();
        processor.postProcessEnvironment(environment, new SpringApplication());
        return environment.getProperty("management.endpoints.web.exposure.include");
    }

    @Test
    void theEndpointIsExposedUnlessTheApplicationChooses() {
        assertThat(exposed(new MockEnvironment())).isEqualTo("health,ha");
        assertThat(exposed(new MockEnvironment().withProperty("management.endpoints.web.exposure.include", "info")))
                .isEqualTo("info");
        assertThat(exposed(new MockEnvironment().withProperty("management.endpoints.web.exposure.include[0]", "info")))
                .isNull();
        assertThat(exposed(new MockEnvironment().withProperty("ha.enabled", "false")))
                .isNull();
    }

    @Test
    void librariesAreQuietUnlessTheApplicationWantsToHearThem() {
        assertThat(logLevels(new MockEnvironment()))
                .containsEntry("org.apache.curator", "ERROR")
                .containsEntry(
                        "org.springframework.cloud.loadbalancer.config.LoadBalancerCacheAutoConfiguration"
                                + "$LoadBalancerCaffeineWarnLogger",
                        "ERROR");
        assertThat(logLevels(new MockEnvironment().withProperty("logging.level.org.apache.curator", "DEBUG")))
                .containsEntry("org.apache.curator", "DEBUG");
    }

    private static Map<String, String> logLevels(MockEnvironment environment) {
        exposed(environment);
        return Binder.get(environment)
                .bind("logging.level", Bindable.mapOf(String.class, String.class))
                .get();
    }
}
