package org.hatask.benchmarks.starter;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.stream.Stream;
import org.hatask.benchmarks.Arguments;
import org.hatask.benchmarks.Rounds;
import org.hatask.benchmarks.growth.ZooKeeperProcess;

/**
 * A plain web application, the same with Actuator, and the same with the starter, which brings Actuator. Each start is a process
 * of its own with the class path that such an application has; ZooKeeper is another.
 */
public final class StarterBenchmark {

    private static final List<String> COLUMNS = List.of(
            "started, ms",
            "answers, ms",
            "heap, KiB",
            "metaspace, KiB",
            "threads",
            "classes",
            "processor until then, ms");

    private static final String ACTUATOR = "with actuator";
    private static final String STARTER = "with the starter";

    /** Of files of the class path, whose names begin so: what Actuator brings. */
    private static final Set<String> OF_ACTUATOR =
            Set.of("spring-boot-actuator", "micrometer-core", "micrometer-jakarta9", "HdrHistogram", "LatencyUtils");

    /** What the starter brings beside it. */
    private static final Set<String> OF_STARTER = Set.of(
            "ha-spring-boot",
            "spring-cloud",
            "spring-security-crypto",
            "resilience4j",
            "reactor",
            "reactive-streams",
            "curator",
            "zookeeper",
            "audience-annotations",
            "netty",
            "guava",
            "failureaccess",
            "listenablefuture",
            "jsr305",
            "checker-qual",
            "error_prone_annotations",
            "j2objc-annotations",
            "commons-io",
            "metrics-core",
            "snappy",
            "jspecify");

    /** What other benchmarks need. */
    private static final Set<String> OF_OTHERS = Set.of(
            "HikariCP",
            "spring-jdbc",
            "spring-tx",
            "spring-boot-jarmode-tools",
            "postgresql",
            "db-scheduler",
            "jobrunr",
            "asm",
            "dubbo",
            "fastjson2",
            "hessian-lite",
            "javassist",
            "protobuf",
            "netty-all",
            "netty-codec-",
            "hazelcast",
            "ignite",
            "annotations",
            "cache-api",
            "jmh",
            "jopt-simple",
            "commons-math3");

    private final Rounds rounds = new Rounds();
    private final List<String> javaOptions;

    private StarterBenchmark(List<String> javaOptions) {
        this.javaOptions = javaOptions;
    }

    public static void run(Arguments arguments) throws Exception {
        int number = arguments.number("rounds", 9, 1);
        StarterBenchmark benchmark = new StarterBenchmark(Arguments.words(arguments.text("java-options", "-Xmx256m")));
        arguments.nothingElse();
        benchmark.run(number);
    }

    private void run(int number) throws Exception {
        Path classes = Files.createTempDirectory("ha-benchmark-classes-");
        extract(classes, PlainApplication.class, "PlainApplication$Greeter");
        extract(classes, TaskApplication.class, "TaskApplication$Greeter", "TaskApplication$Desk");
        try (ZooKeeperProcess zooKeeper = ZooKeeperProcess.start()) {
            Map<String, List<String>> commands = new LinkedHashMap<>();
            commands.put(
                    "plain", command(classes, PlainApplication.class, List.of(OF_ACTUATOR, OF_STARTER, OF_OTHERS)));
            commands.put(ACTUATOR, command(classes, PlainApplication.class, List.of(OF_STARTER, OF_OTHERS)));
            List<String> withStarter = command(classes, TaskApplication.class, List.of(OF_OTHERS));
            withStarter.add("--ha.zookeeper.connect-string=127.0.0.1:" + zooKeeper.port());
            commands.put(STARTER, withStarter);
            for (int round = 0; round <= number; round++) {
                for (Map.Entry<String, List<String>> each : commands.entrySet()) {
                    measure(round, each.getKey(), each.getValue());
                }
            }
        }
        Rounds.print("median", "%.0f", rounds.subjects(), COLUMNS, rounds::median);
        Rounds.print(
                "the starter, beyond",
                "%.0f",
                rounds.subjects().stream().filter(name -> !name.equals(STARTER)).toList(),
                COLUMNS,
                (name, column) -> beyond(rounds.median(STARTER, column), rounds.median(name, column)));
    }

    private static OptionalDouble beyond(OptionalDouble more, OptionalDouble less) {
        return OptionalDouble.of(more.orElseThrow() - less.orElseThrow());
    }

    /** The first round only brings all files into the machine's memory. */
    private void measure(int round, String name, List<String> command) throws Exception {
        try (RunningApplication application = RunningApplication.start(command)) {
            double[] figures = application.measure();
            StringBuilder line = new StringBuilder(round == 0 ? "  before the first round, " : "  ").append(name);
            for (int i = 0; i < figures.length; i++) {
                line.append(String.format(Locale.ROOT, ", %s %.0f", COLUMNS.get(i), figures[i]));
                if (round > 0) {
                    rounds.add(name, COLUMNS.get(i), figures[i]);
                }
            }
            System.out.println(line);
        }
    }

    /** As files: the jar that they are in brings everything along. */
    private static void extract(Path directory, Class<?> main, String... nested) throws IOException {
        Path target =
                Files.createDirectories(directory.resolve(main.getPackageName().replace('.', '/')));
        List<String> names = new ArrayList<>(List.of(nested));
        names.add(main.getSimpleName());
        for (String name : names) {
            try (InputStream bytes = main.getResourceAsStream(name + ".class")) {
                Files.write(target.resolve(name + ".class"), bytes.readAllBytes());
            }
        }
    }

    private List<String> command(Path classes, Class<?> main, List<Set<String>> without) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(javaOptions);
        command.add("-Djava.io.tmpdir=" + System.getProperty("java.io.tmpdir"));
        command.addAll(List.of("-cp", classPath(classes, without), main.getName()));
        command.addAll(List.of(
                "--server.port=0",
                "--server.address=127.0.0.1",
                "--spring.application.name=benchmark",
                "--spring.main.banner-mode=off"));
        return command;
    }

    private static String classPath(Path classes, List<Set<String>> without) throws IOException {
        Path libraries =
                Path.of(System.getProperty("java.class.path")).toAbsolutePath().resolveSibling("lib");
        List<String> path = new ArrayList<>(List.of(classes.toString()));
        try (Stream<Path> all = Files.list(libraries)) {
            all.sorted()
                    .filter(file -> without.stream()
                            .flatMap(Set::stream)
                            .noneMatch(prefix -> file.getFileName().toString().startsWith(prefix)))
                    .forEach(file -> path.add(file.toString()));
        }
        return String.join(File.pathSeparator, path);
    }
}
