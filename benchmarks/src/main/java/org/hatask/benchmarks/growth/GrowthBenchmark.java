package org.hatask.benchmarks.growth;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.hatask.benchmarks.Arguments;
import org.hatask.benchmarks.Rounds;
import org.hatask.benchmarks.growth.Nodes.Size;
import org.hatask.benchmarks.growth.ZooKeeperProcess.Counters;

/**
 * Clusters of several sizes, one after the other, each with a ZooKeeper server of its own. Most nodes are in one process; some
 * have one of their own, so that it can be killed when its node is the master.
 */
public final class GrowthBenchmark {

    /** A session, in which everything is looked at again once. */
    private static final int IDLE_MILLIS = 6_000;

    /** After which nothing that a change has caused is under way any more. */
    private static final int SETTLE_MILLIS = 2_000;

    private static final int MAX_SETTLES = 20;

    private static final List<String> ZOOKEEPER = List.of(
            "connections",
            "watches",
            "idle: pings/s",
            "reads/s",
            "writes/s",
            "KiB/s",
            "a join: requests",
            "notifications",
            "KiB",
            "a leave: requests",
            "notifications ",
            "KiB ");
    private static final List<String> MASTERS = List.of(
            "stop, ms", "requests", "notifications", "KiB", "kill -9, ms", "requests ", "notifications ", "KiB ");
    private static final List<String> NODES = List.of(
            "links",
            "threads a node",
            "heap a node, KiB",
            "processor, ms a second and node",
            "each called each: links",
            "threads a node ",
            "heap a node, KiB ",
            "processor, ms a second and node ");

    private final int number;
    private final String maxHeap;
    private final Rounds zooKeeperCost = new Rounds();
    private final Rounds masters = new Rounds();
    private final Rounds nodesCost = new Rounds();

    private GrowthBenchmark(int number, String maxHeap) {
        this.number = number;
        this.maxHeap = maxHeap;
    }

    public static void run(Arguments arguments) throws Exception {
        GrowthBenchmark benchmark =
                new GrowthBenchmark(arguments.number("rounds", 2, 1), arguments.text("max-heap", "3g"));
        List<Integer> sizes = Arrays.stream(
                        arguments.text("nodes", "3,10,30,60").split(","))
                .map(Integer::valueOf)
                .toList();
        arguments.nothingElse();
        for (int size : sizes) {
            if (size < 3) {
                throw new IllegalArgumentException("--nodes: a cluster has at least three here.");
            }
        }
        for (int size : sizes) {
            try (Cluster cluster = new Cluster(size, benchmark.maxHeap)) {
                benchmark.measure(cluster);
            }
        }
        benchmark.print(sizes);
    }

    private void measure(Cluster cluster) throws Exception {
        String subject = cluster.size() + " nodes";
        long start = System.nanoTime();
        cluster.start();
        System.out.printf(Locale.ROOT, "%s after %d ms%n", subject, millisSince(start));
        Idle idle = cluster.idle();
        nodesCost.add(subject, NODES.get(0), idle.links());
        add(nodesCost, subject, NODES.subList(1, 4), idle.threadsPerNode(), idle.heapPerNode(), idle.cpuPerNode());
        add(
                zooKeeperCost,
                subject,
                ZOOKEEPER.subList(0, 6),
                idle.counters().connections(),
                idle.counters().watches(),
                idle.perSecond(idle.counters().pings()),
                idle.perSecond(idle.counters().reads()),
                idle.perSecond(idle.counters().writes()),
                idle.perSecond(idle.counters().bytesSent()) / 1024);
        System.out.println("  idle: " + idle);
        for (int round = 1; round <= number; round++) {
            String id = "joins-" + round;
            Change join = cluster.join(id, idle);
            Change leave = cluster.leave(id, idle);
            System.out.println("  join: " + join + "; leave: " + leave);
            add(zooKeeperCost, subject, ZOOKEEPER.subList(6, 9), join.requests(), join.notifications(), join.kib());
            add(zooKeeperCost, subject, ZOOKEEPER.subList(9, 12), leave.requests(), leave.notifications(), leave.kib());
        }
        int stops = 0;
        int kills = 0;
        while (stops < number || kills < number) {
            boolean kill = cluster.masterIsAlone();
            Change change = cluster.changeMaster(kill, idle);
            System.out.println("  " + (kill ? "kill -9: " : "stop: ") + change);
            List<String> columns = kill ? MASTERS.subList(4, 8) : MASTERS.subList(0, 4);
            add(masters, subject, columns, change.millis(), change.requests(), change.notifications(), change.kib());
            kills += kill ? 1 : 0;
            stops += kill ? 0 : 1;
        }
        cluster.callEverybody();
        Idle meshed = cluster.idle();
        System.out.println("  each has called each: " + meshed);
        nodesCost.add(subject, NODES.get(4), meshed.links());
        add(
                nodesCost,
                subject,
                NODES.subList(5, 8),
                meshed.threadsPerNode(),
                meshed.heapPerNode(),
                meshed.cpuPerNode());
    }

