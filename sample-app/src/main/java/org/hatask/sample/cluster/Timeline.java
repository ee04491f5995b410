package org.hatask.sample.cluster;

import java.io.PrintStream;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;

/** Prints what happens as it happens, with the time since the start. Thread-safe. */
final class Timeline {

    private final Instant start = Instant.now();
    private final PrintStream out;

    Timeline(PrintStream out) {
        this.out = out;
    }

    void add(String event) {
        add(Instant.now(), event);
    }

    synchronized void add(Instant at, String event) {
        out.printf(Locale.ROOT, "%8s  %s%n", seconds(Duration.between(start, at)), event);
    }

    static String seconds(Duration duration) {
        return String.format(Locale.ROOT, "%.2f s", duration.toMillis() / 1000.0);
    }
}
