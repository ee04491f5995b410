package org.hatask.dispatch;

import java.lang.reflect.Method;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.aopalliance.intercept.MethodInterceptor;
import org.aopalliance.intercept.MethodInvocation;
import org.hatask.OffRole;
import org.hatask.TaskRejectedException;
import org.hatask.cluster.ClusterState;
import org.hatask.cluster.Mastership;
import org.hatask.cluster.NoAnswer;
import org.hatask.execute.TaskDefinition;
import org.hatask.execute.TaskInvoker;
import org.jspecify.annotations.Nullable;
import org.springframework.aop.ProxyMethodInvocation;
import org.springframework.aop.support.AopUtils;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** Stands before the tasks of one bean and turns their calls into executions. */
public final class HaTaskInterceptor implements MethodInterceptor {

    private final Map<Method, TaskDefinition> tasks;
    private final Supplier<Engine> engine;
    private final Map<Method, Optional<TaskDefinition>> taskByCalledMethod = new ConcurrentHashMap<>();

    /**
     * What the interceptor needs; looked up at the first call, since beans are proxied before the engine exists.
     *
     * @param dispatcher executes calls
     * @param invoker tells which calls are executions already
     * @param cluster the view of the cluster
     * @param mastership whether this node is master
     * @param durable takes the calls that are to be recorded
     */
    public record Engine(
            Dispatcher dispatcher,
            TaskInvoker invoker,
            ClusterState cluster,
            Mastership mastership,
            DurableCalls durable) {}

    public HaTaskInterceptor(Map<Method, TaskDefinition> tasks, Supplier<Engine> engine) {
        this.tasks = Map.copyOf(tasks);
        this.engine = engine;
    }

    @Override
    public @Nullable Object invoke(MethodInvocation invocation) throws Throwable {
        TaskDefinition task = taskOf(invocation);
        if (task == null || engine.get().invoker().isExecuting(task)) {
            return invocation.proceed();
        }
        Engine ha = engine.get();
        return task.isReactive() ? Mono.defer(() -> subscribed(task, invocation, ha)) : dispatch(task, invocation, ha);
    }

    private static Mono<?> subscribed(TaskDefinition task, MethodInvocation invocation, Engine ha) {
        try {
            return dispatch(task, invocation, ha) instanceof CompletableFuture<?> future
                    ? Mono.fromFuture(future)
                    : Mono.empty();
        } catch (Throwable e) {
            return Mono.error(e);
        }
    }

    private static @Nullable Object dispatch(TaskDefinition task, MethodInvocation invocation, Engine ha)
            throws Throwable {
        if (task.scheduled()
                && ScheduledFiring.isFiring(task)
                && !ha.mastership().isHeld()) {
            return nothing(task);
        }
        if (task.offRole() != OffRole.FORWARD && !hasRole(task, ha)) {
            if (task.offRole() == OffRole.SKIP) {
                return nothing(task);
            }
            throw new TaskRejectedException(
                    "Task " + task + " is for the role " + task.role() + " with offRole = REJECT, and node "
                            + ha.cluster().view().self().id() + " has not that role");
        }
        boolean mustNotBlock = Schedulers.isInNonBlockingThread();
        if (mustNotBlock && (task.isDurable() || !task.async())) {
            throw blocking(task);
        }
        if (task.isDurable()) {
            return ha.durable().call(task, invocation.getArguments());
        }
        Supplier<Callable<@Nullable Object>> local = () -> inPlace(task, invocation);
        if (!task.async()) {
            return ha.dispatcher().call(task, invocation.getArguments(), local);
        }
        // Whatever the method does, nothing else waits for it on a thread of the executor.
        boolean inPlace = !mustNotBlock && !task.isReactive();
        return ha.dispatcher().callAsync(task, invocation.getArguments(), inPlace ? local : null);
    }

    private static TaskRejectedException blocking(TaskDefinition task) {
        return new TaskRejectedException("Task " + task + " was not started: it was called on thread "
                + Thread.currentThread().getName() + ", which serves many requests and must not wait"
                + (task.isDurable()
                        ? " until a durable task is recorded. Call it on another thread, as with"
                        : ". Let the method return a Mono or a CompletableFuture, or call it on another thread, as with")
                + " Mono.fromCallable(…).subscribeOn(Schedulers.boundedElastic()).");
    }

    private @Nullable TaskDefinition taskOf(MethodInvocation invocation) {
        Optional<TaskDefinition> known = taskByCalledMethod.get(invocation.getMethod());
        if (known == null) {
            known = Optional.ofNullable(taskOf(invocation, tasks));
            taskByCalledMethod.put(invocation.getMethod(), known);
        }
        return known.orElse(null);
    }

    /** A proxy may have no target now, such as that of a bean that lives only on the primary; but it knows its class. */
    static @Nullable TaskDefinition taskOf(MethodInvocation invocation, Map<Method, TaskDefinition> tasks) {
        Object target = invocation.getThis();
        Class<?> type = target != null
                ? target.getClass()
                : invocation instanceof ProxyMethodInvocation own ? AopUtils.getTargetClass(own.getProxy()) : null;
        return tasks.get(AopUtils.getMostSpecificMethod(invocation.getMethod(), type));
    }

    private static boolean hasRole(TaskDefinition task, Engine ha) {
        return switch (task.role()) {
                    case MASTER -> ha.mastership().isHeld();
                    case WORKER -> !ha.mastership().isHeld();
                    case ANY -> true;
                }
                && ha.cluster().view().self().acceptsTasks();
    }

    private static @Nullable Object nothing(TaskDefinition task) {
        return task.async()
                ? CompletableFuture.completedFuture(null)
                : NoAnswer.of(task.method().getReturnType());
    }

    /** An invocation can proceed only once, so an execution that may come back to this node works on copies. */
    private static Callable<@Nullable Object> inPlace(TaskDefinition task, MethodInvocation invocation) {
        MethodInvocation once = task.retry().maxAttempts() > 1 && invocation instanceof ProxyMethodInvocation proxy
                ? proxy.invocableClone()
                : invocation;
        return () -> {
            try {
                return once.proceed();
            } catch (Exception | Error e) {
                throw e;
            } catch (Throwable e) {
                throw new IllegalStateException(e);
            }
        };
    }
}
