package org.hatask.campaign.soak;

import java.util.List;
import java.util.function.ToLongFunction;

/**
 * The second quarter of a series against the last one. The first is left out: pools fill and classes are loaded.
 *
 * @param before in the second quarter
 * @param after in the last quarter
 */
record Trend(Series series, long before, long after) {

    static final int FEWEST_VALUES = 8;

    /** Of something that stays: by the medians, which single values do not move. */
    static Trend ofMedians(Series series) {
        return of(series, Trend::median);
    }

    /**
     * Of something that comes and goes as a whole: by the smallest values, when it was gone. What was left behind by all
     * that had been before is there then, too.
     */
    static Trend ofSmallest(Series series) {
        return of(series, values -> values.get(0));
    }

    private static Trend of(Series series, ToLongFunction<List<Long>> ofSorted) {
        List<Long> values = series.values();
        int size = values.size();
        if (size < FEWEST_VALUES) {
            throw new IllegalArgumentException(size + " values are too few to tell a trend");
        }
        return new Trend(
                series,
                ofSorted.applyAsLong(sorted(values.subList(size / 4, size / 2))),
                ofSorted.applyAsLong(sorted(values.subList(size - size / 4, size))));
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
