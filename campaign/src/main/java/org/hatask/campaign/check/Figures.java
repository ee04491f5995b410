package org.hatask.campaign.check;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.hatask.campaign.check.Checker.Tolerated;

/** A history in numbers, as rows of a table. */
public final class Figures {

    private Figures() {}

    /** Name and value. */
    public record Figure(String name, String value) {}

    public static List<Figure> of(History history, Tolerated tolerated) {
        Index index = new Index(history);
        List<Figure> figures = new ArrayList<>();
        figures.add(new Figure(
                "processes started", Integer.toString(history.processes().size())));
        figures.add(new Figure("epochs in which a master acted", Integer.toString(index.firstAct.size())));
        figures.add(new Figure("epochs after a crash takeover", Integer.toString(index.crashTakeovers.size())));
        for (String task : List.of("write", "hold", "once", "once-worker", "again")) {
            figures.add(new Figure("calls of " + task, results(index, task)));
        }
        figures.add(new Figure(
                "fenced writes committed", Integer.toString(history.fenced().size())));
        figures.add(new Figure(
                "lines of the unfenced log", Integer.toString(history.unfenced().size())));
        figures.add(new Figure("longest time without a fenced write", longestGap(index)));
        figures.add(new Figure("pauses of processes (> 0.3 s)", freezes(index)));
        figures.add(new Figure(
                "acts of masters deposed alive (false crash)",
                tolerated.falseCrashActs() + ", latest after " + millis(tolerated.longestFalseCrash())));
        figures.add(new Figure(
                "steps after waking in another epoch, before the interrupt",
                tolerated.wokenSteps() + ", latest after " + millis(tolerated.longestWoken())));
        figures.add(new Figure(
                "unfenced lines paused between check and write", Integer.toString(tolerated.pausedAppends())));
        Duration health = history.health();
        figures.add(new Figure("full health after the last fault", health == null ? "never" : millis(health)));
        return figures;
    }

    private static String results(Index index, String task) {
        Map<String, Long> counts = index.taskOf.entrySet().stream()
                .filter(call -> call.getValue().equals(task))
                .collect(Collectors.groupingBy(
                        call -> index.resultOf.getOrDefault(call.getKey(), "cut off by the end of its caller"),
                        TreeMap::new,
                        Collectors.counting()));
        long all = counts.values().stream().mapToLong(Long::longValue).sum();
        return all + ": "
                + counts.entrySet().stream()
                        .sorted(Map.Entry.<String, Long>comparingByValue().reversed())
                        .map(result -> result.getKey() + " " + result.getValue())
                        .collect(Collectors.joining(", "));
    }

    private static String longestGap(Index index) {
        List<Event> written = index.events("written")
                .sorted(Comparator.comparingLong(Event::nanos))
                .toList();
        long longest = 0;
        String where = "";
        for (int i = 1; i < written.size(); i++) {
            long gap = written.get(i).nanos() - written.get(i - 1).nanos();
            if (gap > longest) {
                longest = gap;
                where = ", after " + written.get(i - 1).id();
            }
        }
        return millis(Duration.ofNanos(longest)) + where;
    }

    private static String freezes(Index index) {
        List<Freeze> all =
                index.freezesOf.values().stream().flatMap(List::stream).toList();
        long longest = all.stream().mapToLong(Freeze::nanos).max().orElse(0);
        return all.size() + ", longest " + millis(Duration.ofNanos(longest));
    }

    private static String millis(Duration duration) {
        return String.format(Locale.ROOT, "%,d ms", duration.toMillis());
    }
}
