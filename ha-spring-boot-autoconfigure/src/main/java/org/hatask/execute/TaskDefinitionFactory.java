package org.hatask.execute;

import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Type;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.hatask.Balance;
import org.hatask.Delivery;
import org.hatask.HaTask;
import org.hatask.OffRole;
import org.hatask.Retry;
import org.hatask.Role;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.Aware;
import org.springframework.beans.factory.BeanFactory;
import org.springframework.boot.convert.DurationStyle;
import org.springframework.core.GenericTypeResolver;
import org.springframework.core.MethodIntrospector;
import org.springframework.core.ResolvableType;
import org.springframework.core.annotation.AnnotatedElementUtils;
import org.springframework.core.annotation.AnnotationUtils;
import org.springframework.scheduling.annotation.Async;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.util.ClassUtils;
import org.springframework.util.ReflectionUtils;
import reactor.core.publisher.Mono;

/**
 * Reads {@link HaTask} from a bean's class, with placeholders and configuration applied, and makes sure that every task
 * can be intercepted and can travel. Thread-safe.
 */
public final class TaskDefinitionFactory {

    private static final Logger log = LoggerFactory.getLogger(TaskDefinitionFactory.class);

    /** What can be counted in nanoseconds, as the engine does. */
    private static final Duration LONGEST = Duration.ofNanos(Long.MAX_VALUE);

    private final UnaryOperator<String> placeholders;
    private final TaskDefaults defaults;
    private final boolean masterExecutesAll;
    private final Map<String, TaskOverride> overrides;
    private final Balance defaultBalance;

    /**
     * @param placeholders resolves <code>${…}</code>
     * @param defaults where neither annotation nor configuration of the task say anything
     * @param masterExecutesAll whether every task is one for the master, whatever its role attribute says
     * @param overrides {@code ha.tasks}, by task name
     * @param defaultBalance {@code ha.dispatch.balance}
     */
    public TaskDefinitionFactory(
            UnaryOperator<String> placeholders,
            TaskDefaults defaults,
            boolean masterExecutesAll,
            Map<String, TaskOverride> overrides,
            Balance defaultBalance) {
        this.placeholders = placeholders;
        this.defaults = defaults;
        this.masterExecutesAll = masterExecutesAll;
        this.overrides = Map.copyOf(overrides);
        this.defaultBalance = defaultBalance;
    }

    /** Whether the class has any task, cheaply enough to ask it of every bean. */
    public static boolean hasTasks(Class<?> beanClass) {
        return AnnotationUtils.isCandidateClass(beanClass, HaTask.class)
                && !annotatedMethods(beanClass).isEmpty();
    }

    /** The methods of a class that are tasks, whether they can be or not. */
    public static Set<Method> taskMethods(Class<?> beanClass) {
        return annotatedMethods(beanClass).keySet();
    }

    /**
     * The tasks of a bean by method.
     *
     * @throws InvalidTaskException when one cannot be a task
     */
    public Map<Method, TaskDefinition> definitions(String beanName, Class<?> beanClass) {
        Map<Method, TaskDefinition> tasks = new LinkedHashMap<>();
        annotatedMethods(beanClass)
                .forEach(
                        (method, annotation) -> tasks.put(method, definition(beanName, beanClass, method, annotation)));
        return tasks;
    }

    /** Where the annotation stands, and whether it was written on the method itself. */
    private record Found(HaTask annotation, boolean onMethod) {}

    private static Map<Method, Found> annotatedMethods(Class<?> beanClass) {
        // Once for the class: it is asked of every bean of an application, while that starts.
        Map<Class<?>, HaTask> onTypes = annotatedTypes(beanClass);
        return MethodIntrospector.selectMethods(beanClass, (Method method) -> {
            HaTask onMethod = AnnotatedElementUtils.findMergedAnnotation(method, HaTask.class);
            if (onMethod != null) {
                return new Found(onMethod, true);
            }
            if (onTypes.isEmpty() || !isBusinessMethod(method)) {
                return null;
            }
            HaTask onType = annotationOfType(onTypes, beanClass, method);
            return onType == null ? null : new Found(onType, false);
        });
    }

    /** The class and its interfaces as far as they are annotated, the class first. */
    private static Map<Class<?>, HaTask> annotatedTypes(Class<?> beanClass) {
        Map<Class<?>, HaTask> found = new LinkedHashMap<>();
        Stream.concat(Stream.of(beanClass), Arrays.stream(ClassUtils.getAllInterfacesForClass(beanClass)))
                .forEach(type -> {
                    HaTask annotation = AnnotatedElementUtils.getMergedAnnotation(type, HaTask.class);
                    if (annotation != null) {
                        found.putIfAbsent(type, annotation);
                    }
                });
        return found;
    }

