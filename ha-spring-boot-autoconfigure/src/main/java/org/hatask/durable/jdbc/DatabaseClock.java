package org.hatask.durable.jdbc;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The clock of the database, which is asked once in a while and counted on in between. Never ahead of it, so that what is due now
 * is due for the database too; behind it by no more than the database needs to answer.
 *
 * <p>Thread-safe: a reading is a value, and the newest wins.
 */
final class DatabaseClock {

    /** In this time two clocks drift apart by some microseconds. */
    private static final Duration GOOD_FOR = Duration.ofSeconds(1);

    private final LongSupplier databaseMillis;
    private final LongSupplier nanoTime;
    private volatile @Nullable Reading last;

    private record Reading(long millis, long nanoTime) {}

    /**
     * @param databaseMillis asks the database
     * @param nanoTime as of {@link System#nanoTime}
     */
    DatabaseClock(LongSupplier databaseMillis, LongSupplier nanoTime) {
        this.databaseMillis = databaseMillis;
        this.nanoTime = nanoTime;
    }

    Instant now() {
        return counted().orElseGet(() -> {
            long millis = databaseMillis.getAsLong();
            // Of the time when the answer is here: the clock went on while it was on its way.
            last = new Reading(millis, nanoTime.getAsLong());
            return Instant.ofEpochMilli(millis);
        });
    }

    /** As {@link #now}, but for once asks in another way, whose answer is no good for others: it may be that of a moment ago. */
    Instant nowOr(LongSupplier otherMillis) {
        return counted().orElseGet(() -> Instant.ofEpochMilli(otherMillis.getAsLong()));
    }

    private Optional<Instant> counted() {
        Reading known = last;
        if (known == null) {
            return Optional.empty();
        }
        long passed = nanoTime.getAsLong() - known.nanoTime();
        return passed < GOOD_FOR.toNanos()
                ? Optional.of(Instant.ofEpochMilli(known.millis() + passed / 1_000_000))
                : Optional.empty();
    }
}
