package org.hatask.standby;

import org.springframework.aop.scope.ScopedProxyUtils;

/**
 * A bean that lives only on the primary.
 *
 * @param name its name, under which its proxy stands
 * @param type what it is declared as: its class, or what its {@code @Bean} method returns
 * @param lazy whether it is made at its first use only
 */
record MarkedBean(String name, Class<?> type, boolean lazy) {

    /** The name of the bean behind the proxy. */
    String targetName() {
        return ScopedProxyUtils.getTargetBeanName(name);
    }
}
