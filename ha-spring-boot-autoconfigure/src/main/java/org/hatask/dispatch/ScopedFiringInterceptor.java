package org.hatask.dispatch;

import java.lang.reflect.Method;
import java.util.Map;
import java.util.function.Supplier;
import org.aopalliance.intercept.MethodInterceptor;
import org.aopalliance.intercept.MethodInvocation;
import org.hatask.execute.TaskDefinition;
import org.jspecify.annotations.Nullable;
import org.springframework.aop.support.AopUtils;

/**
 * Stands before a bean that is behind a scoped proxy and has scheduled tasks. Spring's scheduler holds this bean itself, not
 * the proxy with the dispatch; so a firing is sent back there, and comes again as the execution that it has become.
 */
public final class ScopedFiringInterceptor implements MethodInterceptor {

    private final Map<Method, TaskDefinition> tasks;
    private final Supplier<Object> scopedProxy;

    public ScopedFiringInterceptor(Map<Method, TaskDefinition> tasks, Supplier<Object> scopedProxy) {
        this.tasks = Map.copyOf(tasks);
        this.scopedProxy = scopedProxy;
    }

    @Override
    public @Nullable Object invoke(MethodInvocation invocation) throws Throwable {
        TaskDefinition task = HaTaskInterceptor.taskOf(invocation, tasks);
        if (task == null || !task.scheduled() || !ScheduledFiring.isUndispatchedFiring(task)) {
            return invocation.proceed();
        }
        Object proxy = scopedProxy.get();
        Method method = AopUtils.selectInvocableMethod(task.method(), proxy.getClass());
        return AopUtils.invokeJoinpointUsingReflection(proxy, method, invocation.getArguments());
    }
}
