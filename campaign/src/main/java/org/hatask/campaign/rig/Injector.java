package org.hatask.campaign.rig;

import java.time.Duration;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.hatask.campaign.rig.Fault.Kind;

/**
 * Makes faults happen and takes each back when its time is over. One thread, on which everything happens, owns the state; so a
 * fault is done when the next one begins.
 */
public final class Injector implements AutoCloseable {

    private final Cluster cluster;
    private final Network network;
    private final Timeline timeline;
    private final Map<Kind, Integer> injected = new EnumMap<>(Kind.class);
    private final Map<Kind, Integer> skipped = new EnumMap<>(Kind.class);
    private final Set<String> down = new HashSet<>();
    private final ScheduledThreadPoolExecutor thread = new ScheduledThreadPoolExecutor(1, work -> {
        Thread daemon = new Thread(work, "injector");
        daemon.setDaemon(true);
        return daemon;
    });

    /** How to take it back, or that it was not possible. */
    private sealed interface Result {}

    private record Injected(String what, Runnable undo) implements Result {}

    private record Skipped(String why) implements Result {}

    public Injector(Cluster cluster, Timeline timeline) {
        this.cluster = cluster;
        this.network = cluster.network();
        this.timeline = timeline;
    }

    /** Injects the faults at their times; returns when all are over and taken back. */
    public void run(List<Fault> faults, Duration length) {
        long start = System.nanoTime();
        for (Fault fault : faults) {
            at(start, fault.at(), () -> inject(fault));
        }
        Waiting.millis(length.toMillis());
        Waiting.until(Duration.ofSeconds(60), () -> thread.getQueue().isEmpty() && thread.getActiveCount() == 0);
    }

    public Map<Kind, Integer> injected() {
        return Map.copyOf(injected);
    }

    public Map<Kind, Integer> skipped() {
        return Map.copyOf(skipped);
    }

    private void at(long start, Duration after, Runnable work) {
        long in = start + after.toNanos() - System.nanoTime();
        thread.schedule(
                () -> {
                    try {
                        work.run();
                    } catch (RuntimeException e) {
                        timeline.add("the injector failed: " + e);
                    }
                },
                in,
                TimeUnit.NANOSECONDS);
    }

    private void inject(Fault fault) {
        String target = "n" + fault.target();
        if (fault.onMaster() && fault.kind() != Kind.PROMOTE) {
            target = cluster.master().orElse(target);
        }
        String node = target;
        Result result = apply(fault, node);
        if (result instanceof Skipped skip) {
            skipped.merge(fault.kind(), 1, Integer::sum);
            timeline.add("skipped " + fault.kind() + " of " + node + ": " + skip.why());
        } else if (result instanceof Injected done) {
            injected.merge(fault.kind(), 1, Integer::sum);
            timeline.add(
                    fault.kind() + " " + done.what() + " for " + fault.length().toMillis() + " ms");
            at(System.nanoTime(), fault.length(), () -> {
                done.undo().run();
                timeline.add("end of " + fault.kind() + " " + done.what());
            });
        }
    }

    private Result apply(Fault fault, String node) {
        String other = "n" + fault.other();
        if (other.equals(node)) {
            other = "n" + fault.target();
        }
        String server = "z" + fault.target();
        return switch (fault.kind()) {
            case KILL -> stop(node, Child::kill9);
            case TERMINATE -> stop(node, Child::terminate);
            case PAUSE -> pause(node);
            case CLOCK -> clock(node, fault.amount());
            case CUT -> cut(node + " <> " + other, network.between(node, other).toList());
            case CUT_ONE_WAY -> cut(node + " -> " + other, List.of(network.flow(node, other)));
            case SLOW ->
                slow(node + " <> " + other, network.between(node, other).toList(), fault.amount());
            case ZOOKEEPER_SLOW -> slow(node + " <> ZooKeeper", toZooKeeper(node), fault.amount());
            case ZOOKEEPER_CUT -> cut(node + " <> ZooKeeper", toZooKeeper(node));
            case ZOOKEEPER_CUT_ONE_WAY ->
                cut(
                        node + " -> ZooKeeper",
                        cluster.zooKeepersBeyond(node).stream()
                                .map(z -> network.flow(node, z))
                                .toList());
            case ZOOKEEPER_MINORITY -> minority(node);
            case ZOOKEEPER_KILL -> killServers(List.of(server));
            case ZOOKEEPER_RESTART -> killServers(cluster.zooKeepers());
            case REJECT -> reject(node);
            case FALSE_CRASH -> falseCrash(node);
            case PROMOTE -> promote(node);
        };
    }

