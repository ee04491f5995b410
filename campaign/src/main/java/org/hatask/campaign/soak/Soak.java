package org.hatask.campaign.soak;

import java.io.PrintStream;
import java.time.Duration;
import java.util.Optional;
import org.hatask.campaign.RunDirectory;
import org.hatask.campaign.rig.ChurnedCluster;
import org.hatask.campaign.rig.Waiting;

/** One soak: start, churn and measure for as long as it takes, stop, judge. */
public final class Soak {

    private final SoakOptions options;
    private final PrintStream out;

    Soak(SoakOptions options, PrintStream out) {
        this.options = options;
        this.out = out;
    }

    public static void main(String[] args) {
        SoakOptions options;
        try {
            options = SoakOptions.parse(args);
        } catch (IllegalArgumentException e) {
            System.err.println(e.getMessage() + "\n" + SoakOptions.USAGE);
            System.exit(2);
            return;
        }
        System.exit(new Soak(options, System.out).run().isFlat() ? 0 : 1);
    }

    Verdict run() {
        out.printf(
                "Soak of %d steady nodes for %d s with seed %d, %s; a row every %d s; logs in %s%n",
                options.steady(),
                options.length().toSeconds(),
                options.seed(),
                options.election(),
                options.interval().toSeconds(),
                options.directory());
        Recorder recorder = new Recorder();
        SoakTable table = new SoakTable(recorder, out);
        Progress progress = new Progress();
        try (ChurnedCluster cluster =
                new ChurnedCluster(options.directory(), options.steady(), options.seed(), options.election())) {
            cluster.start();
            long start = System.nanoTime();
            long end = start + options.length().toNanos();
            long next = start;
            while (next - end <= 0) {
                Waiting.millis(Math.max(0, (next - System.nanoTime()) / 1_000_000));
                sample(cluster, recorder, progress);
                long now = System.nanoTime();
                table.row(Duration.ofNanos(now - start), progress);
                // On a busy machine a sample takes longer than the time between two.
                next = Math.max(next + options.interval().toNanos(), now);
            }
        }
        Verdict verdict = Verdict.of(recorder, progress);
        table.verdict(verdict, progress);
        if (verdict.isFlat() && !options.keep()) {
            RunDirectory.delete(options.directory());
        }
        return verdict;
    }

    private static void sample(ChurnedCluster cluster, Recorder recorder, Progress progress) {
        cluster.measured().forEach(process -> recorder.add(process, cluster.read(process)));
        recorder.addZooKeeper(cluster.readZooKeeper());
        progress.add(
                cluster.restarts(),
                cluster.kills(),
                cluster.steady().stream()
                        .map(cluster::report)
                        .flatMap(Optional::stream)
                        .toList());
    }
}
