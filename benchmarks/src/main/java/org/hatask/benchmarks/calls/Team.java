package org.hatask.benchmarks.calls;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.hatask.benchmarks.PostgreSql;

/** The processes of one contender: servers, and a caller that is started after them. */
final class Team implements AutoCloseable {

    static final int SERVERS = 3;

    private final Contenders contender;
    private final List<Child> children = new ArrayList<>();
    private final List<Integer> ports = new ArrayList<>();
    private final int zooKeeperPort;
    private final List<String> javaOptions;

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

    Load.Measured load(int callers, int bytes, int millis) throws IOException {
        return Load.Measured.parse(caller().ask("run " + callers + " " + bytes + " " + millis));
    }

    Child caller() {
        return children.get(SERVERS);
    }

    /** Kills the last server, which no other one depends on more than on the rest. */
    void killServer() {
        children.get(SERVERS - 1).kill();
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
