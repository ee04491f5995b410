package org.hatask.benchmarks.growth;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.logging.LogManager;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.hatask.HaCluster;
import org.hatask.HaTask;
import org.hatask.benchmarks.calls.Child;
import org.hatask.benchmarks.calls.Member;
import org.hatask.benchmarks.calls.WebApplication;
import org.hatask.link.LinkInfo;
import org.hatask.link.LinkTransport;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.stereotype.Component;

/** A process with nodes in it, each a whole application with a web server. */
public final class Nodes implements AutoCloseable {

    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(60);

    private final Child child;

    private Nodes(Child child) {
        this.child = child;
    }

    static Nodes start(int zooKeeperPort, String maxHeap) throws IOException {
        // Several applications at once would each set up the logging of all.
        List<String> javaOptions =
                List.of("-Xmx" + maxHeap, "-Xss512k", "-Dorg.springframework.boot.logging.LoggingSystem=none");
        Nodes nodes = new Nodes(Child.start(javaOptions, "nodes", "" + zooKeeperPort));
        nodes.child.await();
        return nodes;
    }

    /** Starts nodes, several at once, and returns when each knows that it is a member. */
    void add(Collection<String> ids) throws IOException {
        child.ask("add " + String.join(" ", ids));
    }

    /** Begins to stop a node in order and returns at once. */
    void stop(String id) throws IOException {
        child.ask("stop " + id);
    }

    void kill() {
        child.kill();
    }

    /** Returns when all its nodes see that many members and a master. */
    void awaitMembers(int number) throws IOException {
        child.ask("members " + number);
    }

    /** Id and epoch of the master. */
    String[] master() throws IOException {
        return child.ask("master").split(" ");
    }

    /** To be asked for {@link #agreed()} later: when all its nodes see a master of a later epoch, who leads. */
    void agree(String epoch) {
        child.tell("agree " + epoch);
    }

    /** When that was, by the machine's monotonic clock. */
    long agreed() throws IOException {
        return Long.parseLong(child.answer());
    }

    /** Has each node call as many tasks as there are members, by turns. */
    void callEverybody() throws IOException {
        child.ask("call");
    }

    Size size() throws IOException {
        return Size.parse(child.ask("size"));
    }

    long cpuMillis() {
        return child.cpu().toMillis();
    }

    @Override
    public void close() throws Exception {
        child.close();
    }

    /**
     * What they take up.
     *
     * @param heap bytes that a collection leaves
     * @param threads of the whole process
     * @param links that nodes of this process have opened
     */
    record Size(long heap, long threads, long links) {

        @Override
        public String toString() {
            return LongStream.of(heap, threads, links).mapToObj(String::valueOf).collect(Collectors.joining(" "));
        }

        static Size parse(String text) {
            long[] all =
                    Arrays.stream(text.split(" ")).mapToLong(Long::parseLong).toArray();
            return new Size(all[0], all[1], all[2]);
        }
    }

    /** The main part of the process. */
    public static void serve(int zooKeeperPort) throws Exception {
        // Tomcat's; Spring Boot, which would take it in, is told to leave logging alone.
        LogManager.getLogManager().reset();
        try (Host host = new Host(zooKeeperPort)) {
            Member.say("ready");
            BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                List<String> words = List.of(line.split(" "));
                Member.say(host.answer(words.get(0), words.subList(1, words.size())));
            }
        }
    }

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    @Import(Desk.class)
    static class Application {}

    @Component("desk")
    static class Desk {

        @HaTask
        public String work(String text) {
            return text;
        }
    }

    private static final class Host implements AutoCloseable {

        private final int zooKeeperPort;
        private final Map<String, ConfigurableApplicationContext> contexts = new ConcurrentHashMap<>();
        private final ExecutorService starters =
                Executors.newFixedThreadPool(Runtime.getRuntime().availableProcessors());

        Host(int zooKeeperPort) {
            this.zooKeeperPort = zooKeeperPort;
        }

        String answer(String command, List<String> arguments) throws Exception {
            switch (command) {
                case "add" -> add(arguments);
                case "stop" -> starters.execute(contexts.remove(arguments.get(0))::close);
                case "members" -> await(members(Integer.parseInt(arguments.get(0))));
                case "agree" -> {
                    await(later(Long.parseLong(arguments.get(0))));
                    return "" + System.nanoTime();
                }
                case "call" -> callEverybody();
                case "master" -> {
                    HaCluster any = clusters().get(0);
                    return any.master().orElseThrow().id() + " " + any.epoch().orElseThrow();
                }
                case "size" -> {
                    return size().toString();
                }
                default -> throw new IllegalArgumentException("'" + command + "' is no command.");
            }
            return "";
        }

        private void add(List<String> ids) throws Exception {
            List<Future<?>> started = ids.stream()
                    .<Future<?>>map(id -> starters.submit(() -> start(id)))
                    .toList();
            for (Future<?> each : started) {
                each.get();
            }
            await(cluster -> cluster.members().stream()
                    .anyMatch(member -> member.id().equals(cluster.self().id())));
        }

        private void start(String id) {
            contexts.put(
                    id,
                    WebApplication.start(
                            Application.class,
                            0,
                            List.of("ha.node.id=" + id, "ha.zookeeper.connect-string=127.0.0.1:" + zooKeeperPort)));
        }

        private List<HaCluster> clusters() {
            return contexts.values().stream()
                    .map(context -> context.getBean(HaCluster.class))
                    .toList();
        }

        private void await(Predicate<HaCluster> condition) throws InterruptedException {
            List<HaCluster> left = new ArrayList<>(clusters());
            long end = System.nanoTime() + PATIENCE_NANOS;
            for (left.removeIf(condition); !left.isEmpty(); left.removeIf(condition)) {
                if (System.nanoTime() - end > 0) {
                    throw new IllegalStateException("Not so after a minute: "
                            + left.get(0).members() + ", master " + left.get(0).master());
                }
                Thread.sleep(1);
            }
        }

        private static Predicate<HaCluster> members(int number) {
            return cluster ->
                    cluster.members().size() == number && cluster.master().isPresent();
        }

        private static Predicate<HaCluster> later(long epoch) {
            return cluster -> cluster.epoch().orElse(0) > epoch
                    && cluster.master()
                            .filter(master -> !master.id().equals(cluster.self().id()) || cluster.isMaster())
                            .isPresent();
        }

        private void callEverybody() {
            contexts.values().parallelStream().forEach(context -> {
                Desk desk = context.getBean(Desk.class);
                int members = context.getBean(HaCluster.class).members().size();
                for (int i = 0; i < 2 * members; i++) {
                    desk.work("text");
                }
            });
        }

        private Size size() throws InterruptedException {
            for (int i = 0; i < 3; i++) {
                System.gc();
                Thread.sleep(100);
            }
            long links = contexts.values().stream()
                    .flatMap(context -> context.getBean(LinkTransport.class).links().stream())
                    .filter(LinkInfo::dialled)
                    .count();
            return new Size(
                    ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed(),
                    ManagementFactory.getThreadMXBean().getThreadCount(),
                    links);
        }

        @Override
        public void close() throws InterruptedException {
            contexts.values().forEach(context -> starters.execute(context::close));
            starters.shutdown();
            starters.awaitTermination(PATIENCE_NANOS, TimeUnit.NANOSECONDS);
        }
    }
}
