package org.hatask.campaign.rig;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** What the campaign did to the cluster, with the same clock as the nodes' own lines. Thread-safe. */
public final class Timeline {

    /** @param nanos monotonic time */
    public record Entry(long nanos, String text) {}

    private final List<Entry> entries = new CopyOnWriteArrayList<>();

    public void add(String text) {
        entries.add(new Entry(System.nanoTime(), text));
    }

    public List<Entry> entries() {
        return List.copyOf(entries);
    }
}
