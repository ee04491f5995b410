package org.hatask.benchmarks.calls;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import org.hatask.benchmarks.PostgreSql;

/** The processes of one contender: servers, and a caller that is started after them. */
final class Team implements AutoCloseable {

    static final int SERVERS = 3;

    private static final int WARM_UP_CALLERS = 64;
    private static final int WARM_UP_MILLIS = 500;

    private final Contenders contender;
    private final List<Child> children = new ArrayList<>();
    private final List<Integer> ports = new ArrayList<>();
    private final int zooKeeperPort;
    private final List<String> javaOptions;
    private int left = SERVERS;

    /**
     * @param javaOptions of all its processes, beside those of the contender
     */
    Team(Contenders contender, int zooKeeperPort, List<String> javaOptions) throws IOException {
        this.contender = contender;
        this.javaOptions = javaOptions;
        this.zooKeeperPort = zooKeeperPort;
        for (int i = 0; i <= SERVERS; i++) {
            ports.add(PostgreSql.freePort());
        }
    }

    Contenders contender() {
        return contender;
    }

    /** The first server alone, as the others look for it; the caller when all servers are there. */
    void start() throws IOException {
        start(1);
        start(SERVERS - 1);
        start(1);
    }

    private void start(int more) throws IOException {
        List<Child> started = new ArrayList<>();
        for (int i = 0; i < more; i++) {
            Child child = Child.start(contender, new Place(children.size(), ports, zooKeeperPort), javaOptions);
            children.add(child);
            started.add(child);
        }
        for (Child child : started) {
            child.await();
        }
    }

    /** Processor time of the caller, and of the servers. */
    record Cpu(Duration caller, Duration servers) {

        Cpu minus(Cpu before) {
            return new Cpu(caller.minus(before.caller), servers.minus(before.servers));
        }
    }

    Cpu cpu() {
        Duration servers = children.subList(0, SERVERS).stream().map(Child::cpu).reduce(Duration.ZERO, Duration::plus);
        return new Cpu(caller().cpu(), servers);
    }

    /** While nobody else of the benchmark does anything, as compilers need the processors now. Ends with whichever is first. */
    void warmUp(List<Integer> bytes, int enoughCalls, int enoughSeconds) throws IOException {
        long start = System.nanoTime();
        long calls = 0;
        double perSecond = 0;
        while (calls < enoughCalls && System.nanoTime() - start < enoughSeconds * 1_000_000_000L) {
            for (int each : bytes) {
                Load.Measured last = load(WARM_UP_CALLERS, each, WARM_UP_MILLIS);
                calls += last.calls();
                perSecond = last.perSecond();
            }
        }
        System.out.printf(Locale.ROOT, "%s warmed up by %d calls, now %.0f/s%n", contender.title(), calls, perSecond);
    }

    Load.Measured load(int callers, int bytes, int millis) throws IOException {
        return Load.Measured.parse(caller().ask("run " + callers + " " + bytes + " " + millis));
    }

    Child caller() {
        return children.get(SERVERS);
    }

    /** Kills the last server that is left, which no other one depends on more than on the rest. */
    void killServer() {
        left--;
        children.get(left).kill();
    }

    @Override
    public void close() throws Exception {
        List<Child> lastFirst = new ArrayList<>(children);
        Collections.reverse(lastFirst);
        for (Child child : lastFirst) {
            child.close();
        }
    }
}
