package org.hatask.campaign;

import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.hatask.campaign.check.Checker;
import org.hatask.campaign.check.Figures;
import org.hatask.campaign.check.Finding;
import org.hatask.campaign.check.History;
import org.hatask.campaign.rig.Fault;
import org.hatask.campaign.rig.Timeline;

/** A table when all is well, else the findings and what happened around them. */
final class Report {

    private static final long BEFORE_NANOS = 20_000_000_000L;
    private static final long AFTER_NANOS = 2_000_000_000L;
    private static final int FINDINGS_SHOWN = 20;
    private static final Set<String> TOLD = Set.of("start", "elected", "gained", "lost");

    private final Options options;
    private final Timeline timeline;
    private final Map<Fault.Kind, Integer> injected;
    private final Map<Fault.Kind, Integer> skipped;
    private final PrintStream out;

    Report(
            Options options,
            Timeline timeline,
            Map<Fault.Kind, Integer> injected,
            Map<Fault.Kind, Integer> skipped,
            PrintStream out) {
        this.options = options;
        this.timeline = timeline;
        this.injected = injected;
        this.skipped = skipped;
        this.out = out;
    }

    void print(History history, Checker.Verdict verdict) {
        if (!verdict.findings().isEmpty()) {
            printFindings(history, verdict.findings());
        }
        out.printf("%n| figure | value |%n|---|---|%n");
        row("nodes", options.setup().nodes());
        row("election", Arguments.written(options.setup().election()));
        row("ensemble", Arguments.written(options.setup().ensemble()));
        row("faults injected over", options.length().toSeconds() + " s");
        row("seed", options.seed());
        row("faults", counts(injected));
        row("faults skipped", skipped.isEmpty() ? "none" : counts(skipped));
        Figures.of(history, verdict.tolerated()).forEach(figure -> row(figure.name(), figure.value()));
        for (Finding.Rule rule : Finding.Rule.values()) {
            long broken = verdict.findings().stream()
                    .filter(finding -> finding.rule() == rule)
                    .count();
            row(rule.promise(), broken == 0 ? "holds" : "BROKEN " + broken + " times");
        }
        if (skipped.containsKey(Fault.Kind.CLOCK)) {
            out.println("\nNo clock jumped: there is no C compiler to make a shifted clock.");
        }
        out.printf(
                "%n%s; again with %s%n",
                verdict.findings().isEmpty()
                        ? "Nothing found"
                        : "FOUND " + verdict.findings().size(),
                options.again());
    }

    private void row(String name, Object value) {
        out.printf("| %s | %s |%n", name, value);
    }

    private static String counts(Map<Fault.Kind, Integer> counts) {
        int sum = counts.values().stream().mapToInt(Integer::intValue).sum();
        return sum + ": "
                + counts.entrySet().stream()
                        .sorted(Map.Entry.comparingByKey())
                        .map(entry -> Arguments.written(entry.getKey()) + " " + entry.getValue())
                        .collect(Collectors.joining(", "));
    }

    private void printFindings(History history, List<Finding> findings) {
        long start = timeline.entries().get(0).nanos();
        out.printf("%nFOUND %d broken promises:%n", findings.size());
        findings.stream()
                .limit(FINDINGS_SHOWN)
                .forEach(finding ->
                        out.printf("  %s %s: %s%n", time(finding.nanos(), start), finding.rule(), finding.what()));
        Set<Finding.Rule> shown = EnumSet.noneOf(Finding.Rule.class);
        findings.stream()
                .filter(finding -> shown.add(finding.rule()))
                .forEach(finding -> printTimeline(history, finding, start));
    }

    private static String time(long nanos, long start) {
        return nanos == Long.MAX_VALUE ? "  at the end" : String.format(Locale.ROOT, "%9.3f s", (nanos - start) / 1e9);
    }

    /** What the campaign did and what the nodes heard of the mastership, around the first finding of a rule. */
    private void printTimeline(History history, Finding finding, long start) {
        List<Timeline.Entry> done = timeline.entries();
        long at = Math.min(finding.nanos(), done.get(done.size() - 1).nanos());
        out.printf("%nTimeline up to the first %s:%n", finding.rule());
        told(history)
                .filter(entry -> entry.nanos() > at - BEFORE_NANOS && entry.nanos() < at + AFTER_NANOS)
                .forEach(entry -> out.println(line(entry, start)));
    }

    /** All of it, for those who look into a run. */
    void writeTimeline(History history, Path file) {
        long start = timeline.entries().get(0).nanos();
        try {
            Files.write(file, told(history).map(entry -> line(entry, start)).toList());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Stream<Timeline.Entry> told(History history) {
        return Stream.concat(
                        timeline.entries().stream(),
                        history.processes().stream().flatMap(process -> process.events().stream()
                                .filter(event -> TOLD.contains(event.kind()))
                                .map(event -> new Timeline.Entry(
                                        event.nanos(),
                                        "    " + process.name() + " " + event.kind() + " "
                                                + String.join(" ", event.fields())))))
                .sorted(Comparator.comparingLong(Timeline.Entry::nanos));
    }

    private static String line(Timeline.Entry entry, long start) {
        return "  " + time(entry.nanos(), start) + " " + entry.text();
    }
}