    private Result stop(String node, Consumer<Child> how) {
        Child child = cluster.child(node);
        if (!child.isAlive() || down.contains(node)) {
            return new Skipped("it is down");
        }
        if (living() <= leastAlive()) {
            return new Skipped("only " + leastAlive() + " nodes are alive");
        }
        how.accept(child);
        down.add(node);
        return new Injected(node, () -> {
            // Who was paused when it was told to stop has not heard of it.
            child.resume();
            if (!child.awaitEnd(Duration.ofSeconds(15))) {
                timeline.add(node + " does not stop in order: killed");
                child.kill9();
            }
            child.start();
            down.remove(node);
        });
    }

    /** With fewer, a campaign would test how one node gets on alone, or how a quorum does without its majority. */
    private int leastAlive() {
        return cluster.setup().ensemble() == Ensemble.EMBEDDED ? cluster.nodes().size() / 2 + 1 : 2;
    }

    private long living() {
        return cluster.nodes().stream()
                .filter(node -> cluster.child(node).isWell())
                .count();
    }

    private Result pause(String node) {
        Child child = cluster.child(node);
        if (!child.isWell()) {
            return new Skipped("it is paused or down");
        }
        child.pause();
        return new Injected(node, child::resume);
    }

    private Result clock(String node, int seconds) {
        Clock clock = cluster.clock(node);
        if (!clock.canShift()) {
            return new Skipped("there is no C compiler to make a shifted clock");
        }
        clock.shift(seconds);
        return new Injected(node + " by " + seconds + " s", () -> clock.shift(0));
    }

    private List<Flow> toZooKeeper(String node) {
        return cluster.zooKeepersBeyond(node).stream()
                .flatMap(server -> network.between(node, server))
                .toList();
    }

    private static Result cut(String what, List<Flow> flows) {
        flows.forEach(Flow::cut);
        return new Injected(what, () -> flows.forEach(Flow::heal));
    }

    private static Result slow(String what, List<Flow> flows, int millis) {
        // From a slow line with few losses to a fast one with many.
        double loss = millis < 100 ? 0.25 : 0.05;
        flows.forEach(flow -> flow.slow(Duration.ofMillis(millis), loss));
        return new Injected(
                what + " by " + millis + " ms and " + Math.round(loss * 100) + " %", () -> flows.forEach(Flow::fast));
    }

    /** The node keeps the server it is connected to, which loses the others. */
    private Result minority(String node) {
        Optional<String> connected = cluster.zooKeeperOf(node);
        if (connected.isEmpty()) {
            return new Skipped("it has no connection to ZooKeeper");
        }
        String server = connected.get();
        List<Flow> flows = cluster.zooKeepersBeyond(server).stream()
                .flatMap(other -> Stream.concat(network.between(server, other), network.between(node, other)))
                .toList();
        return cut(node + " with " + server, flows);
    }

    private Result killServers(List<String> servers) {
        if (servers.stream().anyMatch(down::contains)) {
            return new Skipped("one of them is down");
        }
        servers.forEach(server -> cluster.child(server).kill9());
        down.addAll(servers);
        return new Injected(String.join(" ", servers), () -> {
            servers.forEach(server -> cluster.child(server).start());
            servers.forEach(down::remove);
        });
    }

    private Result reject(String node) {
        List<TcpProxy> lines = network.linesTo(node, cluster.nodes()).toList();
        lines.forEach(TcpProxy::reject);
        return new Injected("by " + node, () -> lines.forEach(TcpProxy::admit));
    }

    private Result falseCrash(String node) {
        List<TcpProxy> lines = network.linesTo(node, cluster.nodes()).toList();
        List<Flow> flows = toZooKeeper(node);
        flows.forEach(Flow::cut);
        lines.forEach(TcpProxy::reject);
        return new Injected("of " + node, () -> {
            lines.forEach(TcpProxy::admit);
            flows.forEach(Flow::heal);
        });
    }

    /** A node that is well and not master, by a command to another one that is well, or to itself. */
    private Result promote(String preferred) {
        String master = cluster.master().orElse("nobody");
        List<String> well = cluster.nodes().stream()
                .filter(node -> !node.equals(master) && cluster.child(node).isWell())
                .toList();
        if (well.isEmpty()) {
            return new Skipped("no other node is well");
        }
        String promoted = well.contains(preferred) ? preferred : well.get(0);
        String via = well.get(well.size() - 1);
        return cluster.promote(via, promoted)
                ? new Injected(promoted + " at " + via, () -> {})
                : new Skipped(via + " refused to promote " + promoted + ", or did not answer");
    }

    @Override
    public void close() {
        thread.shutdownNow();
    }
}
