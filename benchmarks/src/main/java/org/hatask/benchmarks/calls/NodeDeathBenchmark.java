package org.hatask.benchmarks.calls;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.hatask.benchmarks.Arguments;
import org.hatask.benchmarks.Rounds;

/**
 * What callers see when one of three servers is killed: how many calls fail, how long none ends, and when all is well again; and
 * when a task that takes long begins on another server.
 */
public final class NodeDeathBenchmark {

    private static final String FAILED = "failed";
    private static final String GAP = "longest gap, ms";
    private static final String SLOWEST = "slowest call, ms";
    private static final String BACK = "back above 80 %, ms";
    private static final String MOVED = "task begins elsewhere, ms";

    /** Before the death, and after it. */
    private static final int MILLIS = 3000;

    private static final int TASK_MILLIS = 5000;

    private final int callers;
    private final int afterMillis;
    private final int warmUpSeconds;
    private final Rounds rounds = new Rounds();

    private NodeDeathBenchmark(int callers, int afterMillis, int warmUpSeconds) {
        this.callers = callers;
        this.afterMillis = afterMillis;
        this.warmUpSeconds = warmUpSeconds;
    }

    public static void run(Arguments arguments) throws Exception {
        int number = arguments.number("rounds", 3, 1);
        int callers = arguments.number("callers", 16, 1);
        int after = arguments.number("after-millis", 6000, 1000);
        int warmUpSeconds = arguments.number("warm-up-seconds", 15, 1);
        List<Contenders> contenders = Contenders.of(arguments.text("only", "ha-task,dubbo,hazelcast"));
        List<String> javaOptions = Arguments.words(arguments.text("java-options", ""));
        arguments.nothingElse();
        NodeDeathBenchmark benchmark = new NodeDeathBenchmark(callers, after, warmUpSeconds);
        for (int round = 1; round <= number; round++) {
            for (Contenders contender : contenders) {
                benchmark.measure(contender, javaOptions);
            }
        }
        benchmark.print();
    }

    private void measure(Contenders contender, List<String> javaOptions) throws Exception {
        try (ZooKeeper zooKeeper = ZooKeeper.start();
                Team team = new Team(contender, zooKeeper.port(), javaOptions)) {
            team.start();
            team.warmUp(List.of(10), Integer.MAX_VALUE, warmUpSeconds);
            measureCalls(team);
            measureTask(team);
        }
    }

    private void measureCalls(Team team) throws Exception {
        Child caller = team.caller();
        caller.tell("watch " + callers + " 10 " + (MILLIS + afterMillis));
        Thread.sleep(MILLIS);
        long killed = System.nanoTime();
        team.killServer();
        Timeline seen = Timeline.parse(caller.answer());
        int back = seen.millisUntil(0.8 * seen.atTheEnd(), killed);
        String name = team.contender().title();
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

    /** One on each of the servers that are left, before one of these is killed, too. */
    private void measureTask(Team team) throws Exception {
        Child caller = team.caller();
        caller.tell("rest " + (Team.SERVERS - 1) + " " + TASK_MILLIS);
        Thread.sleep(1000);
        long killed = System.nanoTime();
        team.killServer();
        long[] after = Arrays.stream(caller.answer().split(" "))
                .mapToLong(Long::parseLong)
                .filter(began -> began - killed > 0)
                .toArray();
        String name = team.contender().title();
        if (after.length != 1) {
            System.out.printf(
                    Locale.ROOT, "  %-11s %d tasks were on the server that died: no figure%n", name, after.length);
            return;
        }
        double millis = (after[0] - killed) / 1e6;
        System.out.printf(Locale.ROOT, "  %-11s its task begins elsewhere after %.0f ms%n", name, millis);
        rounds.add(name, MOVED, millis);
    }

    private void print() {
        List<String> columns = List.of(FAILED, GAP, SLOWEST, BACK, MOVED);
        Rounds.print("median", "%.0f", rounds.subjects(), columns, rounds::median);
        Rounds.print("worst", "%.0f", rounds.subjects(), columns, rounds::highest);
        System.out.println();
    }
}
