package org.hatask.standby;

import java.lang.annotation.Annotation;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.springframework.aop.Advisor;
import org.springframework.beans.factory.BeanFactory;
import org.springframework.beans.factory.FactoryBean;
import org.springframework.beans.factory.config.BeanDefinition;
import org.springframework.beans.factory.config.BeanFactoryPostProcessor;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.event.GenericApplicationListener;
import org.springframework.context.event.SmartApplicationListener;
import org.springframework.core.annotation.MergedAnnotations;
import org.springframework.core.annotation.MergedAnnotations.SearchStrategy;
import org.springframework.util.ClassUtils;
import org.springframework.util.ReflectionUtils;

/** What cannot live only on the primary, with the reason and the cure. Names of libraries that may be missing are strings. */
final class Refusals {

    private static final String UNMARK = "Remove @PrimaryOnly from it and mark the beans that do the business.";

    private static final String PART_OF_THE_CONTAINER =
            "is part of the container itself, which needs it on every node before any promotion";

    private static final Map<String, String> TYPES = new LinkedHashMap<>();

    static {
        TYPES.put(BeanPostProcessor.class.getName(), PART_OF_THE_CONTAINER);
        TYPES.put(BeanFactoryPostProcessor.class.getName(), PART_OF_THE_CONTAINER);
        TYPES.put(Advisor.class.getName(), PART_OF_THE_CONTAINER);
        String asksBeforehand = "is asked by the container beforehand which events it wants";
        TYPES.put(GenericApplicationListener.class.getName(), asksBeforehand);
        TYPES.put(SmartApplicationListener.class.getName(), asksBeforehand);
        String web = "is started by the web server, which runs on every node";
        TYPES.put("jakarta.servlet.Filter", web);
        TYPES.put("jakarta.servlet.Servlet", web);
        TYPES.put("org.springframework.boot.web.servlet.ServletContextInitializer", web);
    }

    private static final Map<String, String> ANNOTATIONS = Map.of(
            Configuration.class.getName(),
            PART_OF_THE_CONTAINER,
            "org.aspectj.lang.annotation.Aspect",
            PART_OF_THE_CONTAINER,
            "org.springframework.boot.context.properties.ConfigurationProperties",
            "holds configuration, which every node has");

    private static final Set<String> LISTENERS = Set.of(
            "org.springframework.jms.annotation.JmsListener",
            "org.springframework.kafka.annotation.KafkaListener",
            "org.springframework.amqp.rabbit.annotation.RabbitListener",
            "org.springframework.pulsar.annotation.PulsarListener");

    private final ConfigurableListableBeanFactory beans;

    Refusals(ConfigurableListableBeanFactory beans) {
        this.beans = beans;
    }

    /**
     * @param type what the bean is declared as, or null where nobody can tell
     * @throws InvalidPrimaryOnlyException when it cannot be marked
     */
    void check(String name, @Nullable Class<?> type, BeanDefinition definition) {
        if (type == null) {
            throw refusal(name, type, "is of a type that is not known before it is made", "Declare its type.");
        }
        checkScope(name, type, definition);
        Class<?> raw = beans.getType(BeanFactory.FACTORY_BEAN_PREFIX + name, false);
        if (FactoryBean.class.isAssignableFrom(type) || raw != null && FactoryBean.class.isAssignableFrom(raw)) {
            throw refusal(
                    name,
                    type,
                    "comes from a FactoryBean, which makes it when it likes",
                    "Mark the beans that use it, or declare it by a @Bean method that returns the object itself.");
        }
        TYPES.forEach((refused, why) -> {
            if (isOfType(type, refused)) {
                throw refusal(name, type, why, UNMARK);
            }
        });
        MergedAnnotations annotations = MergedAnnotations.from(type, SearchStrategy.TYPE_HIERARCHY);
        ANNOTATIONS.forEach((refused, why) -> {
            if (annotations.isPresent(refused)) {
                throw refusal(name, type, why, UNMARK);
            }
        });
        checkDeclaresNoBeans(name, type);
        checkNoListeners(name, type);
        if (!PrimaryProxyFactoryBean.canExtend(type) && ClassUtils.getAllInterfacesForClass(type).length == 0) {
            throw refusal(
                    name,
                    type,
                    "is of a " + (Modifier.isFinal(type.getModifiers()) ? "final" : "private")
                            + " class without an interface, so that no proxy can stand in its place",
                    "Make the class neither final (a record is final, too) nor private, or let it implement an interface.");
        }
    }

    private static void checkScope(String name, Class<?> type, BeanDefinition definition) {
        String scope = definition.getScope();
        if (scope != null && !scope.isEmpty() && !scope.equals(BeanDefinition.SCOPE_SINGLETON)) {
            throw refusal(
                    name,
                    type,
                    "has the scope '" + scope + "' and so a life of its own",
                    "Remove the scope, or remove @PrimaryOnly and mark the beans that use it.");
        }
    }

    private void checkDeclaresNoBeans(String name, Class<?> type) {
        for (String other : beans.getBeanDefinitionNames()) {
            if (name.equals(beans.getBeanDefinition(other).getFactoryBeanName())) {
                throw refusal(name, type, "declares other beans, such as '" + other + "', which need it", UNMARK);
            }
        }
    }

    private static void checkNoListeners(String name, Class<?> type) {
        Set<String> found = new TreeSet<>();
        ReflectionUtils.doWithMethods(type, method -> {
            if (isListener(method)) {
                found.add(method.getName());
            }
        });
        if (!found.isEmpty()) {
            throw refusal(
                    name,
                    type,
                    "receives messages by " + found
                            + ": the containers behind these belong to their library, which would go on delivering after a"
                            + " demotion",
                    "Put the listener method into a bean that is not marked, with an id and without automatic startup, and let a marked"
                            + " SmartLifecycle start and stop its container; docs/cold-standby.md has an example.");
        }
    }

    private static boolean isListener(Method method) {
        return Arrays.stream(method.getAnnotations())
                .map(Annotation::annotationType)
                .anyMatch(type -> LISTENERS.contains(type.getName()));
    }

    private static boolean isOfType(Class<?> type, String name) {
        ClassLoader loader = type.getClassLoader();
        if (!ClassUtils.isPresent(name, loader)) {
            return false;
        }
        return ClassUtils.resolveClassName(name, loader).isAssignableFrom(type);
    }

    private static InvalidPrimaryOnlyException refusal(String name, @Nullable Class<?> type, String why, String cure) {
        return new InvalidPrimaryOnlyException(
                "Bean '" + name + "'" + (type == null ? "" : " of " + type.getName())
                        + " is marked with @PrimaryOnly but " + why + ".",
                cure);
    }
}
