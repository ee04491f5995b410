package org.hatask.campaign.soak;

import static org.hatask.campaign.soak.Recorder.BREAKERS;
import static org.hatask.campaign.soak.Recorder.CLIENT_WATCHERS;
import static org.hatask.campaign.soak.Recorder.FILES;
import static org.hatask.campaign.soak.Recorder.HEAP;
import static org.hatask.campaign.soak.Recorder.LINKS;
import static org.hatask.campaign.soak.Recorder.THREADS;

import java.io.PrintStream;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** Prints a row for each sample, and the judgement. */
final class SoakTable {

    private static final List<String> COLUMNS = List.of(HEAP, THREADS, FILES, LINKS, BREAKERS, CLIENT_WATCHERS);

    private final Recorder recorder;
    private final PrintStream out;
    private boolean headed;

    SoakTable(Recorder recorder, PrintStream out) {
        this.recorder = recorder;
        this.out = out;
    }

    void row(Duration at, Progress progress) {
        if (!headed) {
            headed = true;
            out.println("\nOf each process: heap in MiB/threads/files/links/breakers/watchers of its ZooKeeper client");
            out.printf(
                    "| time | restarts (kill -9) | epoch | calls (failed) | %s | ZooKeeper: watches/sessions/znodes |%n",
                    String.join(" | ", recorder.processes()));
            out.println("|---|---|---|---|" + "---|".repeat(recorder.processes().size() + 1));
        }
        out.printf(
                "| %d:%02d | %d (%d) | %d | %d (%d) | %s | %s |%n",
                at.toMinutes(),
                at.toSecondsPart(),
                progress.restarts(),
                progress.kills(),
                progress.epoch(),
                progress.calls(),
                progress.failures(),
                recorder.processes().stream().map(this::cell).collect(Collectors.joining(" | ")),
                cell("ZooKeeper", List.of(Recorder.WATCHES, Recorder.SESSIONS, Recorder.ZNODES)));
    }

    private String cell(String process) {
        return cell(process, COLUMNS);
    }

    private String cell(String process, List<String> columns) {
        return columns.stream()
                .map(column -> recorder.figure(process, column))
                .map(series -> shown(series, series.last()))
                .collect(Collectors.joining("/"));
    }

    private static String shown(Series series, long value) {
        return series.kind() == Series.Kind.HEAP
                ? String.format(Locale.ROOT, "%.1f", value / (double) (1 << 20))
                : Long.toString(value);
    }

    void verdict(Verdict verdict, Progress progress) {
        out.printf("%n| process | what | second quarter | last quarter | may grow by | |%n|---|---|---|---|---|---|%n");
        verdict.figures().forEach(trend -> trend(trend, trend.isFlat() ? "flat" : "GREW"));
        verdict.classes().forEach(trend -> trend(trend, "GREW"));
        verdict.bounded().forEach(trend -> trend(trend, "has a bound"));
        if (!verdict.others().isEmpty()) {
            out.printf("%nOther classes that grew, for information:%n");
            verdict.others().forEach(trend -> trend(trend, "more"));
        }
        if (!verdict.proves()) {
            out.println(
                    "\nNodes did not come and go, or nobody called, in the last quarter, or a figure was always zero: "
                            + "nothing is proved.");
        }
        out.printf(
                "%n%s over %d restarts between the middles of the two quarters; %d restarts in all, %d calls%n",
                verdict.isFlat() ? "Flat" : "NOT FLAT",
                progress.restartsJudged(),
                progress.restarts(),
                progress.calls());
    }

    private void trend(Trend trend, String judged) {
        Series series = trend.series();
        out.printf(
                "| %s | %s | %s | %s | %s | %s |%n",
                series.process(),
                series.what(),
                shown(series, trend.before()),
                shown(series, trend.after()),
                shown(series, trend.allowed()),
                judged);
    }
}
