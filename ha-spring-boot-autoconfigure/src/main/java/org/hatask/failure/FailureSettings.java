package org.hatask.failure;

import java.time.Duration;

/**
 * When a node is judged sick, and how it comes back.
 *
 * @param badRate percentage of bad answers in the window from which on it is sick, 1 to 100
 * @param window how far back answers count, in whole seconds, at least one
 * @param minimumCalls fewer answers in the window decide nothing, at least 1
 * @param quarantine how long it gets no work after the first time; doubles with every failed return
 * @param longestQuarantine where the doubling ends, at least {@code quarantine}
 * @param maxEjected percentage of the living nodes that may be left out at the same time, 0 to 100
 */
public record FailureSettings(
        int badRate,
        Duration window,
        int minimumCalls,
        Duration quarantine,
        Duration longestQuarantine,
        int maxEjected) {

    /** The share of work grows from this percentage. */
    static final int RAMP_START = 10;

    /** How many calls decide whether a node is up again; as many may be under way there at the same time. */
    static final int PROBES = 5;

    /** How long the share of work of a recovered node grows. */
    Duration ramp() {
        return quarantine;
    }
}
