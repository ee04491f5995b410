package org.hatask.campaign.soak;

import java.util.List;

/**
 * The second quarter of a series against the last one. The first is left out: pools fill and classes are loaded.
 *
 * @param before in the second quarter
 * @param after in the last quarter
 */
record Trend(Series series, long before, long after) {

    static final int FEWEST_VALUES = 8;

    /** By the medians, which single values do not move: the collector skips a collection now and then. */
    static Trend of(Series series) {
        List<Long> values = series.values();
        int size = values.size();
        if (size < FEWEST_VALUES) {
            throw new IllegalArgumentException(size + " values are too few to tell a trend");
        }
        return new Trend(
                series,
                median(sorted(values.subList(size / 4, size / 2))),
                median(sorted(values.subList(size - size / 4, size))));
    }

    private static List<Long> sorted(List<Long> values) {
        return values.stream().sorted().toList();
    }

    private static long median(List<Long> sorted) {
        int size = sorted.size();
        return (sorted.get((size - 1) / 2) + sorted.get(size / 2)) / 2;
    }

    long growth() {
        return after - before;
    }

    long allowed() {
        return series.kind().allowed(before);
    }

    boolean isFlat() {
        return growth() <= allowed();
    }
}
