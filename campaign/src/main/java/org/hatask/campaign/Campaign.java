package org.hatask.campaign;

import java.io.PrintStream;
import java.time.Duration;
import java.util.List;
import org.hatask.campaign.check.Checker;
import org.hatask.campaign.check.History;
import org.hatask.campaign.rig.Cluster;
import org.hatask.campaign.rig.Fault;
import org.hatask.campaign.rig.Injector;
import org.hatask.campaign.rig.Schedule;
import org.hatask.campaign.rig.Timeline;

/** One run: start, faults, recovery, stop, judgement. */
public final class Campaign {

    /** Of the nodes; see the application's configuration. */
    private static final Duration SESSION_TIMEOUT = Duration.ofSeconds(4);

    /** A restarted JVM needs this long to begin to start its node, on a busy machine. */
    private static final Duration TO_RECOVER = Duration.ofSeconds(120);

    private final Options options;
    private final PrintStream out;
    private final Timeline timeline = new Timeline();

    Campaign(Options options, PrintStream out) {
        this.options = options;
        this.out = out;
    }

    public static void main(String[] args) {
        Options options;
        try {
            options = Options.parse(args);
        } catch (IllegalArgumentException e) {
            System.err.println(e.getMessage() + "\n" + Options.USAGE);
            System.exit(2);
            return;
        }
        System.exit(new Campaign(options, System.out).run() ? 0 : 1);
    }

    /** Whether nothing was found. */
    boolean run() {
        return judge().findings().isEmpty();
    }

    Checker.Verdict judge() {
        List<Fault> faults = Schedule.of(options.seed(), options.length(), options.setup(), options.profile());
        out.printf(
                "Campaign for %d s: %s; %d faults; logs in %s%n",
                options.length().toSeconds(), options.again(), faults.size(), options.directory());
        History history;
        Report report;
        try (Cluster cluster = new Cluster(options.directory(), options.setup(), options.seed());
                Injector injector = new Injector(cluster, timeline)) {
            cluster.start();
            timeline.add("the cluster is up: the faults begin");
            injector.run(faults, options.length());
            timeline.add("the faults are over");
            Duration health = new Recovery(cluster, timeline).await(TO_RECOVER);
            cluster.stop();
            history = Recording.read(options.directory(), cluster.rows(), SESSION_TIMEOUT, health);
            report = new Report(options, timeline, injector.injected(), injector.skipped(), out);
        }
        Checker.Verdict verdict = Checker.check(history);
        report.print(history, verdict);
        report.writeTimeline(history, options.directory().resolve("timeline"));
        if (verdict.findings().isEmpty() && !options.keep()) {
            RunDirectory.delete(options.directory());
        }
        return verdict;
    }
}
