package org.hatask.campaign.check;

import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A history, looked up by what the rules ask for. */
final class Index {

    final History history;
    final Map<String, String> taskOf = new HashMap<>();
    final Map<String, String> resultOf = new HashMap<>();
    final Map<String, Integer> startsOf = new HashMap<>();
    final Map<String, List<Freeze>> freezesOf;

    /** When a master of this epoch first acted, being certain of it. */
    final NavigableMap<Long, Long> firstAct = new TreeMap<>();

    /** Epochs that began because a master's process was believed to be gone. */
    final Set<Long> crashTakeovers = new HashSet<>();

    Index(History history) {
        this.history = history;
        this.freezesOf = history.processes().stream().collect(Collectors.toMap(ProcessLog::name, ProcessLog::freezes));
        history.processes().forEach(process -> process.events().forEach(this::add));
    }

    private void add(Event event) {
        switch (event.kind()) {
            case "call" -> taskOf.put(event.id(), event.fields().get(1));
            case "return" -> resultOf.put(event.id(), event.fields().get(1));
            case "run", "begin" -> startsOf.merge(event.id(), 1, Integer::sum);
            case "checked" -> firstAct.merge(event.epoch(), event.nanos(), Math::min);
            case "elected" -> {
                if (isCrashTakeover(event.fields().get(2))) {
                    crashTakeovers.add(Long.parseLong(event.id()));
                }
            }
            default -> {}
        }
    }

    private static boolean isCrashTakeover(String cause) {
        return cause.startsWith("the_process_of_") && cause.contains("_is_gone");
    }

    Stream<Event> events(String kind) {
        return history.processes().stream()
                .flatMap(process -> process.events().stream())
                .filter(event -> event.is(kind));
    }

    String task(String id) {
        return taskOf.getOrDefault(id, "?");
    }

    /** Since when a master of a newer epoch acts; {@link Long#MAX_VALUE} when none does. */
    long newerSince(long epoch) {
        return firstAct.tailMap(epoch, false).values().stream()
                .mapToLong(Long::longValue)
                .min()
                .orElse(Long.MAX_VALUE);
    }

    /** Whether the newer master took over from one whose process was believed to be gone, at most this long ago. */
    boolean isFalseCrash(long epoch, long nanos) {
        return firstAct.tailMap(epoch, false).entrySet().stream()
                .filter(newer -> newer.getValue() <= nanos)
                .allMatch(newer -> crashTakeovers.stream().anyMatch(e -> e > epoch && e <= newer.getKey())
                        && nanos - newer.getValue() <= history.sessionTimeout().toNanos());
    }

    /** How long ago this process woke from its last freeze; {@link Long#MAX_VALUE} when there was none. */
    long awakeFor(String process, long nanos) {
        return freezesOf.getOrDefault(process, List.of()).stream()
                .filter(freeze -> freeze.to() <= nanos + Duration.ofMillis(1).toNanos())
                .mapToLong(freeze -> Math.max(0, nanos - freeze.to()))
                .min()
                .orElse(Long.MAX_VALUE);
    }

    /** Time between the two at which this process did nothing. */
    long frozenBetween(String process, long from, long to) {
        return freezesOf.getOrDefault(process, List.of()).stream()
                .mapToLong(freeze -> Math.max(0, Math.min(to, freeze.to()) - Math.max(from, freeze.from())))
                .sum();
    }

    /** Whether it froze within a moment after this time. */
    boolean frozeAfter(String process, long nanos) {
        return freezesOf.getOrDefault(process, List.of()).stream()
                .anyMatch(freeze -> freeze.to() > nanos
                        && freeze.from() - nanos <= Duration.ofMillis(200).toNanos());
    }
}
