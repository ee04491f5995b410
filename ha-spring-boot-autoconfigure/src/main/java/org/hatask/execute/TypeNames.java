package org.hatask.execute;

import java.util.ArrayList;
import java.util.List;

/** The class of an exception and its superclasses by name, which is how exceptions are compared across nodes. */
final class TypeNames {

    private TypeNames() {}

    static List<String> of(Throwable error) {
        List<String> names = new ArrayList<>();
        for (Class<?> type = error.getClass(); type != null && type != Object.class; type = type.getSuperclass()) {
            names.add(type.getName());
        }
        return names;
    }
}
