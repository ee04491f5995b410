package org.hatask.sample.cluster;

import java.io.PrintStream;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Predicate;

/** The calls of a drill in figures. */
final class DrillReport {

    private final List<Load.Call> calls;
    private final Instant start;
    private final Instant killed;
    private final Instant back;
    private final Instant end;

    DrillReport(Collection<Load.Call> calls, Instant start, Instant killed, Instant back, Instant end) {
        this.calls = calls.stream().sorted(Comparator.comparing(Load.Call::end)).toList();
        this.start = start;
        this.killed = killed;
        this.back = back;
        this.end = end;
    }

    long calls(Load.Kind kind) {
        return calls.stream().filter(call -> call.kind() == kind).count();
    }

    List<Load.Call> failures(Load.Kind kind) {
        return calls.stream()
                .filter(call -> call.kind() == kind && call.failed())
                .toList();
    }

    /** Longest time in which no call of that kind succeeded. */
    Duration longestStall(Load.Kind kind) {
        Duration longest = Duration.ZERO;
        Instant last = start;
        for (Load.Call call : calls) {
            if (call.kind() == kind && !call.failed()) {
                longest = longer(longest, Duration.between(last, call.end()));
                last = call.end();
            }
        }
        return longer(longest, Duration.between(last, end));
    }

    Duration longestCall(Load.Kind kind) {
        return calls.stream()
                .filter(call -> call.kind() == kind)
                .map(Load.Call::duration)
                .reduce(Duration.ZERO, DrillReport::longer);
    }

    void print(PrintStream out, Set<String> nodes) {
        out.println();
        out.printf(
                "%-8s %8s %8s %8s %10s %14s %14s%n",
                "Calls", "made", "failed", "resent", "median", "longest call", "longest stall");
        for (Load.Kind kind : Load.Kind.values()) {
            out.printf(
                    Locale.ROOT,
                    "%-8s %8d %8d %8d %10s %14s %14s%n",
                    "  " + kind.name().toLowerCase(Locale.ROOT),
                    calls(kind),
                    failures(kind).size(),
                    calls.stream()
                            .filter(call -> call.kind() == kind && call.resends() > 0)
                            .count(),
                    Timeline.seconds(median(kind)),
                    Timeline.seconds(longestCall(kind)),
                    Timeline.seconds(longestStall(kind)));
        }
        out.println();
        out.printf("%-20s", "Valued by");
        nodes.forEach(node -> out.printf("%14s", node));
        out.printf("%14s%n", "a second");
        printShares(out, nodes, "  before the kill", start, killed);
        printShares(out, nodes, "  while it was away", killed, back);
        printShares(out, nodes, "  after its return", back, end);
    }

    private void printShares(PrintStream out, Set<String> nodes, String phase, Instant from, Instant to) {
        Predicate<Load.Call> inPhase = call -> call.kind() == Load.Kind.PRICE
                && !call.failed()
                && !call.end().isBefore(from)
                && call.end().isBefore(to);
        long all = calls.stream().filter(inPhase).count();
        out.printf("%-20s", phase);
        for (String node : nodes) {
            long here = calls.stream()
                    .filter(inPhase)
                    .filter(call -> call.ranOn().equals(node))
                    .count();
            out.printf(Locale.ROOT, "%7d (%2d %%)", here, all == 0 ? 0 : Math.round(100.0 * here / all));
        }
        double seconds = Math.max(1, Duration.between(from, to).toMillis()) / 1000.0;
        out.printf(Locale.ROOT, "%14.0f%n", all / seconds);
    }

    private Duration median(Load.Kind kind) {
        List<Duration> durations = calls.stream()
                .filter(call -> call.kind() == kind)
                .map(Load.Call::duration)
                .sorted()
                .toList();
        return durations.isEmpty() ? Duration.ZERO : durations.get(durations.size() / 2);
    }

    private static Duration longer(Duration a, Duration b) {
        return a.compareTo(b) >= 0 ? a : b;
    }
}