    private static void add(Rounds rounds, String subject, List<String> columns, double... figures) {
        for (int i = 0; i < figures.length; i++) {
            rounds.add(subject, columns.get(i), figures[i]);
        }
    }

    private void print(List<Integer> sizes) {
        List<String> subjects = sizes.stream().map(size -> size + " nodes").toList();
        Rounds.print("ZooKeeper", "%.1f", subjects, ZOOKEEPER, zooKeeperCost::median);
        Rounds.print("new master, all agree", "%.0f", subjects, MASTERS, masters::median);
        Rounds.print("nodes", "%.1f", subjects, NODES, nodesCost::median);
    }

    private static long millisSince(long nanos) {
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - nanos);
    }

    /**
     * A time in which nothing happened, and what the nodes took up after it.
     *
     * @param seconds how long it was
     * @param cpuPerNode milliseconds of a processor in a second, as are all figures of nodes: of those that share a process
     * @param heapPerNode KiB, without what they share
     */
    private record Idle(
            double seconds,
            Counters counters,
            double cpuPerNode,
            double threadsPerNode,
            double heapPerNode,
            long links) {

        double perSecond(long count) {
            return count / seconds;
        }

        @Override
        public String toString() {
            return String.format(
                    Locale.ROOT,
                    "%.1f pings/s, %.1f reads/s, %.1f writes/s, %d watches; %.2f ms/s, %.1f threads, %.0f KiB a node; %d links",
                    perSecond(counters.pings()),
                    perSecond(counters.reads()),
                    perSecond(counters.writes()),
                    counters.watches(),
                    cpuPerNode,
                    threadsPerNode,
                    heapPerNode,
                    links);
        }
    }

    /**
     * What a change caused, without what would have been there anyway.
     *
     * @param millis until all nodes knew of it
     */
    private record Change(long millis, double requests, double notifications, double kib) {

        @Override
        public String toString() {
            return String.format(
                    Locale.ROOT,
                    "%d ms, %.0f requests, %.0f notifications, %.1f KiB",
                    millis,
                    requests,
                    notifications,
                    kib);
        }
    }

    private static final class Cluster implements AutoCloseable {

        private final int size;
        private final ZooKeeperProcess zooKeeper;
        private final Nodes together;

        /** Nodes in a process of their own, by id. */
        private final Map<String, Nodes> alone = new LinkedHashMap<>();

        /** What the process of most nodes takes up with one of them in it. */
        private Size withOne = new Size(0, 0, 0);

        private int made;

        Cluster(int size, String maxHeap) throws IOException {
            this.size = size;
            this.zooKeeper = ZooKeeperProcess.start();
            this.together = Nodes.start(zooKeeper.port(), maxHeap);
        }

        int size() {
            return size;
        }

        /** Who came first leads first: by turns one of the process and one that has its own, then all others. */
        void start() throws IOException {
            addTogether(1);
            withOne = together.size();
            int pairs = Math.min(3, size / 2);
            for (int i = 0; i < pairs; i++) {
                addAlone();
                if (made < size) {
                    addTogether(1);
                }
            }
            if (made < size) {
                addTogether(size - made);
            }
            awaitMembers(size);
        }

        private void addTogether(int more) throws IOException {
            together.add(IntStream.range(made, made + more)
                    .mapToObj(index -> "node-" + index)
                    .toList());
            made += more;
        }

        private void addAlone() throws IOException {
            String id = "alone-" + made++;
            Nodes nodes = Nodes.start(zooKeeper.port(), "256m");
            alone.put(id, nodes);
            nodes.add(List.of(id));
        }

        private List<Nodes> processes() {
            List<Nodes> all = new ArrayList<>(alone.values());
            all.add(together);
            return all;
        }

        private void awaitMembers(int number) throws IOException {
            for (Nodes nodes : processes()) {
                nodes.awaitMembers(number);
            }
        }

        /** Until nothing seems to happen any more: with many nodes at once that takes a while. */
        private void settle() throws Exception {
            long last = Long.MAX_VALUE;
            for (int i = 0; i < MAX_SETTLES; i++) {
                Counters before = zooKeeper.counters();
                Thread.sleep(SETTLE_MILLIS);
                Counters counted = zooKeeper.counters().since(before);
                long now = counted.reads() + counted.writes() + counted.notifications();
                if (last != Long.MAX_VALUE && now < 2L * size + 50 && Math.abs(now - last) < size + 10) {
                    return;
                }
                last = now;
            }
            System.out.println("  It does not come to rest.");
        }

        Idle idle() throws Exception {
            settle();
            int inOne = size - alone.size();
            long cpu = together.cpuMillis();
            long start = System.nanoTime();
            Counters before = zooKeeper.counters();
            Thread.sleep(IDLE_MILLIS);
            Counters counted = zooKeeper.counters().since(before);
            double seconds = (System.nanoTime() - start) / 1e9;
            double used = together.cpuMillis() - cpu;
            Size now = together.size();
            long links = 0;
            for (Nodes nodes : processes()) {
                links += nodes.size().links();
            }
            return new Idle(
                    seconds,
                    counted,
                    used / seconds / inOne,
                    (now.threads() - withOne.threads()) / (inOne - 1.0),
                    (now.heap() - withOne.heap()) / 1024.0 / (inOne - 1),
                    links);
        }

        /** Does something, waits until it is over, and tells what it cost beyond the usual. */
        private Change change(Idle usual, Doing doing) throws Exception {
            Thread.sleep(SETTLE_MILLIS);
            long start = System.nanoTime();
            Counters before = zooKeeper.counters();
            long nanos = doing.something();
            Thread.sleep(SETTLE_MILLIS);
            Counters counted = zooKeeper.counters().since(before);
            double share = (System.nanoTime() - start) / 1e9 / usual.seconds();
            double requests = counted.reads() + counted.writes();
            double always = usual.counters().reads() + usual.counters().writes();
            return new Change(
                    TimeUnit.NANOSECONDS.toMillis(nanos),
                    requests - share * always,
                    counted.notifications() - share * usual.counters().notifications(),
                    (counted.bytesSent() - share * usual.counters().bytesSent()) / 1024);
        }

        /** Returns the nanoseconds that are of interest. */
        private interface Doing {
            long something() throws Exception;
        }

        Change join(String id, Idle usual) throws Exception {
            return change(usual, () -> {
                together.add(List.of(id));
                long joined = System.nanoTime();
                awaitMembers(size + 1);
                return System.nanoTime() - joined;
            });
        }

        Change leave(String id, Idle usual) throws Exception {
            return change(usual, () -> {
                long start = System.nanoTime();
                together.stop(id);
                awaitMembers(size);
                return System.nanoTime() - start;
            });
        }

        boolean masterIsAlone() throws IOException {
            return alone.containsKey(together.master()[0]);
        }

        /** Ends the master's node, and puts another in its place when all is over. */
        Change changeMaster(boolean kill, Idle usual) throws Exception {
            String[] master = together.master();
            Change change = change(usual, () -> {
                Nodes killed = kill ? alone.remove(master[0]) : null;
                long start = System.nanoTime();
                if (killed == null) {
                    together.stop(master[0]);
                } else {
                    killed.kill();
                }
                for (Nodes nodes : processes()) {
                    nodes.agree(master[1]);
                }
                long last = start;
                for (Nodes nodes : processes()) {
                    last = Math.max(last, nodes.agreed());
                }
                if (killed != null) {
                    killed.close();
                }
                awaitMembers(size - 1);
                return last - start;
            });
            if (kill) {
                addAlone();
            } else {
                addTogether(1);
            }
            awaitMembers(size);
            return change;
        }

        void callEverybody() throws IOException {
            for (Nodes nodes : processes()) {
                nodes.callEverybody();
            }
        }

        @Override
        public void close() throws Exception {
            // In order it would take as long as they needed to start, and nobody needs them any more.
            for (Nodes nodes : processes()) {
                nodes.kill();
                nodes.close();
            }
            zooKeeper.close();
        }
    }
}
