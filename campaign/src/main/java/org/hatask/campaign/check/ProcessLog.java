package org.hatask.campaign.check;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * What one process wrote down, in the order of time.
 *
 * @param name node and process id, {@code n1-4711}
 */
public record ProcessLog(String name, List<Event> events) {

    /** It gives a sign of life every 50 ms. */
    private static final long FROZEN = Duration.ofMillis(300).toNanos();

    public ProcessLog {
        events = events.stream().sorted(Comparator.comparingLong(Event::nanos)).toList();
    }

    public String node() {
        return name.substring(0, name.lastIndexOf('-'));
    }

    long lastNanos() {
        return events.isEmpty() ? 0 : events.get(events.size() - 1).nanos();
    }

    /** From its first sign of life on. */
    List<Freeze> freezes() {
        List<Freeze> freezes = new ArrayList<>();
        Event before = null;
        for (Event event : events) {
            if (before == null && !event.is("alive")) {
                continue;
            }
            if (before != null && event.nanos() - before.nanos() > FROZEN) {
                freezes.add(new Freeze(before.nanos(), event.nanos()));
            }
            before = event;
        }
        return freezes;
    }
}
