package org.hatask.standby;

import java.lang.reflect.Method;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.aopalliance.intercept.MethodInterceptor;
import org.aopalliance.intercept.MethodInvocation;
import org.hatask.StandbyException;
import org.hatask.cluster.NoAnswer;
import org.jspecify.annotations.Nullable;
import org.springframework.aop.ProxyMethodInvocation;
import org.springframework.aop.scope.ScopedObject;
import org.springframework.aop.support.AopUtils;
import org.springframework.context.ApplicationEvent;
import org.springframework.context.ApplicationListener;
import org.springframework.context.Lifecycle;
import org.springframework.context.Phased;
import org.springframework.context.SmartLifecycle;
import org.springframework.context.event.EventListener;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.AnnotatedElementUtils;
import org.springframework.util.ClassUtils;
import org.springframework.util.ReflectionUtils;

/**
 * The innermost advice of a marked bean's proxy: passes calls on to the bean where it lives, and answers for it where it does
 * not. Looks for the bean when the call has come this far, since a call may wait before it, for the next primary for example.
 */
final class PrimaryGate implements MethodInterceptor {

    /** Who answers a call where the bean is not. */
    private enum Kind {
        /** Nobody: that is an error. */
        BUSINESS,
        /** Hears nothing. */
        LISTENER,
        /** Does not run. */
        LIFE_CYCLE,
        /** What containers and logs ask of any bean. */
        ABOUT
    }

    private final PrimaryScope scope;
    private final MarkedBean bean;
    private final Map<Method, Kind> kinds = new ConcurrentHashMap<>();

    PrimaryGate(PrimaryScope scope, MarkedBean bean) {
        this.scope = scope;
        this.bean = bean;
    }

    @Override
    public @Nullable Object invoke(MethodInvocation invocation) throws Throwable {
        Method method = invocation.getMethod();
        if (method.getDeclaringClass() == ScopedObject.class) {
            return scopedObject(method);
        }
        Kind kind = kinds.computeIfAbsent(method, this::kindOf);
        Object target = makesTheBean(kind) ? scope.find(bean) : scope.existing(bean);
        if (target != null) {
            Object result = AopUtils.invokeJoinpointUsingReflection(target, method, invocation.getArguments());
            return result == target && invocation instanceof ProxyMethodInvocation own ? own.getProxy() : result;
        }
        return switch (kind) {
            case BUSINESS -> throw new StandbyException(refusal());
            case LISTENER -> NoAnswer.of(method.getReturnType());
            case LIFE_CYCLE -> lifeCycle(method, invocation.getArguments());
            case ABOUT -> about(method);
        };
    }

    /** Nothing but a call of its own makes a bean, and an event only a lazy one on the primary. */
    private boolean makesTheBean(Kind kind) {
        return kind == Kind.BUSINESS || kind == Kind.LISTENER && scope.phase() == PrimaryScope.Phase.OPEN;
    }

    private Kind kindOf(Method method) {
        if (isOnApplicationEvent(method)) {
            return Kind.LISTENER;
        }
        if (!method.getName().equals("start")
                && (is(method, SmartLifecycle.class) || is(method, Lifecycle.class) || is(method, Phased.class))) {
            return Kind.LIFE_CYCLE;
        }
        if (ReflectionUtils.isToStringMethod(method)
                || is(method, Ordered.class)
                || is(method, ApplicationListener.class)) {
            return Kind.ABOUT;
        }
        Method specific = AopUtils.getMostSpecificMethod(method, bean.type());
        return AnnotatedElementUtils.hasAnnotation(specific, EventListener.class) ? Kind.LISTENER : Kind.BUSINESS;
    }

    private boolean is(Method method, Class<?> type) {
        return type.isAssignableFrom(bean.type())
                && ClassUtils.hasMethod(type, method.getName(), method.getParameterTypes());
    }

    /** Its parameter may be of any type of event. */
    private boolean isOnApplicationEvent(Method method) {
        return ApplicationListener.class.isAssignableFrom(bean.type())
                && method.getName().equals("onApplicationEvent")
                && method.getParameterCount() == 1
                && ApplicationEvent.class.isAssignableFrom(method.getParameterTypes()[0]);
    }

    /** As one that does not run and shall not be started: it is started with its node's promotion. */
    private @Nullable Object lifeCycle(Method method, @Nullable Object[] arguments) {
        if (arguments.length == 1 && arguments[0] instanceof Runnable stopped) {
            stopped.run();
        }
        return method.getName().equals("getPhase") ? SmartLifecycle.DEFAULT_PHASE : NoAnswer.of(method.getReturnType());
    }

    private Object about(Method method) {
        if (method.getReturnType() == boolean.class) {
            return true;
        }
        return method.getReturnType() == int.class
                ? Ordered.LOWEST_PRECEDENCE
                : "bean '" + bean.name() + "' of the primary, not on this node now";
    }

    private Object scopedObject(Method method) {
        if (method.getName().equals("removeFromScope")) {
            scope.remove(bean.targetName());
        }
        Object target = scope.find(bean);
        if (target == null) {
            throw new StandbyException(refusal());
        }
        return target;
    }

    private String refusal() {
        String why =
                switch (scope.phase()) {
                    case CLOSED -> "this node is on standby";
                    case OPENING -> "this node is just being promoted and has not made it yet";
                    case OPEN, CLOSING -> "this node just ceases to be primary";
                };
        return "Bean '" + bean.name() + "' is marked with @PrimaryOnly and " + why
                + ". /actuator/ha tells who is primary and what is started here; call the bean through a method with @HaTask,"
                + " which goes to the primary, or ask an operator to promote this node.";
    }
}
