package org.hatask.campaign.check;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** A history made up line by line. Times are in milliseconds. */
final class Past {

    private final Map<String, List<Event>> processes = new TreeMap<>();
    private final List<History.Append> unfenced = new ArrayList<>();
    private final List<History.Row> fenced = new ArrayList<>();
    private @Nullable Duration health = Duration.ofMillis(500);

    /** Signs of life every 50 ms. */
    Past alive(String process, long from, long to) {
        for (long millis = from; millis <= to; millis += 50) {
            event(process, millis, "alive");
        }
        return this;
    }

    Past event(String process, long millis, String kind, String... fields) {
        processes
                .computeIfAbsent(process, name -> new ArrayList<>())
                .add(new Event(millis * 1_000_000, kind, List.of(fields)));
        return this;
    }

    Past append(String process, long checkedMillis, String id, long epoch) {
        unfenced.add(new History.Append(checkedMillis * 1_000_000, process, id, epoch));
        return this;
    }

    Past row(String id, long epoch) {
        fenced.add(new History.Row(fenced.size() + 1, id, epoch, "n?"));
        return this;
    }

    Past health(@Nullable Duration after) {
        health = after;
        return this;
    }

    Checker.Verdict verdict() {
        return Checker.check(new History(
                processes.entrySet().stream()
                        .map(process -> new ProcessLog(process.getKey(), process.getValue()))
                        .toList(),
                unfenced,
                fenced,
                Duration.ofSeconds(4),
                health));
    }

    List<Finding.Rule> broken() {
        return verdict().findings().stream().map(Finding::rule).distinct().toList();
    }
}
