package org.hatask.campaign.check;

/**
 * A promise that was broken.
 *
 * @param rule which
 * @param nanos when, for the timeline; 0 when that is unknown
 * @param what how one sees it
 */
public record Finding(Rule rule, long nanos, String what) {

    /** What a run is checked for. */
    public enum Rule {
        EPOCHS_GROW("epochs strictly grow, and each has one master"),
        FENCED_ORDER("no fenced write of an older epoch after one of a newer"),
        UNFENCED_ORDER("no checked line of an older epoch after one of a newer in the unfenced log"),
        NO_OVERLAP("no two attempts for the master of different epochs at the same time"),
        ACKNOWLEDGED("no acknowledged write or run is lost"),
        AT_MOST_ONCE("nothing without retry runs twice"),
        ANSWERED("every call ends in a result or a typed error within its deadline"),
        HEALTHY("full health within two session timeouts after the faults end");

        private final String promise;

        Rule(String promise) {
            this.promise = promise;
        }

        public String promise() {
            return promise;
        }
    }
}