    /** On a class the annotation means all its public methods, on an interface those of the interface. */
    private static @Nullable HaTask annotationOfType(Map<Class<?>, HaTask> onTypes, Class<?> beanClass, Method method) {
        for (Map.Entry<Class<?>, HaTask> each : onTypes.entrySet()) {
            if (each.getKey() == beanClass || ClassUtils.hasMethod(each.getKey(), method)) {
                return each.getValue();
            }
        }
        return null;
    }

    /** Public, not static, and none of Object's, the container's or the life cycle's own methods. */
    private static boolean isBusinessMethod(Method method) {
        return Modifier.isPublic(method.getModifiers())
                && !Modifier.isStatic(method.getModifiers())
                && !ReflectionUtils.isObjectMethod(method)
                && method.getDeclaringClass() != Object.class
                && !hasAnnotation(method, "jakarta.annotation.PostConstruct")
                && !hasAnnotation(method, "jakarta.annotation.PreDestroy")
                && Arrays.stream(ClassUtils.getAllInterfacesForClass(method.getDeclaringClass()))
                        .filter(type -> Aware.class.isAssignableFrom(type)
                                || type.getPackage() == BeanFactory.class.getPackage()
                                || type == AutoCloseable.class)
                        .noneMatch(type -> ClassUtils.hasMethod(type, method));
    }

    private static boolean hasAnnotation(Method method, String annotationName) {
        return Arrays.stream(method.getAnnotations())
                .anyMatch(annotation -> annotation.annotationType().getName().equals(annotationName));
    }

    private TaskDefinition definition(String beanName, Class<?> beanClass, Method method, Found found) {
        String where = "Method " + describe(method) + " of bean '" + beanName + "'";
        checkInterceptable(where, beanClass, method);
        checkNotAsync(where, beanClass, method);
        checkReactive(where, method);
        HaTask annotation = found.annotation();
        String name = name(beanName, method, found);
        TaskOverride override = overrides.getOrDefault(name, TaskOverride.NONE);
        RetrySettings retry = retry(where, name, annotation.retry(), override.retry());
        Role written = override.role() != null ? override.role() : annotation.role();
        Role role = masterExecutesAll ? Role.MASTER : written;
        Delivery delivery = delivery(where, name, method, annotation, override);
        OffRole offRole = override.offRole() != null ? override.offRole() : annotation.offRole();
        List<Type> parameters = parameterTypes(where, beanClass, method);
        boolean async = CompletableFuture.class == method.getReturnType() || Mono.class == method.getReturnType();
        Type result = resultType(where, beanClass, method, async);
        Duration timeout = time(where, name, "timeout", override.timeout(), annotation.timeout(), defaults.timeout());
        Duration maxDuration =
                time(where, name, "max-task-duration", override.maxTaskDuration(), "", defaults.maxDuration());
        boolean own = override.timeout() != null || !annotation.timeout().isBlank();
        if (own && override.maxTaskDuration() == null && timeout.compareTo(maxDuration) > 0) {
            log.warn(
                    "Task '{}' has a timeout of {}, but is interrupted when it runs for longer than"
                            + " ha.failure-detection.max-task-duration, which is {}. If it may, set"
                            + " ha.tasks.\"[{}]\".max-task-duration",
                    name,
                    timeout,
                    maxDuration,
                    name);
        }
        return new TaskDefinition(
                name,
                beanName,
                method,
                role,
                retry,
                timeout,
                time(where, name, "slow-after", override.slowAfter(), annotation.slowAfter(), defaults.slowAfter()),
                maxDuration,
                offRole,
                delivery,
                balance(where, name, method, role, delivery, annotation, override),
                isScheduled(method),
                async,
                parameters,
                result,
                ErrorTypes.of(method, retry),
                signature(parameters, result));
    }

    private static void checkInterceptable(String where, Class<?> beanClass, Method method) {
        int modifiers = method.getModifiers();
        String kind = Modifier.isPrivate(modifiers)
                ? "private"
                : Modifier.isStatic(modifiers) ? "static" : Modifier.isFinal(modifiers) ? "final" : null;
        if (kind != null) {
            throw new InvalidTaskException(
                    where + " is annotated with @HaTask but is " + kind
                            + ", so that calls of it cannot be intercepted.",
                    "Make it a public method that is neither static nor final.");
        }
        if (Modifier.isFinal(beanClass.getModifiers()) && beanClass.getInterfaces().length == 0) {
            throw new InvalidTaskException(
                    where
                            + " is annotated with @HaTask but its class is final, so that calls of it cannot be intercepted.",
                    "Remove 'final' from class " + beanClass.getName()
                            + " (a record is final, too), or let it implement an interface with the method.");
        }
    }

