package org.hatask.autoconfigure;

import java.time.Clock;
import org.hatask.StandbyException;
import org.hatask.standby.ColdStandby;
import org.hatask.standby.PrimaryOnlyBeans;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionMessage;
import org.springframework.boot.autoconfigure.condition.ConditionOutcome;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.boot.autoconfigure.condition.SpringBootCondition;
import org.springframework.boot.context.properties.bind.BindException;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.ConditionContext;
import org.springframework.context.annotation.Conditional;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.annotation.Order;
import org.springframework.core.env.Environment;
import org.springframework.core.type.AnnotatedTypeMetadata;
import org.springframework.http.HttpStatus;
import org.springframework.web.server.ResponseStatusException;
import org.springframework.web.server.WebExceptionHandler;
import org.springframework.web.servlet.HandlerExceptionResolver;
import org.springframework.web.servlet.ModelAndView;
import reactor.core.publisher.Mono;

/** Cold standby: what is marked lives only on the primary. With any other topology nothing of it exists. */
@AutoConfiguration(after = HaAutoConfiguration.class)
@ConditionalOnProperty(prefix = "ha", name = "enabled", matchIfMissing = true)
@Conditional(HaStandbyAutoConfiguration.OnColdStandby.class)
public class HaStandbyAutoConfiguration {

    @Bean
    static PrimaryOnlyBeans haPrimaryOnlyBeans() {
        return new PrimaryOnlyBeans();
    }

    @Bean
    ColdStandby haColdStandby(
            ConfigurableApplicationContext context, PrimaryOnlyBeans marked, Environment environment) {
        return new ColdStandby(
                context,
                marked,
                HaZooKeeperAutoConfiguration.drainTimeout(environment),
                Clock.systemUTC(),
                System::nanoTime);
    }

    /** A request that needs a bean of the primary is for another node: service unavailable, unless the application says else. */
    @Configuration(proxyBeanMethods = false)
    @ConditionalOnClass(HandlerExceptionResolver.class)
    static class Web {

        @Bean
        HandlerExceptionResolver haStandbyExceptionResolver() {
            return (request, response, handler, error) -> {
                if (!(error instanceof StandbyException) || response.isCommitted()) {
                    return null;
                }
                try {
                    response.sendError(503, error.getMessage());
                } catch (java.io.IOException e) {
                    return null;
                }
                return new ModelAndView();
            };
        }
    }

    /** The same in reactive applications. */
    @Configuration(proxyBeanMethods = false)
    @ConditionalOnWebApplication(type = ConditionalOnWebApplication.Type.REACTIVE)
    static class ReactiveWeb {

        /** Before the handler that answers whatever is left with an error page. */
        @Bean
        @Order(-2)
        WebExceptionHandler haStandbyExceptionHandler() {
            return (exchange, error) -> error instanceof StandbyException
                    ? Mono.error(new ResponseStatusException(HttpStatus.SERVICE_UNAVAILABLE, error.getMessage(), error))
                    : Mono.error(error);
        }
    }

    /** Asked before there are beans, so it reads the properties as they stand; that they are valid is checked elsewhere. */
    static final class OnColdStandby extends SpringBootCondition {

        @Override
        public ConditionOutcome getMatchOutcome(ConditionContext context, AnnotatedTypeMetadata metadata) {
            ConditionMessage.Builder message = ConditionMessage.forCondition("cold standby");
            try {
                return isWanted(context.getEnvironment())
                        ? ConditionOutcome.match(message.because("the backup's beans are not started"))
                        : ConditionOutcome.noMatch(message.because("nobody stands by cold"));
            } catch (BindException e) {
                return ConditionOutcome.noMatch(message.because("ha.topology or ha.standby is invalid"));
            }
        }

        /**
         * @throws BindException when a property that decides is invalid
         */
        static boolean isWanted(Environment environment) {
            Binder binder = Binder.get(environment);
            return binder.bind("ha.topology", HaProperties.Topology.class).orElse(HaProperties.Topology.CLUSTER)
                            == HaProperties.Topology.PRIMARY_BACKUP
                    && binder.bind("ha.standby", HaProperties.Standby.class).orElse(HaProperties.Standby.WARM)
                            == HaProperties.Standby.COLD;
        }
    }
}
