package org.hatask.benchmarks.calls;

import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.hatask.benchmarks.Arguments;
import org.hatask.benchmarks.Rounds;

/** Remote calls per second, how long one takes, and what it costs in processor time. */
public final class CallsBenchmark {

    private static final String OURS = Contenders.HA_TASK.title();

    private final Options options;
    private final Rounds perSecond = new Rounds();
    private final Rounds p50 = new Rounds();
    private final Rounds p99 = new Rounds();
    private final Rounds cpu = new Rounds();

    private record Options(
            int rounds,
            int millis,
            int warmUpCalls,
            int warmUpSeconds,
            List<Integer> callers,
            List<Integer> bytes,
            List<Contenders> contenders,
            List<String> javaOptions) {

        static Options of(Arguments arguments) {
            Options options = new Options(
                    arguments.number("rounds", 3, 1),
                    arguments.number("millis", 1500, 100),
                    arguments.number("warm-up-calls", 150_000, 0),
                    arguments.number("warm-up-seconds", 20, 1),
                    numbers(arguments.text("callers", "1,16,64")),
                    numbers(arguments.text("bytes", "10,10240")),
                    Contenders.of(arguments.text("only", "ha-task,raw,dubbo,hazelcast,ignite")),
                    Arguments.words(arguments.text("java-options", "")));
            arguments.nothingElse();
            return options;
        }

        private static List<Integer> numbers(String text) {
            return Arrays.stream(text.split(",")).map(Integer::valueOf).toList();
        }
    }

    private CallsBenchmark(Options options) {
        this.options = options;
    }

    public static void run(Arguments arguments) throws Exception {
        new CallsBenchmark(Options.of(arguments)).run();
    }

    private void run() throws Exception {
        System.out.printf(
                Locale.ROOT,
                "%d processors, load %.1f. %d rounds, %d ms for each figure.%n",
                Runtime.getRuntime().availableProcessors(),
                load(),
                options.rounds(),
                options.millis());
        List<Team> teams = new ArrayList<>();
        try (ZooKeeper zooKeeper = ZooKeeper.start()) {
            try {
                for (Contenders contender : options.contenders()) {
                    Team team = new Team(contender, zooKeeper.port(), options.javaOptions());
                    teams.add(team);
                    team.start();
                    team.warmUp(options.bytes(), options.warmUpCalls(), options.warmUpSeconds());
                }
                for (int round = 1; round <= options.rounds(); round++) {
                    System.out.printf(Locale.ROOT, "round %d, load %.1f%n", round, load());
                    for (int bytes : options.bytes()) {
                        for (int callers : options.callers()) {
                            for (Team team : teams) {
                                measure(team, callers, bytes);
                            }
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

    private static double load() {
        return ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage();
    }

    private void measure(Team team, int callers, int bytes) throws Exception {
        Team.Cpu before = team.cpu();
        Load.Measured measured = team.load(callers, bytes, options.millis());
        Team.Cpu used = team.cpu().minus(before);
        double callerMicros = used.caller().toNanos() / 1e3 / measured.calls();
        double serverMicros = used.servers().toNanos() / 1e3 / measured.calls();
        String name = team.contender().title();
        System.out.printf(
                Locale.ROOT,
                "  %5d bytes, %2d callers, %-11s %6.0f/s, p50 %6.0f µs, p99 %6.0f µs, processor %4.0f µs here, %4.0f µs there%n",
                bytes,
                callers,
                name,
                measured.perSecond(),
                measured.p50Nanos() / 1e3,
                measured.p99Nanos() / 1e3,
                callerMicros,
                serverMicros);
        String column = column(bytes, callers);
        perSecond.add(name, column, measured.perSecond());
        p50.add(name, column, measured.p50Nanos() / 1e3);
        p99.add(name, column, measured.p99Nanos() / 1e3);
        cpu.add(name, column, callerMicros + serverMicros);
    }

    private static String column(int bytes, int callers) {
        return bytes + " bytes, " + callers;
    }

    private List<String> columns() {
        return options.bytes().stream()
                .flatMap(bytes -> options.callers().stream().map(callers -> column(bytes, callers)))
                .toList();
    }

    private void print() {
        List<String> all = perSecond.subjects();
        List<String> others = all.stream().filter(name -> !name.equals(OURS)).toList();
        List<String> columns = columns();
        Rounds.print("calls/s", "%.0f", all, columns, perSecond::median);
        Rounds.print(OURS + ", times", "%.2f", others, columns, (name, column) -> perSecond.ratio(OURS, name, column));
        Rounds.print("p50, µs", "%.0f", all, columns, p50::median);
        Rounds.print("p99, µs", "%.0f", all, columns, p99::median);
        Rounds.print("processor, µs a call", "%.0f", all, columns, cpu::median);
        System.out.println();
    }
}