    /** An {@code @Async} proxy would carry the execution to a thread that knows nothing of it, and so dispatch it again. */
    private static void checkNotAsync(String where, Class<?> beanClass, Method method) {
        if (AnnotatedElementUtils.hasAnnotation(method, Async.class)
                || AnnotatedElementUtils.hasAnnotation(beanClass, Async.class)) {
            throw new InvalidTaskException(
                    where + " is annotated with @HaTask and with @Async.",
                    "Remove @Async and let the method return a CompletableFuture: then no caller waits for it.");
        }
    }

    /** A stream would have to be kept open between two nodes; and Spring subscribes to a scheduled publisher by itself. */
    private static void checkReactive(String where, Method method) {
        Class<?> result = method.getReturnType();
        if (result != Mono.class && Publisher.class.isAssignableFrom(result)) {
            throw new InvalidTaskException(
                    where + " returns " + result.getName() + ", a stream, which cannot travel to another node.",
                    "Return a Mono of what is needed, such as flux.collectList().");
        }
        if (result == Mono.class && isScheduled(method)) {
            throw new InvalidTaskException(
                    where + " is annotated with @HaTask and with @Scheduled but returns a Mono.",
                    "Let a scheduled task return void, or a CompletableFuture such as mono.toFuture().");
        }
    }

    private static boolean isScheduled(Method method) {
        return !AnnotatedElementUtils.findMergedRepeatableAnnotations(method, Scheduled.class)
                .isEmpty();
    }

    private String name(String beanName, Method method, Found found) {
        String written = placeholders.apply(found.annotation().name());
        if (written.isBlank()) {
            return beanName + "." + method.getName();
        }
        return found.onMethod() ? written : written + "." + method.getName();
    }

    private Duration time(
            String where,
            String name,
            String attribute,
            @Nullable Duration override,
            String annotated,
            Duration fallback) {
        Duration time = override;
        if (time == null) {
            String written = placeholders.apply(annotated);
            time = written.isBlank() ? fallback : duration(where, attribute, written);
        }
        check(
                where,
                name,
                attribute,
                time.toString(),
                !time.isNegative() && !time.isZero() && time.compareTo(LONGEST) <= 0,
                "more than zero and less than 290 years");
        return time;
    }

    /** Who calls a durable task does not wait for its value: it may come when the caller is long gone. */
    private static Delivery delivery(
            String where, String name, Method method, HaTask annotation, TaskOverride override) {
        Delivery delivery = or(override.delivery(), annotation.delivery());
        Class<?> result = method.getReturnType();
        if (delivery == Delivery.DURABLE && result != void.class && result != CompletableFuture.class) {
            throw new InvalidTaskException(
                    where + " is a durable task but returns " + result.getName() + ".",
                    "Let it return void or a CompletableFuture of the value, or take delivery = DURABLE away (or"
                            + " ha.tasks.\"[" + name + "]\".delivery).");
        }
        return delivery;
    }

    /** A task for the master has one candidate, so a default that needs a key need not bother it. */
    private BalanceSettings balance(
            String where,
            String name,
            Method method,
            Role role,
            Delivery delivery,
            HaTask annotation,
            TaskOverride override) {
        Balance written = or(override.balance(), annotation.balance());
        Balance balance = written == Balance.DEFAULT ? defaultBalance : written;
        int keyParameter = BalanceSettings.keyParameter(where, method);
        if (delivery == Delivery.DURABLE) {
            checkNotBalanced(where, name, written, keyParameter);
            return new BalanceSettings(balance, keyParameter);
        }
        if (balance == Balance.CONSISTENT_HASH
                && keyParameter == BalanceSettings.NO_KEY
                && (role != Role.MASTER || written == balance)) {
            throw new InvalidTaskException(
                    where + " is balanced by consistent hash but no parameter is the key.",
                    "Mark the parameter whose argument is the key with @BalanceKey, or choose another strategy with"
                            + " @HaTask(balance = …), ha.tasks.\"[" + name + "]\".balance or ha.dispatch.balance.");
        }
        return new BalanceSettings(balance, keyParameter);
    }

    /** No strategy is asked for a durable task: what has no effect must not look as if it had one. */
    private static void checkNotBalanced(String where, String name, Balance written, int keyParameter) {
        if (written != Balance.DEFAULT) {
            throw new InvalidTaskException(
                    where + " is a durable task with balance = " + written
                            + ", but durable tasks are not balanced: nodes take what they have places for.",
                    "Take the balance away from @HaTask (or ha.tasks.\"[" + name
                            + "]\".balance), or delivery = DURABLE (or ha.tasks.\"[" + name + "]\".delivery).");
        }
        if (keyParameter != BalanceSettings.NO_KEY) {
            throw new InvalidTaskException(
                    where
                            + " is a durable task with @BalanceKey, but durable tasks are not balanced, so that tasks with the"
                            + " same key may be executed on any nodes, and at the same time.",
                    "Take @BalanceKey away, or delivery = DURABLE (or ha.tasks.\"[" + name + "]\".delivery).");
        }
    }

