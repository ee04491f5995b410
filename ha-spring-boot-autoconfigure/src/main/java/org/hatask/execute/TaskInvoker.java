package org.hatask.execute;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.springframework.aop.support.AopUtils;
import org.springframework.beans.factory.BeanFactory;
import org.springframework.util.ReflectionUtils;
import reactor.core.publisher.Mono;

/**
 * Calls a task's method on its bean, through the bean's proxy so that transactions and other advice apply, but past the
 * dispatch: a marker on the thread tells the interceptor that this call is the execution itself.
 */
public final class TaskInvoker {

    private final BeanFactory beans;
    private final Map<String, Method> invocableMethods = new ConcurrentHashMap<>();
    private final ThreadLocal<@Nullable TaskDefinition> executing = new ThreadLocal<>();

    public TaskInvoker(BeanFactory beans) {
        this.beans = beans;
    }

    /** Calls the method and throws what it throws. A {@code Mono} is subscribed to, and what comes of it is a future. */
    @Nullable
    Object invoke(TaskDefinition task, @Nullable Object[] arguments) throws Exception {
        Object bean = beans.getBean(task.beanName());
        Method method = invocableMethods.computeIfAbsent(task.name(), name -> {
            Method invocable = AopUtils.selectInvocableMethod(task.method(), bean.getClass());
            ReflectionUtils.makeAccessible(invocable);
            return invocable;
        });
        executing.set(task);
        try {
            return future(method.invoke(bean, arguments));
        } catch (InvocationTargetException e) {
            if (e.getTargetException() instanceof Exception exception) {
                throw exception;
            }
            if (e.getTargetException() instanceof Error error) {
                throw error;
            }
            throw e;
        } finally {
            executing.remove();
        }
    }

    private static @Nullable Object future(@Nullable Object result) {
        return result instanceof Mono<?> mono ? mono.toFuture() : result;
    }

    /**
     * For the interceptor: whether the call of this task on this thread is the one made by {@link #invoke}. Answers so only
     * once, since calls the method makes in turn are calls of their own.
     */
    public boolean isExecuting(TaskDefinition task) {
        TaskDefinition marked = executing.get();
        if (marked == null || !marked.equals(task)) {
            return false;
        }
        executing.remove();
        return true;
    }
}
