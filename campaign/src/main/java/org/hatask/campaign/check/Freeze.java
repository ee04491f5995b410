package org.hatask.campaign.check;

/** Time in which a process did nothing at all: it was stopped, or had no processor. */
record Freeze(long from, long to) {

    long nanos() {
        return to - from;
    }
}
