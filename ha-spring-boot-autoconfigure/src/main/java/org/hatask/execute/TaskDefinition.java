package org.hatask.execute;

import java.lang.reflect.Method;
import java.lang.reflect.Type;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.hatask.Delivery;
import org.hatask.OffRole;
import org.hatask.Role;
import reactor.core.publisher.Mono;

/**
 * A task as this node knows it.
 *
 * @param name name in the cluster
 * @param beanName the bean whose method it is
 * @param method the method, as declared by the bean's class
 * @param role which nodes may execute it
 * @param retry when it is tried again
 * @param timeout longest time of one attempt
 * @param slowAfter an attempt that takes longer counts as slow
 * @param maxDuration an attempt that runs longer is overdue, and its node suspect
 * @param offRole what a call on a node without the role does
 * @param delivery what becomes of a call when its caller dies
 * @param balance how one of several nodes is chosen
 * @param scheduled whether the method also is {@code @Scheduled}
 * @param async whether it returns a {@code CompletableFuture} or a {@code Mono}, so that its caller need not wait
 * @param parameterTypes types of the arguments, with generics
 * @param resultType type of the result, with generics; what the future or {@code Mono} holds where it returns one
 * @param errorTypes exceptions that are rebuilt from another node's answer, by class name
 * @param signature what must be the same on both nodes for arguments and result to be understood
 */
public record TaskDefinition(
        String name,
        String beanName,
        Method method,
        Role role,
        RetrySettings retry,
        Duration timeout,
        Duration slowAfter,
        Duration maxDuration,
        OffRole offRole,
        Delivery delivery,
        BalanceSettings balance,
        boolean scheduled,
        boolean async,
        List<Type> parameterTypes,
        Type resultType,
        Map<String, Class<? extends Throwable>> errorTypes,
        String signature) {

    public TaskDefinition {
        parameterTypes = List.copyOf(parameterTypes);
        errorTypes = Map.copyOf(errorTypes);
    }

    /** Whether a call is recorded before it is executed. */
    public boolean isDurable() {
        return delivery == Delivery.DURABLE;
    }

    /** Whether it returns a {@code Mono}: to call it does nothing, to subscribe to it executes the task. */
    public boolean isReactive() {
        return method.getReturnType() == Mono.class;
    }

    /** Identity is the name: a registry holds one definition of it. */
    @Override
    public boolean equals(Object other) {
        return other instanceof TaskDefinition that && name.equals(that.name);
    }

    @Override
    public int hashCode() {
        return name.hashCode();
    }

    /** The task in messages. */
    @Override
    public String toString() {
        return name;
    }
}
