package org.hatask.benchmarks.calls;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.hatask.benchmarks.Arguments;
import org.hatask.benchmarks.Rounds;

/** How long short calls take while others that take seconds are executed by the same servers, and large ones use the same connections. */
public final class MixedBenchmark {

    private static final String ALONE = "alone";

    private final List<String> columns = new ArrayList<>();
    private final Rounds p50 = new Rounds();
    private final Rounds p99 = new Rounds();
    private final Rounds p999 = new Rounds();

    private MixedBenchmark() {}

    public static void run(Arguments arguments) throws Exception {
        int rounds = arguments.number("rounds", 3, 1);
        int millis = arguments.number("millis", 2500, 100);
        int perSecond = arguments.number("per-second", 800, 1);
        int places = Math.max(16, 8 * Runtime.getRuntime().availableProcessors());
        int resting = arguments.number("resting", 2 * Team.SERVERS * places, 1);
        int restMillis = arguments.number("rest-millis", 2000, 1);
        int largePerSecond = arguments.number("large-per-second", 20, 1);
        int largeBytes = arguments.number("large-bytes", 1 << 20, 1);
        int warmUpSeconds = arguments.number("warm-up-seconds", 12, 1);
        List<Contenders> contenders = Contenders.of(arguments.text("only", "ha-task,dubbo,hazelcast"));
        List<String> javaOptions = Arguments.words(arguments.text("java-options", ""));
        arguments.nothingElse();
        List<Load.Mix> mixes = List.of(
                new Load.Mix(millis, perSecond, 0, 0, 0, 0),
                new Load.Mix(millis, perSecond, resting, restMillis, 0, 0),
                new Load.Mix(millis, perSecond, 0, 0, largePerSecond, largeBytes),
                new Load.Mix(millis, perSecond, resting, restMillis, largePerSecond, largeBytes));
        new MixedBenchmark().run(rounds, contenders, mixes, warmUpSeconds, javaOptions);
    }

    private void run(
            int rounds, List<Contenders> contenders, List<Load.Mix> mixes, int warmUpSeconds, List<String> javaOptions)
            throws Exception {
        List<Team> teams = new ArrayList<>();
        try (ZooKeeper zooKeeper = ZooKeeper.start()) {
            try {
                for (Contenders contender : contenders) {
                    Team team = new Team(contender, zooKeeper.port(), javaOptions);
                    teams.add(team);
                    team.start();
                    team.warmUp(List.of(10), Integer.MAX_VALUE, warmUpSeconds);
                    team.caller().ask("mixed " + mixes.get(mixes.size() - 1));
                }
                for (int round = 1; round <= rounds; round++) {
                    System.out.println("round " + round);
                    for (Team team : teams) {
                        for (Load.Mix mix : mixes) {
                            measure(team, mix);
                        }
                    }
                }
            } finally {
                for (Team team : teams) {
                    team.close();
                }
            }
        }
        print();
    }

    private void measure(Team team, Load.Mix mix) throws Exception {
        Load.Measured measured = Load.Measured.parse(team.caller().ask("mixed " + mix));
        String name = team.contender().title();
        String column = column(mix);
        System.out.printf(
                Locale.ROOT,
                "  %-9s %-24s %4.0f/s, p50 %6.0f µs, p99 %7.0f µs, p99.9 %7.0f µs%n",
                name,
                column,
                measured.perSecond(),
                measured.p50Nanos() / 1e3,
                measured.p99Nanos() / 1e3,
                measured.p999Nanos() / 1e3);
        p50.add(name, column, measured.p50Nanos() / 1e3);
        p99.add(name, column, measured.p99Nanos() / 1e3);
        p999.add(name, column, measured.p999Nanos() / 1e3);
        if (!columns.contains(column)) {
            columns.add(column);
        }
    }

    private static String column(Load.Mix mix) {
        List<String> beside = new ArrayList<>();
        if (mix.resting() > 0) {
            beside.add("long");
        }
        if (mix.largePerSecond() > 0) {
            beside.add("large");
        }
        return beside.isEmpty() ? ALONE : "beside " + String.join(" and ", beside);
    }

    private void print() {
        List<String> names = p50.subjects();
        Rounds.print("p50, µs", "%.0f", names, columns, p50::median);
        Rounds.print("p99, µs", "%.0f", names, columns, p99::median);
        Rounds.print("p99.9, µs", "%.0f", names, columns, p999::median);
        Rounds.print(
                "p99, times alone", "%.2f", names, columns, (name, column) -> p99.ratioOfColumns(name, column, ALONE));
        System.out.println();
    }
}
