package org.hatask.autoconfigure;

import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.aopalliance.intercept.MethodInterceptor;
import org.hatask.dispatch.HaTaskInterceptor;
import org.hatask.dispatch.ScopedFiringInterceptor;
import org.hatask.execute.InvalidTaskException;
import org.hatask.execute.TaskDefinition;
import org.hatask.execute.TaskDefinitionFactory;
import org.springframework.aop.framework.Advised;
import org.springframework.aop.framework.AopConfigException;
import org.springframework.aop.framework.ProxyFactory;
import org.springframework.aop.scope.ScopedProxyUtils;
import org.springframework.aop.support.AopUtils;
import org.springframework.aop.support.DefaultPointcutAdvisor;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.util.ClassUtils;
import org.springframework.util.function.SingletonSupplier;

/**
 * Puts the interceptor of tasks before every bean that has some, as its outermost advice: a call first finds its node, and
 * transactions and the like begin there.
 */
final class HaTaskBeanPostProcessor implements BeanPostProcessor {

    private final ConfigurableListableBeanFactory beans;
    private final Supplier<TaskDefinitionFactory> definitions;
    private final Supplier<HaTaskInterceptor.Engine> engine;
    private final Map<Class<?>, Boolean> hasTasks = new ConcurrentHashMap<>();

    HaTaskBeanPostProcessor(
            ConfigurableListableBeanFactory beans,
            Supplier<TaskDefinitionFactory> definitions,
            Supplier<HaTaskInterceptor.Engine> engine) {
        this.beans = beans;
        this.definitions = SingletonSupplier.of(definitions);
        this.engine = SingletonSupplier.of(engine);
    }

    /** Remembers the answer, as it takes time to look at all methods of all beans. */
    boolean hasTasks(Class<?> type) {
        return hasTasks.computeIfAbsent(type, TaskDefinitionFactory::hasTasks);
    }

    @Override
    public Object postProcessAfterInitialization(Object bean, String beanName) {
        Class<?> target = AopUtils.getTargetClass(bean);
        if (!hasTasks(target)) {
            return bean;
        }
        if (ScopedProxyUtils.isScopedTarget(beanName)
                && beans.containsBean(ScopedProxyUtils.getOriginalBeanName(beanName))) {
            return behindScopedProxy(bean, ScopedProxyUtils.getOriginalBeanName(beanName), target);
        }
        Map<Method, TaskDefinition> tasks = definitions.get().definitions(beanName, target);
        return intercepted(bean, beanName, target, new HaTaskInterceptor(tasks, engine));
    }

    /** The tasks are those of the proxy, which dispatches them; only firings of a schedule come here without it. */
    private Object behindScopedProxy(Object bean, String proxyName, Class<?> target) {
        Map<Method, TaskDefinition> tasks = definitions.get().definitions(proxyName, target);
        if (!TaskRegistrar.isIntercepted(beans.getBean(proxyName))) {
            throw new InvalidTaskException(
                    "Bean '" + proxyName + "' of " + target.getName()
                            + " has tasks, but what it is declared as hides them" + " from its scoped proxy.",
                    "Let its @Bean method return " + target.getName() + " or an interface with @HaTask methods.");
        }
        if (tasks.values().stream().noneMatch(TaskDefinition::scheduled)) {
            return bean;
        }
        return intercepted(bean, proxyName, target, new ScopedFiringInterceptor(tasks, () -> beans.getBean(proxyName)));
    }

    private Object intercepted(Object bean, String beanName, Class<?> target, MethodInterceptor interceptor) {
        if (bean instanceof Advised advised && !advised.isFrozen()) {
            advised.addAdvisor(0, new DefaultPointcutAdvisor(interceptor));
            return bean;
        }
        try {
            return newProxy(bean, interceptor);
        } catch (AopConfigException e) {
            throw new InvalidTaskException(
                    "Bean '" + beanName + "' of " + target.getName() + " has tasks but no proxy can stand before it: "
                            + e.getMessage() + ".",
                    "Make the class neither final nor private, or let it implement an interface with its tasks.");
        }
    }

    /** Class proxies as everywhere in Spring Boot; interface proxies only before what cannot have a subclass. */
    private Object newProxy(Object bean, MethodInterceptor interceptor) {
        ProxyFactory factory = new ProxyFactory();
        if (Modifier.isFinal(bean.getClass().getModifiers())) {
            factory.setInterfaces(ClassUtils.getAllInterfacesForClass(bean.getClass()));
        } else {
            factory.setProxyTargetClass(true);
        }
        factory.setTarget(bean);
        factory.addAdvisor(new DefaultPointcutAdvisor(interceptor));
        return factory.getProxy(beans.getBeanClassLoader());
    }
}
