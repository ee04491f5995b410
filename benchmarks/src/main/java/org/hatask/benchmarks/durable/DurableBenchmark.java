package org.hatask.benchmarks.durable;

import com.zaxxer.hikari.HikariDataSource;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.hatask.benchmarks.Arguments;
import org.hatask.benchmarks.PostgreSql;
import org.hatask.benchmarks.Rounds;

/** Durable tasks submitted and completed per second. */
public final class DurableBenchmark {

    private static final String SUBMITTED = "submitted/s";
    private static final String BULK = "in bulk/s";
    private static final String BACKLOG = "backlog/s";
    private static final String THROUGH = "through/s";
    private static final List<String> COLUMNS = List.of(SUBMITTED, BULK, BACKLOG, THROUGH);

    private static final String OURS = "HA Task, PostgreSQL";
    private static final String ARGUMENT = "an order of a hundred shares, for one desk";
    private static final int IN_BULK = 100;

    /** Rounds that do not count: with fewer, what is measured is how fast a library is compiled. */
    private static final int WARM_UP = 2;

    private static final Duration PATIENCE = Duration.ofMinutes(2);

    private final Options options;
    private final PostgreSql server;
    private final Rounds rounds = new Rounds();

    private record Options(int rounds, int tasks, int threads, int submitters, int millis, Set<String> only) {

        static Options of(Arguments arguments) {
            Options options = new Options(
                    arguments.number("rounds", 3, 1),
                    arguments.number("tasks", 3000, IN_BULK),
                    arguments.number("threads", 16, 1),
                    arguments.number("submitters", 16, 1),
                    arguments.number("millis", 0, 0),
                    Set.of(arguments
                            .text("only", "jdbc,zookeeper,memory,db-scheduler,jobrunr")
                            .split(",")));
            arguments.nothingElse();
            return options;
        }
    }

    private DurableBenchmark(Options options, PostgreSql server) {
        this.options = options;
        this.server = server;
    }

    public static void run(Arguments arguments) throws Exception {
        Options options = Options.of(arguments);
        try (PostgreSql server = PostgreSql.start()) {
            Work.takes(options.millis());
            new DurableBenchmark(options, server).run();
        }
    }

    private void run() throws Exception {
        System.out.printf(
                Locale.ROOT,
                "PostgreSQL %s, fsync %s, synchronous_commit %s; a commit alone takes %.2f ms. %d processors, load %.1f.%n"
                        + "%d rounds after %d to warm up, %d tasks a stage (ZooKeeper fewer), %d threads execute, %d submit,"
                        + " a task takes %d ms.%n",
                server.tell("version"),
                server.tell("fsync"),
                server.tell("synchronous_commit"),
                server.commitMillis(),
                Runtime.getRuntime().availableProcessors(),
                load(),
                options.rounds(),
                WARM_UP,
                options.tasks(),
                options.threads(),
                options.submitters(),
                options.millis());
        for (int round = 1 - WARM_UP; round <= options.rounds(); round++) {
            System.out.printf(Locale.ROOT, "round %d, load %.1f%n", round, load());
            measureAll(round > 0);
        }
        print();
        System.out.printf(Locale.ROOT, "A commit alone takes %.2f ms now, load %.1f.%n", server.commitMillis(), load());
    }

    private static double load() {
        return ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage();
    }

    private void measureAll(boolean counts) throws Exception {
        int threads = options.threads();
        // All of a stage fit into what a node may submit to ZooKeeper at once.
        int few = Math.min(options.tasks(), 300);
        measure(counts, "jdbc", OURS, options.tasks(), true, pool -> HaTaskNode.inDatabase(pool, threads));
        measure(counts, "db-scheduler", "db-scheduler", options.tasks(), true, pool -> new DbScheduler(pool, threads));
        measure(counts, "jobrunr", "JobRunr", options.tasks(), true, pool -> new JobRunrServer(pool, threads));
        measure(counts, "zookeeper", "HA Task, ZooKeeper", few, false, pool -> HaTaskNode.inZooKeeper(threads));
        measure(counts, "memory", "HA Task, memory", options.tasks(), false, pool -> HaTaskNode.inMemory(threads));
    }

    /** Time of processors. */
    private record Cpu(Duration here, Duration database) {

        Cpu minus(Cpu before) {
            return new Cpu(here.minus(before.here), database.minus(before.database));
        }
    }

    private Cpu cpu() {
        Duration here = ProcessHandle.current().info().totalCpuDuration().orElse(Duration.ZERO);
        return new Cpu(here, server.cpu());
    }

    private interface Opening {
        Contender open(HikariDataSource pool) throws Exception;
    }

