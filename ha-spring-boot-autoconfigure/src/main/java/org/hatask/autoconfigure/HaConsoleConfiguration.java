package org.hatask.autoconfigure;

import java.util.Map;
import org.hatask.console.ConsoleFiles;
import org.hatask.console.ConsoleHandler;
import org.hatask.console.ConsolePage;
import org.hatask.console.ReactiveConsoleFiles;
import org.hatask.console.ReactiveConsoleHandler;
import org.hatask.console.ReactiveSecurityTokens;
import org.hatask.console.SecurityTokens;
import org.springframework.boot.actuate.autoconfigure.web.ManagementContextConfiguration;
import org.springframework.boot.actuate.endpoint.Access;
import org.springframework.boot.actuate.endpoint.EndpointAccessResolver;
import org.springframework.boot.actuate.endpoint.EndpointId;
import org.springframework.boot.actuate.endpoint.web.PathMappedEndpoints;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.util.ClassUtils;
import org.springframework.web.servlet.DispatcherServlet;
import org.springframework.web.servlet.handler.SimpleUrlHandlerMapping;
import reactor.core.publisher.Mono;

/**
 * The console, beside the actuator: Spring Boot puts this into the application's own context, or into that of the management
 * port where there is one.
 */
@ManagementContextConfiguration(proxyBeanMethods = false)
@ConditionalOnWebApplication
@ConditionalOnProperty(prefix = "ha", name = "enabled", matchIfMissing = true)
@ConditionalOnProperty(prefix = "ha.console", name = "enabled")
class HaConsoleConfiguration {

    private static final EndpointId ENDPOINT = EndpointId.of("ha");

    /** Before the application's own pages, some of which may answer to everything. */
    private static final int ORDER = -1;

    @Bean
    ConsolePage haConsolePage(PathMappedEndpoints endpoints, EndpointAccessResolver access) {
        String endpoint = endpoints.getPath(ENDPOINT);
        if (ConsolePage.PATH.equals(endpoint)) {
            throw new InvalidConfigurationPropertyValueException(
                    "management.endpoints.web.base-path",
                    endpoints.getBasePath(),
                    "The endpoint ha would be at " + ConsolePage.PATH
                            + ", where the console is. Choose another base path, or turn ha.console.enabled off.");
        }
        return new ConsolePage(endpoint, access.accessFor(ENDPOINT, Access.READ_ONLY) == Access.UNRESTRICTED);
    }

    private static boolean isSecured() {
        return ClassUtils.isPresent(
                "org.springframework.security.web.csrf.CsrfToken", HaConsoleConfiguration.class.getClassLoader());
    }

    /** In applications of Spring MVC. */
    @Configuration(proxyBeanMethods = false)
    @ConditionalOnWebApplication(type = ConditionalOnWebApplication.Type.SERVLET)
    @ConditionalOnClass(DispatcherServlet.class)
    static class Servlets {

        @Bean
        ConsoleHandler haConsoleHandler(ConsolePage page) {
            return new ConsoleHandler(page, isSecured() ? new SecurityTokens() : request -> null);
        }

        @Bean
        ConsoleFiles haConsoleFiles() {
            return new ConsoleFiles();
        }

        @Bean
        SimpleUrlHandlerMapping haConsoleMapping(ConsoleHandler page, ConsoleFiles files) {
            return new SimpleUrlHandlerMapping(Map.of(ConsolePage.PATH, page, ConsolePage.FILES, files), ORDER);
        }
    }

    /** In reactive ones. */
    @Configuration(proxyBeanMethods = false)
    @ConditionalOnWebApplication(type = ConditionalOnWebApplication.Type.REACTIVE)
    static class Reactive {

        @Bean
        ReactiveConsoleHandler haConsoleHandler(ConsolePage page) {
            return new ReactiveConsoleHandler(
                    page, isSecured() ? new ReactiveSecurityTokens() : exchange -> Mono.empty());
        }

        @Bean
        ReactiveConsoleFiles haConsoleFiles() {
            return new ReactiveConsoleFiles();
        }

        @Bean
        org.springframework.web.reactive.handler.SimpleUrlHandlerMapping haConsoleMapping(
                ReactiveConsoleHandler page, ReactiveConsoleFiles files) {
            return new org.springframework.web.reactive.handler.SimpleUrlHandlerMapping(
                    Map.of(ConsolePage.PATH, page, ConsolePage.FILES, files), ORDER);
        }
    }
}
