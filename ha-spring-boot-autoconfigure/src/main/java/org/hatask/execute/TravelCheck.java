package org.hatask.execute;

import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.annotation.JsonDeserialize;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.Reader;
import java.io.Writer;
import java.lang.reflect.GenericArrayType;
import java.lang.reflect.Modifier;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.lang.reflect.TypeVariable;
import java.lang.reflect.WildcardType;
import java.nio.file.Path;
import java.time.ZoneId;
import java.util.Calendar;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TimeZone;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Future;
import java.util.stream.BaseStream;

/** Whether values of a declared type can be rebuilt from JSON on another node. */
final class TravelCheck {

    /** Types that are streams, handles or machinery rather than values. */
    private static final List<Class<?>> NO_VALUES = List.of(
            BaseStream.class,
            Iterator.class,
            InputStream.class,
            OutputStream.class,
            Reader.class,
            Writer.class,
            Future.class,
            CompletionStage.class,
            Class.class,
            ClassLoader.class,
            Thread.class);

    /** Abstract types of the JDK and Jackson that Jackson knows to build. */
    private static final Set<Class<?>> BUILDABLE_ABSTRACT = Set.of(
            Number.class,
            CharSequence.class,
            Iterable.class,
            Map.Entry.class,
            Path.class,
            ZoneId.class,
            Calendar.class,
            TimeZone.class,
            JsonNode.class);

    private TravelCheck() {}

    /** What is wrong with the type, as the end of a sentence; empty when it can travel. */
    static Optional<String> problem(Type type) {
        return problemOf(type).or(() -> WireMapper.problem(type));
    }

    private static Optional<String> problemOf(Type type) {
        if (type instanceof Class<?> plain) {
            return problemOfClass(plain);
        }
        if (type instanceof ParameterizedType generic) {
            return problemOfRaw((Class<?>) generic.getRawType())
                    .or(() -> firstProblem(generic.getActualTypeArguments()));
        }
        if (type instanceof GenericArrayType array) {
            return problemOf(array.getGenericComponentType());
        }
        if (type instanceof WildcardType wildcard) {
            return firstProblem(wildcard.getUpperBounds()).map(problem -> "has a wildcard that " + problem);
        }
        if (type instanceof TypeVariable<?> variable) {
            return Optional.of("has the open type variable " + variable.getName());
        }
        return Optional.of("is of an unknown kind: " + type);
    }

    private static Optional<String> problemOfClass(Class<?> type) {
        if (type.isArray()) {
            return problemOf(type.getComponentType());
        }
        if (type.getTypeParameters().length > 0) {
            return Optional.of("is the raw type " + type.getName() + ", which does not say what it holds");
        }
        return problemOfRaw(type);
    }

    private static Optional<String> problemOfRaw(Class<?> type) {
        if (type == Object.class) {
            return Optional.of("is java.lang.Object, which does not say what to build");
        }
        if (NO_VALUES.stream().anyMatch(noValue -> noValue.isAssignableFrom(type))) {
            return Optional.of("is " + type.getName() + ", which is not a value");
        }
        if (type.getName().startsWith("reactor.") || type.getName().startsWith("org.reactivestreams.")) {
            return Optional.of("is the reactive type " + type.getName());
        }
        if (isAbstract(type) && !isBuildable(type)) {
            return Optional.of("is the abstract type " + type.getName() + ", of which nothing can be built");
        }
        return Optional.empty();
    }

    private static boolean isAbstract(Class<?> type) {
        return Modifier.isAbstract(type.getModifiers()) && !type.isPrimitive() && !type.isEnum() && !type.isArray();
    }

    private static boolean isBuildable(Class<?> type) {
        return BUILDABLE_ABSTRACT.contains(type)
                || type.getName().startsWith("java.util.")
                        && (Collection.class.isAssignableFrom(type) || Map.class.isAssignableFrom(type))
                || type.isAnnotationPresent(JsonTypeInfo.class)
                || type.isAnnotationPresent(JsonDeserialize.class);
    }

    private static Optional<String> firstProblem(Type[] types) {
        for (Type type : types) {
            Optional<String> problem = problemOf(type);
            if (problem.isPresent()) {
                return problem;
            }
        }
        return Optional.empty();
    }
}
