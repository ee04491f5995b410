package org.hatask.cluster;

import java.lang.reflect.Array;
import org.jspecify.annotations.Nullable;

/** What a call returns on a node that has no part in it: null, zero or false. */
public final class NoAnswer {

    private NoAnswer() {}

    /**
     * @param returnType of the called method
     */
    public static @Nullable Object of(Class<?> returnType) {
        return returnType.isPrimitive() && returnType != void.class
                ? Array.get(Array.newInstance(returnType, 1), 0)
                : null;
    }
}