    private RetrySettings retry(
            String where, String name, Retry annotation, TaskOverride.@Nullable RetryOverride override) {
        Duration delay = duration(where, "retry.delay", placeholders.apply(annotation.delay()));
        Duration maxDelay = duration(where, "retry.max-delay", placeholders.apply(annotation.maxDelay()));
        RetrySettings retry = new RetrySettings(
                annotation.maxAttempts(),
                delay,
                annotation.multiplier(),
                maxDelay,
                annotation.jitter(),
                List.of(annotation.retryFor()),
                List.of(annotation.noRetryFor()));
        if (override != null) {
            retry = new RetrySettings(
                    or(override.maxAttempts(), retry.maxAttempts()),
                    or(override.delay(), retry.delay()),
                    or(override.multiplier(), retry.multiplier()),
                    or(override.maxDelay(), retry.maxDelay()),
                    or(override.jitter(), retry.jitter()),
                    or(override.retryFor(), retry.retryFor()),
                    or(override.noRetryFor(), retry.noRetryFor()));
        }
        check(where, name, "retry.max-attempts", retry.maxAttempts(), retry.maxAttempts() >= 1, "at least 1");
        check(where, name, "retry.delay", retry.delay(), !retry.delay().isNegative(), "zero or more");
        check(
                where,
                name,
                "retry.max-delay",
                retry.maxDelay(),
                !retry.maxDelay().isNegative(),
                "zero or more");
        check(where, name, "retry.multiplier", retry.multiplier(), retry.multiplier() >= 1, "at least 1");
        check(
                where,
                name,
                "retry.jitter",
                retry.jitter(),
                retry.jitter() >= 0 && retry.jitter() < 1,
                "at least 0 and less than 1");
        return retry;
    }

    private static <T> T or(@Nullable T override, T fallback) {
        return override != null ? override : fallback;
    }

    private static void check(
            String where, String name, String attribute, Object value, boolean good, String expected) {
        if (!good) {
            throw new InvalidTaskException(
                    where + " has " + attribute + " = " + value + ".",
                    "It must be " + expected + "; set it in the annotation or with ha.tasks.\"[" + name + "]\"."
                            + attribute + ".");
        }
    }

    private static Duration duration(String where, String attribute, String text) {
        try {
            return DurationStyle.detectAndParse(text);
        } catch (IllegalArgumentException e) {
            throw new InvalidTaskException(
                    where + " has " + attribute + " = '" + text + "', which is no duration.",
                    "Write it like 500ms, 30s or 10m.");
        }
    }

    private static List<Type> parameterTypes(String where, Class<?> beanClass, Method method) {
        List<Type> types = new ArrayList<>();
        for (Type declared : method.getGenericParameterTypes()) {
            Type type = GenericTypeResolver.resolveType(declared, beanClass);
            requireTravel(where, "a parameter", type);
            types.add(type);
        }
        return types;
    }

    private static Type resultType(String where, Class<?> beanClass, Method method, boolean async) {
        Type declared = GenericTypeResolver.resolveType(method.getGenericReturnType(), beanClass);
        if (!async && Future.class.isAssignableFrom(method.getReturnType())) {
            throw new InvalidTaskException(
                    where + " returns " + method.getReturnType().getName() + ", which cannot travel to another node.",
                    "Return the value itself, void, or a CompletableFuture or Mono of the value.");
        }
        Type type = async ? ResolvableType.forType(declared).getGeneric(0).getType() : declared;
        if (type != void.class && type != Void.class) {
            requireTravel(where, "the result", type);
        }
        return type;
    }

    private static void requireTravel(String where, String what, Type type) {
        Optional<String> problem = TravelCheck.problem(type);
        if (problem.isPresent()) {
            throw new InvalidTaskException(
                    where + " cannot be called on another node: the type of " + what + " " + problem.get() + ".",
                    "Declare a concrete type that Jackson can write to JSON and read from it, such as a record, "
                            + "or collections of one.");
        }
    }

    private static String signature(List<Type> parameters, Type result) {
        return parameters.stream().map(Type::getTypeName).collect(Collectors.joining(",", "(", ")"))
                + result.getTypeName();
    }

    private static String describe(Method method) {
        return method.getDeclaringClass().getSimpleName() + "." + method.getName() + "("
                + Arrays.stream(method.getParameterTypes())
                        .map(Class::getSimpleName)
                        .collect(Collectors.joining(", "))
                + ")";
    }
}
