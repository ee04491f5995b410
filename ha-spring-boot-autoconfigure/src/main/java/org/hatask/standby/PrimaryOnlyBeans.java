package org.hatask.standby;

import java.lang.reflect.Method;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.hatask.PrimaryOnly;
import org.jspecify.annotations.Nullable;
import org.springframework.aop.framework.autoproxy.AutoProxyUtils;
import org.springframework.aop.scope.ScopedProxyUtils;
import org.springframework.beans.factory.FactoryBean;
import org.springframework.beans.factory.config.BeanDefinition;
import org.springframework.beans.factory.config.BeanDefinitionHolder;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.beans.factory.support.AbstractBeanDefinition;
import org.springframework.beans.factory.support.BeanDefinitionRegistry;
import org.springframework.beans.factory.support.BeanDefinitionRegistryPostProcessor;
import org.springframework.beans.factory.support.DefaultListableBeanFactory;
import org.springframework.beans.factory.support.RootBeanDefinition;
import org.springframework.core.annotation.OrderUtils;

/**
 * Takes the beans marked with {@link PrimaryOnly} out of the start of the application: each gets a scope of ours, and a proxy
 * in its place that is injected everywhere. Only for nodes on cold standby: whoever registers it decides.
 *
 * <p>The mark counts on the class of the bean, on what it extends or implements, and on its {@code @Bean} method; where a
 * {@code @Bean} method declares an interface, the class behind it is not known before it is called.
 */
public final class PrimaryOnlyBeans implements BeanDefinitionRegistryPostProcessor {

    private final Map<String, Boolean> lazyAsWritten = new HashMap<>();

    private @Nullable PrimaryScope scope;

    PrimaryScope scope() {
        if (scope == null) {
            throw new IllegalStateException("The bean definitions have not been looked at yet");
        }
        return scope;
    }

    /** Before Spring Boot's lazy initialization makes everything lazy: a promotion is there to start the beans. */
    @Override
    public void postProcessBeanDefinitionRegistry(BeanDefinitionRegistry registry) {
        for (String name : registry.getBeanDefinitionNames()) {
            lazyAsWritten.put(name, registry.getBeanDefinition(name).isLazyInit());
        }
    }

    /**
     * @throws InvalidPrimaryOnlyException when a marked bean cannot live only on the primary
     */
    @Override
    public void postProcessBeanFactory(ConfigurableListableBeanFactory factory) {
        DefaultListableBeanFactory beans = (DefaultListableBeanFactory) factory;
        Map<String, MarkedBean> marked = new LinkedHashMap<>();
        Refusals refusals = new Refusals(beans);
        for (String name : beans.getBeanDefinitionNames()) {
            BeanDefinition definition = beans.getBeanDefinition(name);
            boolean proxy = definition instanceof RootBeanDefinition root && root.getDecoratedDefinition() != null;
            if (!definition.isAbstract()
                    && !proxy
                    && beans.findAnnotationOnBean(name, PrimaryOnly.class, false) != null) {
                Class<?> type = beans.getType(name, false);
                refusals.check(original(name), type, beans.getMergedBeanDefinition(name));
                if (type != null) {
                    marked.put(
                            name,
                            new MarkedBean(name, type, lazyAsWritten.getOrDefault(name, definition.isLazyInit())));
                }
            }
        }
        PrimaryScope newScope = new PrimaryScope(beans, marked);
        beans.registerScope(PrimaryScope.NAME, newScope);
        DependenciesFirst.install(beans, newScope);
        marked.values().forEach(bean -> replace(beans, bean));
        scope = newScope;
    }

    private static String original(String name) {
        return ScopedProxyUtils.isScopedTarget(name) ? ScopedProxyUtils.getOriginalBeanName(name) : name;
    }

    private static void replace(DefaultListableBeanFactory beans, MarkedBean bean) {
        Integer order = order(beans, bean);
        BeanDefinition target = beans.getBeanDefinition(bean.name());
        target.setScope(PrimaryScope.NAME);
        // Read by whoever looks for annotated methods on the class behind a proxy.
        target.setAttribute(AutoProxyUtils.ORIGINAL_TARGET_CLASS_ATTRIBUTE, bean.type());
        // Removed first, since redefining a bean may be forbidden.
        beans.removeBeanDefinition(bean.name());
        BeanDefinitionHolder holder = ScopedProxyUtils.createScopedProxy(
                new BeanDefinitionHolder(target, bean.name()), beans, PrimaryProxyFactoryBean.canExtend(bean.type()));
        RootBeanDefinition proxy = (RootBeanDefinition) holder.getBeanDefinition();
        proxy.setBeanClass(PrimaryProxyFactoryBean.class);
        proxy.getPropertyValues().removePropertyValue("targetBeanName");
        proxy.getPropertyValues().removePropertyValue("proxyTargetClass");
        proxy.getConstructorArgumentValues().addIndexedArgumentValue(0, bean.name());
        proxy.getConstructorArgumentValues().addIndexedArgumentValue(1, bean.type());
        proxy.setAttribute(FactoryBean.OBJECT_TYPE_ATTRIBUTE, bean.type());
        proxy.setAttribute(AutoProxyUtils.ORIGINAL_TARGET_CLASS_ATTRIBUTE, bean.type());
        if (order != null) {
            proxy.setAttribute(AbstractBeanDefinition.ORDER_ATTRIBUTE, order);
        }
        beans.registerBeanDefinition(bean.name(), proxy);
    }

    /** {@code @Order} on the {@code @Bean} method, which does not belong to the proxy's definition. */
    private static @Nullable Integer order(DefaultListableBeanFactory beans, MarkedBean bean) {
        RootBeanDefinition definition = (RootBeanDefinition) beans.getMergedBeanDefinition(bean.name());
        if (definition.getAttribute(AbstractBeanDefinition.ORDER_ATTRIBUTE) instanceof Integer order) {
            return order;
        }
        Method method = definition.getResolvedFactoryMethod();
        return method == null ? null : OrderUtils.getOrder(method);
    }
}
