package org.hatask.autoconfigure;

import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.hatask.dispatch.HaTaskInterceptor;
import org.hatask.execute.InvalidTaskException;
import org.hatask.execute.TaskDefinition;
import org.hatask.execute.TaskDefinitionFactory;
import org.hatask.execute.TaskRegistry;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.aop.framework.Advised;
import org.springframework.aop.framework.autoproxy.AutoProxyUtils;
import org.springframework.aop.scope.ScopedObject;
import org.springframework.aop.scope.ScopedProxyUtils;
import org.springframework.aop.support.AopUtils;
import org.springframework.beans.factory.FactoryBean;
import org.springframework.beans.factory.SmartInitializingSingleton;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;

/**
 * Collects the tasks of all beans once these exist, and ends the start when something is wrong with one. Lazy and prototype
 * beans are looked at by their class alone.
 */
final class TaskRegistrar implements SmartInitializingSingleton {

    private static final Logger log = LoggerFactory.getLogger(TaskRegistrar.class);

    private final ConfigurableListableBeanFactory beans;
    private final HaTaskBeanPostProcessor processor;
    private final TaskDefinitionFactory definitions;
    private final Set<String> configuredNames;
    private volatile @Nullable TaskRegistry registry;

    /**
     * @param processor has looked at most beans already
     * @param configuredNames the tasks for which there is configuration
     */
    TaskRegistrar(
            ConfigurableListableBeanFactory beans,
            HaTaskBeanPostProcessor processor,
            TaskDefinitionFactory definitions,
            Set<String> configuredNames) {
        this.beans = beans;
        this.processor = processor;
        this.definitions = definitions;
        this.configuredNames = configuredNames;
    }

    /**
     * @throws IllegalStateException before all beans exist
     */
    TaskRegistry registry() {
        TaskRegistry complete = registry;
        if (complete == null) {
            throw new IllegalStateException("The tasks are not collected yet: the application is still starting");
        }
        return complete;
    }

    @Override
    public void afterSingletonsInstantiated() {
        Map<String, TaskDefinition> byName = new LinkedHashMap<>();
        for (String beanName : beans.getBeanNamesForType(Object.class, true, false)) {
            Class<?> type = ScopedProxyUtils.isScopedTarget(beanName) ? null : typeOf(beanName);
            if (type != null && processor.hasTasks(type)) {
                Collection<TaskDefinition> tasks =
                        definitions.definitions(beanName, type).values();
                checkProxied(beanName, tasks);
                tasks.forEach(task -> add(byName, task));
            }
        }
        for (String name : configuredNames) {
            if (!byName.containsKey(name)) {
                log.warn(
                        "There is configuration under ha.tasks.\"[{}]\" but no task of this name; tasks are {}",
                        name,
                        byName.keySet());
            }
        }
        registry = new TaskRegistry(byName.values());
    }

    private @Nullable Class<?> typeOf(String beanName) {
        Object singleton = beans.getSingleton(beanName);
        Class<?> type = AutoProxyUtils.determineTargetClass(beans, beanName);
        if (type != null && ScopedObject.class.isAssignableFrom(type)) {
            String target = ScopedProxyUtils.getTargetBeanName(beanName);
            return beans.containsBean(target) ? AutoProxyUtils.determineTargetClass(beans, target) : type;
        }
        // Not every proxy with interfaces leaves a note of what is behind it.
        boolean unknown = type == null || Proxy.isProxyClass(type) && type.isInstance(singleton);
        return unknown && singleton != null ? AopUtils.getTargetClass(singleton) : type;
    }

    private static void add(Map<String, TaskDefinition> byName, TaskDefinition task) {
        TaskDefinition other = byName.putIfAbsent(task.name(), task);
        if (other != null) {
            throw new InvalidTaskException(
                    "Two tasks have the name '" + task.name() + "': " + describe(other) + " and " + describe(task)
                            + ".",
                    "Give one of them another name with @HaTask(name = \"…\"); a name must be unique in the application.");
        }
    }

    private static String describe(TaskDefinition task) {
        Method method = task.method();
        return method.getDeclaringClass().getSimpleName() + "." + method.getName() + " of bean '" + task.beanName()
                + "'";
    }

    private void checkProxied(String beanName, Collection<TaskDefinition> tasks) {
        Object bean = beans.containsSingleton(beanName) ? beans.getSingleton(beanName) : null;
        if (bean instanceof FactoryBean<?> factory) {
            // What stands under the name is what it makes, such as a scoped proxy.
            bean = factory.isSingleton() ? beans.getBean(beanName) : null;
        }
        if (bean == null) {
            return;
        }
        if (!isIntercepted(bean)) {
            throw new InvalidTaskException(
                    "Bean '" + beanName + "' of " + bean.getClass().getName()
                            + " has tasks but calls of them are not intercepted: the bean was made before HA Task could"
                            + " stand before it, as happens to beans that a BeanPostProcessor or BeanFactoryPostProcessor"
                            + " depends on, and to singletons registered by hand.",
                    "Let no post-processor depend on it, or move the annotated method to a bean of its own.");
        }
        for (TaskDefinition task : tasks) {
            try {
                AopUtils.selectInvocableMethod(task.method(), bean.getClass());
            } catch (IllegalStateException e) {
                throw new InvalidTaskException(
                        "Task '" + task.name() + "' of bean '" + beanName
                                + "' cannot be called: the bean is behind an interface proxy and no interface has "
                                + task.method().getName() + ".",
                        "Declare the method in an interface of the bean, or set spring.aop.proxy-target-class=true.");
            }
        }
    }

    static boolean isIntercepted(Object bean) {
        if (!(bean instanceof Advised advised)) {
            return false;
        }
        for (org.springframework.aop.Advisor advisor : advised.getAdvisors()) {
            if (advisor.getAdvice() instanceof HaTaskInterceptor) {
                return true;
            }
        }
        return false;
    }
}
