package org.hatask.durable;

import java.lang.reflect.Type;
import java.util.List;
import java.util.Optional;
import org.hatask.execute.TaskDefinition;
import org.jspecify.annotations.Nullable;
import org.springframework.core.ResolvableType;
import org.springframework.util.ClassUtils;

/** Arguments that come as objects, for parameters of a method: what the compiler does and says where the method is called itself. */
final class Widening {

    /** Each fits where one of a later type is expected. */
    private static final List<Class<?>> NUMBERS =
            List.of(Byte.class, Short.class, Integer.class, Long.class, Float.class, Double.class);

    private Widening() {}

    /** The arguments, numbers made those that the parameters expect. Other misfits stay. */
    static @Nullable Object[] widened(TaskDefinition task, @Nullable Object[] arguments) {
        @Nullable Object[] fitting = arguments.clone();
        for (int i = 0; i < fitting.length; i++) {
            Object argument = fitting[i];
            if (argument != null) {
                fitting[i] = widened(boxed(task.parameterTypes().get(i)), argument);
            }
        }
        return fitting;
    }

    private static Object widened(Class<?> expected, Object argument) {
        Object number = argument instanceof Character character && expected != Short.class
                ? (Object) (int) character
                : argument;
        int given = NUMBERS.indexOf(number.getClass());
        if (given < 0 || NUMBERS.indexOf(expected) < given || expected == argument.getClass()) {
            return argument;
        }
        Number value = (Number) number;
        if (expected == Short.class) {
            return value.shortValue();
        }
        if (expected == Integer.class) {
            return value.intValue();
        }
        if (expected == Long.class) {
            return value.longValue();
        }
        return expected == Float.class ? (Object) value.floatValue() : (Object) value.doubleValue();
    }

    /** The first argument that is not of its parameter's type, as a sentence, never with its value. */
    static Optional<String> misfit(TaskDefinition task, @Nullable Object[] arguments) {
        for (int i = 0; i < arguments.length; i++) {
            Type expected = task.parameterTypes().get(i);
            Object argument = arguments[i];
            boolean fits = argument == null
                    ? !(expected instanceof Class<?> type && type.isPrimitive())
                    : boxed(expected).isInstance(argument);
            if (!fits) {
                return Optional.of("Argument " + (i + 1) + " of task '" + task + "' must be of type "
                        + expected.getTypeName() + ", not "
                        + (argument == null ? "null" : argument.getClass().getTypeName()) + ".");
            }
        }
        return Optional.empty();
    }

    private static Class<?> boxed(Type type) {
        return ClassUtils.resolvePrimitiveIfNecessary(
                ResolvableType.forType(type).resolve(Object.class));
    }
}
