package org.hatask.durable;

import java.time.Instant;
import java.time.temporal.ChronoUnit;

/** Times as every store can keep them. */
final class Times {

    private static final Instant FIRST = Instant.EPOCH;
    private static final Instant LAST = Instant.parse("9999-12-31T23:59:59.999Z");

    private Times() {}

    /**
     * In milliseconds.
     *
     * @throws IllegalArgumentException for a time before 1970 or after 9999, with which nobody could calculate
     */
    static Instant kept(Instant time) {
        if (time.isBefore(FIRST) || time.isAfter(LAST)) {
            throw new IllegalArgumentException("its time " + time + " is not between 1970 and 9999");
        }
        return time.truncatedTo(ChronoUnit.MILLIS);
    }
}
