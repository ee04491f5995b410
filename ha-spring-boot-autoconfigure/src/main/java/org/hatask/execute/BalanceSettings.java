package org.hatask.execute;

import java.lang.reflect.Method;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.net.URI;
import java.time.temporal.TemporalAccessor;
import java.util.Set;
import java.util.UUID;
import org.hatask.Balance;
import org.hatask.BalanceKey;
import org.jspecify.annotations.Nullable;
import org.springframework.core.annotation.AnnotatedMethod;
import org.springframework.util.ClassUtils;

/**
 * How a node is chosen for a task.
 *
 * @param strategy never {@link Balance#DEFAULT}
 * @param keyParameter index of the parameter marked with {@link BalanceKey}, or {@link #NO_KEY}
 */
public record BalanceSettings(Balance strategy, int keyParameter) {

    /** No parameter is marked. */
    public static final int NO_KEY = -1;

    /** Types whose text is fixed by their specification, so that all nodes compute the same one. */
    private static final Set<Class<?>> KEY_TYPES = Set.of(
            Boolean.class,
            Character.class,
            Byte.class,
            Short.class,
            Integer.class,
            Long.class,
            Float.class,
            Double.class,
            BigInteger.class,
            BigDecimal.class,
            UUID.class,
            URI.class);

    /** The key among the arguments of a call; null where the task has none. */
    public @Nullable String key(@Nullable Object[] arguments) {
        return keyParameter == NO_KEY ? null : text(arguments[keyParameter]);
    }

    private static String text(@Nullable Object argument) {
        if (argument == null) {
            return "";
        }
        if (argument instanceof Enum<?> constant) {
            return constant.name();
        }
        // Their usual text differs between versions of Java; this one does not.
        if (argument instanceof Double number) {
            return Double.toHexString(number);
        }
        return argument instanceof Float number ? Float.toHexString(number) : argument.toString();
    }

    /** Index of the key among the method's parameters. The annotation may also stand in an interface. */
    static int keyParameter(String where, Method method) {
        int found = NO_KEY;
        for (var parameter : new AnnotatedMethod(method).getMethodParameters()) {
            if (!parameter.hasParameterAnnotation(BalanceKey.class)) {
                continue;
            }
            if (found != NO_KEY) {
                throw new InvalidTaskException(
                        where + " has two parameters with @BalanceKey.",
                        "Mark one. If several make the key together, pass their joined text as a parameter of its own.");
            }
            found = parameter.getParameterIndex();
            if (!isKeyType(parameter.getParameterType())) {
                throw new InvalidTaskException(
                        where + " has @BalanceKey on a parameter of type "
                                + parameter.getParameterType().getName()
                                + ", whose text need not be the same on every node.",
                        "Mark a parameter that is a string, number, enum, UUID, URI, date or time; pass what identifies"
                                + " the value as a parameter of its own.");
            }
        }
        return found;
    }

    private static boolean isKeyType(Class<?> declared) {
        Class<?> type = ClassUtils.resolvePrimitiveIfNecessary(declared);
        return KEY_TYPES.contains(type)
                || type.isEnum()
                || CharSequence.class.isAssignableFrom(type)
                || TemporalAccessor.class.isAssignableFrom(type)
                        && type.getPackageName().equals("java.time");
    }
}
