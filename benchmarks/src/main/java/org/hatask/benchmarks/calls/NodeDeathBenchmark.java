package org.hatask.benchmarks.calls;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.hatask.benchmarks.Arguments;
import org.hatask.benchmarks.Rounds;

/** What callers see when one of three servers is killed: how many calls fail, how long none ends, and when all is well again. */
public final class NodeDeathBenchmark {

    private static final String FAILED = "failed";
    private static final String GAP = "longest gap, ms";
    private static final String SLOWEST = "slowest call, ms";
    private static final String BACK = "back above 80 %, ms";

    /** Before the death, and after it. */
    private static final int MILLIS = 3000;

    private final Rounds rounds = new Rounds();

    private NodeDeathBenchmark() {}

    public static void run(Arguments arguments) throws Exception {
        int number = arguments.number("rounds", 3, 1);
        int callers = arguments.number("callers", 16, 1);
        int after = arguments.number("after-millis", 6000, 1000);
        Set<String> only = Set.of(arguments.text("only", "ha-task").split(","));
        arguments.nothingElse();
        NodeDeathBenchmark benchmark = new NodeDeathBenchmark();
        for (int round = 1; round <= number; round++) {
            for (Contenders contender : Contenders.values()) {
                if (only.contains(contender.option())) {
                    benchmark.measure(contender, callers, after);
                }
            }
        }
        benchmark.print();
    }

    private void measure(Contenders contender, int callers, int afterMillis) throws Exception {
        try (ZooKeeper zooKeeper = ZooKeeper.start();
                Team team = new Team(contender, zooKeeper.port(), List.of())) {
            team.start();
            team.load(64, 10, 5 * MILLIS);
            Child caller = team.caller();
            caller.tell("watch " + callers + " 10 " + (MILLIS + afterMillis));
            Thread.sleep(MILLIS);
            long killed = System.nanoTime();
            team.killServer();
            Timeline seen = Timeline.parse(caller.answer());
            int back = seen.millisUntil(0.8 * seen.atTheEnd(), killed);
            String name = contender.title();
            System.out.printf(
                    Locale.ROOT,
                    "  %-11s %d failed, longest gap %d ms, slowest call %.0f ms, back after %d ms, at the end %.0f/s%n",
                    name,
                    seen.failures(),
                    seen.longestGapAfter(killed),
                    seen.slowestMillis(),
                    back,
                    seen.atTheEnd() * 1000);
            rounds.add(name, FAILED, seen.failures());
            rounds.add(name, GAP, seen.longestGapAfter(killed));
            rounds.add(name, SLOWEST, seen.slowestMillis());
            rounds.add(name, BACK, back);
        }
    }

    private void print() {
        List<String> columns = Arrays.asList(FAILED, GAP, SLOWEST, BACK);
        System.out.println("\n| median | " + String.join(" | ", columns) + " |\n|---|---:|---:|---:|---:|");
        for (String name : rounds.subjects()) {
            StringBuilder row = new StringBuilder("| " + name + " |");
            for (String column : columns) {
                row.append(String.format(
                        Locale.ROOT, " %.0f |", rounds.median(name, column).orElse(Double.NaN)));
            }
            System.out.println(row);
        }
    }
}
