package org.hatask.durable.jdbc;

import java.util.ArrayList;
import java.util.List;

/** Lists of values for statements. */
final class Lists {

    private Lists() {}

    /** In pieces of this size at most. */
    static <V> List<List<V>> parts(List<V> values, int size) {
        List<List<V>> parts = new ArrayList<>();
        for (int from = 0; from < values.size(); from += size) {
            parts.add(values.subList(from, Math.min(values.size(), from + size)));
        }
        return parts;
    }

    /** With the last value repeated up to a power of two, so that there are few different statements to be prepared. */
    static <V> List<V> padded(List<V> values) {
        List<V> padded = new ArrayList<>(values);
        while (Integer.bitCount(padded.size()) > 1) {
            padded.add(values.get(values.size() - 1));
        }
        return padded;
    }
}