    private void measure(boolean counts, String option, String name, int tasks, boolean bulk, Opening opening)
            throws Exception {
        if (!options.only().contains(option)) {
            return;
        }
        HikariDataSource pool = server.newDatabase(options.threads() + options.submitters());
        try (Contender contender = opening.open(pool)) {
            Stages stages = new Stages(contender, tasks);
            // What is done for the first time is not what is asked for.
            stages.through(50);
            double submitted = stages.submitted();
            Cpu before = cpu();
            double backlog = stages.backlog();
            Cpu used = cpu().minus(before);
            double through = stages.through(tasks);
            OptionalDouble inBulk = bulk ? OptionalDouble.of(stages.inBulk()) : OptionalDouble.empty();
            System.out.printf(
                    Locale.ROOT,
                    "  %-20s %6.0f submitted/s, %6.0f backlog/s (a task %4.0f µs here, %4.0f µs in the database), %6.0f through/s%n",
                    name,
                    submitted,
                    backlog,
                    used.here().toNanos() / 1e3 / tasks,
                    used.database().toNanos() / 1e3 / tasks,
                    through);
            if (counts) {
                rounds.add(name, SUBMITTED, submitted);
                rounds.add(name, BACKLOG, backlog);
                rounds.add(name, THROUGH, through);
                inBulk.ifPresent(figure -> rounds.add(name, BULK, figure));
            }
        } finally {
            server.drop(pool);
        }
    }

    /** What is measured of one contender, in this order. */
    private final class Stages {

        private final Contender contender;
        private final int tasks;

        Stages(Contender contender, int tasks) {
            this.contender = contender;
            this.tasks = tasks;
        }

        /** Nothing is executed meanwhile. */
        double submitted() throws Exception {
            Work.reset();
            contender.pause();
            return submit(tasks, 1);
        }

        /** Of what was submitted before: from the first call to the end of the last being written. */
        double backlog() throws Exception {
            contender.resume();
            awaitEnd(tasks);
            return perSecond(tasks, Work.firstNanos());
        }

        /** From the first submission to the end of the last being written. */
        double through(int some) throws Exception {
            Work.reset();
            long start = System.nanoTime();
            submit(some, 1);
            awaitEnd(some);
            return perSecond(some, start);
        }

        double inBulk() throws Exception {
            contender.pause();
            return submit(tasks, IN_BULK);
        }

        private double submit(int some, int atOnce) throws Exception {
            List<String> arguments =
                    IntStream.range(0, atOnce).mapToObj(i -> ARGUMENT).toList();
            AtomicInteger left = new AtomicInteger(some / atOnce);
            long start = System.nanoTime();
            inThreads(() -> {
                while (left.getAndDecrement() > 0) {
                    if (atOnce == 1) {
                        contender.submit(ARGUMENT);
                    } else {
                        contender.submitAll(arguments);
                    }
                }
                return null;
            });
            return perSecond(some / atOnce * atOnce, start);
        }

        private void awaitEnd(int some) throws Exception {
            long end = System.nanoTime() + PATIENCE.toNanos();
            while (Work.calls() < some || contender.unfinished() > 0) {
                if (System.nanoTime() - end > 0) {
                    throw new IllegalStateException("Of " + some + " tasks, " + Work.calls() + " were executed in "
                            + PATIENCE + " and " + contender.unfinished() + " have not ended.");
                }
                Thread.sleep(2);
            }
            if (Work.calls() != some) {
                throw new IllegalStateException(Work.calls() + " calls for " + some + " tasks");
            }
        }
    }

    private static double perSecond(int tasks, long sinceNanos) {
        return tasks * 1e9 / (System.nanoTime() - sinceNanos);
    }

    private void inThreads(Callable<?> work) throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(options.submitters());
        try {
            List<Callable<Object>> calls = new ArrayList<>();
            for (int i = 0; i < options.submitters(); i++) {
                calls.add(work::call);
            }
            for (Future<Object> call : pool.invokeAll(calls)) {
                call.get();
            }
        } finally {
            pool.shutdownNow();
        }
    }

    /** As a table of Markdown, so that it can be kept. */
    private void print() {
        System.out.println("\n| median | " + String.join(" | ", COLUMNS) + " |\n|---|---:|---:|---:|---:|");
        for (String name : rounds.subjects()) {
            System.out.println("| " + name + " | " + row(column -> text(rounds.median(name, column), "%.0f")) + " |");
        }
        System.out.println(
                "\n| " + OURS + ", times | " + String.join(" | ", COLUMNS) + " |\n|---|---:|---:|---:|---:|");
        for (String name : rounds.subjects()) {
            if (!name.equals(OURS)) {
                System.out.println(
                        "| " + name + " | " + row(column -> text(rounds.ratio(OURS, name, column), "%.2f")) + " |");
            }
        }
        System.out.println();
    }

    private static String row(UnaryOperator<String> cell) {
        return COLUMNS.stream().map(cell).collect(Collectors.joining(" | "));
    }

    private static String text(OptionalDouble figure, String format) {
        return figure.isPresent() ? String.format(Locale.ROOT, format, figure.getAsDouble()) : "";
    }
}
