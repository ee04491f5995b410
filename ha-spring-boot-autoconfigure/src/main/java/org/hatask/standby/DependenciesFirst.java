package org.hatask.standby;

import java.lang.reflect.Constructor;
import java.lang.reflect.Method;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.BeanFactory;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.beans.factory.support.AbstractAutowireCapableBeanFactory;
import org.springframework.beans.factory.support.InstantiationStrategy;
import org.springframework.beans.factory.support.RootBeanDefinition;

/**
 * Makes the marked beans that a marked bean is given before it gets them. It gets proxies, whose injection makes nothing; so
 * without this the order would be that of the first calls. The bean factory has noted by then whom it depends on: before its
 * constructor or factory method what these take, and before its initialisation what its fields and setters took.
 */
final class DependenciesFirst implements InstantiationStrategy, BeanPostProcessor {

    private final PrimaryScope scope;
    private final InstantiationStrategy delegate;

    private DependenciesFirst(PrimaryScope scope, InstantiationStrategy delegate) {
        this.scope = scope;
        this.delegate = delegate;
    }

    static void install(AbstractAutowireCapableBeanFactory beans, PrimaryScope scope) {
        DependenciesFirst first = new DependenciesFirst(scope, beans.getInstantiationStrategy());
        beans.setInstantiationStrategy(first);
        beans.addBeanPostProcessor(first);
    }

    private void makeDependencies(@Nullable String beanName) {
        MarkedBean bean = scope.ofTarget(beanName);
        if (bean != null && scope.isMaking(bean)) {
            scope.makeDependencies(bean);
        }
    }

    @Override
    public Object postProcessBeforeInitialization(Object bean, String beanName) {
        MarkedBean marked = scope.ofTarget(beanName);
        if (marked != null && scope.isMaking(marked)) {
            scope.learnDependencies(marked);
            scope.makeDependencies(marked);
        }
        return bean;
    }

    @Override
    public Object instantiate(RootBeanDefinition definition, @Nullable String beanName, BeanFactory owner) {
        return delegate.instantiate(definition, beanName, owner);
    }

    @Override
    public Object instantiate(
            RootBeanDefinition definition,
            @Nullable String beanName,
            BeanFactory owner,
            Constructor<?> constructor,
            Object... arguments) {
        makeDependencies(beanName);
        return delegate.instantiate(definition, beanName, owner, constructor, arguments);
    }

    @Override
    public Object instantiate(
            RootBeanDefinition definition,
            @Nullable String beanName,
            BeanFactory owner,
            @Nullable Object factoryBean,
            Method factoryMethod,
            Object... arguments) {
        makeDependencies(beanName);
        return delegate.instantiate(definition, beanName, owner, factoryBean, factoryMethod, arguments);
    }

    @Override
    public Class<?> getActualBeanClass(RootBeanDefinition definition, @Nullable String beanName, BeanFactory owner) {
        return delegate.getActualBeanClass(definition, beanName, owner);
    }
}
