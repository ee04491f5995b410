package org.hatask.campaign.soak;

import java.util.ArrayList;
import java.util.List;

/** What was counted of one thing in one process, in the order of time. */
record Series(String process, String what, Kind kind, List<Long> values) {

    /** How much it may grow and still count as flat. */
    enum Kind {
        /** Bytes that a full collection left. */
        HEAP(5, 1 << 20),
        /** Instances, threads, descriptors: some calls and starts are always under way. */
        COUNT(10, 8);

        private final int percent;
        private final long least;

        Kind(int percent, long least) {
            this.percent = percent;
            this.least = least;
        }

        long allowed(long before) {
            return Math.max(least, before * percent / 100);
        }
    }

    Series(String process, String what, Kind kind) {
        this(process, what, kind, new ArrayList<>());
    }

    void add(long value) {
        values.add(value);
    }

    long last() {
        return values.get(values.size() - 1);
    }
}
