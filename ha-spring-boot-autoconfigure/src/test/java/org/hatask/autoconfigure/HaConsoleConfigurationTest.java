package org.hatask.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;

import org.hatask.console.ConsolePage;
import org.hatask.console.ConsolePage.ForgeryToken;
import org.junit.jupiter.api.Test;
import org.springframework.boot.actuate.autoconfigure.endpoint.EndpointAutoConfiguration;
import org.springframework.boot.actuate.autoconfigure.endpoint.web.WebEndpointAutoConfiguration;
import org.springframework.boot.actuate.endpoint.Access;
import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.actuate.endpoint.annotation.ReadOperation;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.boot.test.context.runner.WebApplicationContextRunner;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

class HaConsoleConfigurationTest {

    @Endpoint(id = "ha", defaultAccess = Access.READ_ONLY)
    static class Report {

        @ReadOperation
        String report() {
            return "";
        }
    }

    @Configuration(proxyBeanMethods = false)
    static class Application {

        @Bean
        Report report() {
            return new Report();
        }
    }

    private final WebApplicationContextRunner runner = new WebApplicationContextRunner()
            .withConfiguration(
                    AutoConfigurations.of(EndpointAutoConfiguration.class, WebEndpointAutoConfiguration.class))
            .withUserConfiguration(Application.class, HaConsoleConfiguration.class)
            .withPropertyValues("ha.console.enabled=true", "management.endpoints.web.exposure.include=ha");

    private static String html(ConsolePage page) {
        return page.html(null);
    }

    @Test
    void thereIsNoConsoleUnlessItIsWanted() {
        runner.withPropertyValues("ha.console.enabled=false")
                .run(context -> assertThat(context).doesNotHaveBean(ConsolePage.class));
        runner.withPropertyValues("ha.enabled=false")
                .run(context -> assertThat(context).doesNotHaveBean(ConsolePage.class));
    }

    @Test
    void thePageKnowsWhereTheEndpointIsAndThatItTakesNoCommands() {
        runner.withPropertyValues(
                        "management.endpoints.web.base-path=/ops", "management.endpoints.web.path-mapping.ha=cluster")
                .run(context -> assertThat(html(context.getBean(ConsolePage.class)))
                        .contains(
                                "name=\"ha-endpoint\" content=\"ops/cluster\"",
                                "name=\"ha-commands\" content=\"false\"",
                                "name=\"ha-token\" content=\"\" data-header=\"\""));
    }

    @Test
    void commandsAreThereWhereTheEndpointTakesThem() {
        runner.withPropertyValues("management.endpoint.ha.access=UNRESTRICTED")
                .run(context -> assertThat(html(context.getBean(ConsolePage.class)))
                        .contains("name=\"ha-commands\" content=\"true\""));
    }

    @Test
    void anEndpointThatIsNotExposedIsNotNamed() {
        runner.withPropertyValues("management.endpoints.web.exposure.include=health")
                .run(context -> assertThat(html(context.getBean(ConsolePage.class)))
                        .contains("name=\"ha-endpoint\" content=\"\""));
    }

    @Test
    void anEndpointInThePlaceOfThePageEndsTheStartWithWhatToChange() {
        runner.withPropertyValues("management.endpoints.web.base-path=/").run(context -> assertThat(context)
                .getFailure()
                .rootCause()
                .isInstanceOf(InvalidConfigurationPropertyValueException.class)
                .hasMessageContaining("management.endpoints.web.base-path")
                .hasMessageContaining("Choose another base path"));
    }

    @Test
    void aTokenIsWrittenSoThatItStaysWithinItsAttribute() {
        assertThat(new ConsolePage("/actuator/ha", true).html(new ForgeryToken("X-CSRF-TOKEN", "\"><script>")))
                .contains("content=\"&quot;&gt;&lt;script&gt;\" data-header=\"X-CSRF-TOKEN\"");
    }
}
