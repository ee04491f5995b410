package org.hatask.standby;

import java.lang.reflect.Modifier;
import org.jspecify.annotations.Nullable;
import org.springframework.aop.TargetSource;
import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.aop.framework.ProxyFactory;
import org.springframework.aop.scope.ScopedObject;
import org.springframework.aop.scope.ScopedProxyFactoryBean;
import org.springframework.aop.scope.ScopedProxyUtils;
import org.springframework.beans.factory.BeanClassLoaderAware;
import org.springframework.beans.factory.BeanFactory;
import org.springframework.beans.factory.config.ConfigurableBeanFactory;
import org.springframework.util.ClassUtils;

/**
 * What stands under the name of a marked bean and is injected everywhere. Spring's own class in kind, by which others tell
 * scoped proxies; but the bean behind it is looked for by the innermost advice and not before the first: where there is none,
 * a task must still reach its dispatcher.
 */
@SuppressWarnings("serial")
final class PrimaryProxyFactoryBean extends ScopedProxyFactoryBean implements BeanClassLoaderAware {

    private final String name;
    private final Class<?> type;
    private @Nullable ClassLoader classLoader;
    private @Nullable Object proxy;

    PrimaryProxyFactoryBean(String name, Class<?> type) {
        this.name = name;
        this.type = type;
    }

    /** Whether there can be a subclass; if not, the proxy has the interfaces only. */
    static boolean canExtend(Class<?> type) {
        return !type.isInterface()
                && !Modifier.isFinal(type.getModifiers())
                && !Modifier.isPrivate(type.getModifiers());
    }

    @Override
    public void setBeanClassLoader(ClassLoader newClassLoader) {
        this.classLoader = newClassLoader;
    }

    /** Instead of what Spring's does. */
    @Override
    public void setBeanFactory(BeanFactory beans) {
        PrimaryScope scope = (PrimaryScope) ((ConfigurableBeanFactory) beans).getRegisteredScope(PrimaryScope.NAME);
        MarkedBean bean = scope == null ? null : scope.ofTarget(ScopedProxyUtils.getTargetBeanName(name));
        if (scope == null || bean == null) {
            throw new IllegalStateException("Bean '" + name + "' is not marked in this bean factory");
        }
        ProxyFactory factory = new ProxyFactory();
        factory.setTargetSource(new NoTarget(bean));
        if (canExtend(type)) {
            factory.setProxyTargetClass(true);
        } else {
            factory.setInterfaces(ClassUtils.getAllInterfacesForClass(type, classLoader));
        }
        factory.addInterface(ScopedObject.class);
        // Advice of the application belongs to the bean behind.
        factory.addInterface(AopInfrastructureBean.class);
        factory.addAdvice(new PrimaryGate(scope, bean));
        proxy = factory.getProxy(classLoader);
    }

    @Override
    public @Nullable Object getObject() {
        return proxy;
    }

    @Override
    public Class<?> getObjectType() {
        return proxy != null ? proxy.getClass() : type;
    }

    /** Says of which class the bean is, and never gets it. */
    private record NoTarget(MarkedBean bean) implements TargetSource {

        @Override
        public Class<?> getTargetClass() {
            return bean.type();
        }

        @Override
        public boolean isStatic() {
            return false;
        }

        @Override
        public @Nullable Object getTarget() {
            return null;
        }

        @Override
        public void releaseTarget(Object target) {}
    }
}
