package com.example.shop;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The application as a process of its own, started from a class path as an IDE does. */
final class ShopProcess implements AutoCloseable {

    private final Process process;
    private final Path log;

    /**
     * @param libraries which of the jars of these tests it has
     * @param options of the JVM
     */
    ShopProcess(Path classes, Predicate<String> libraries, Path log, List<String> options, String... properties)
            throws IOException {
        this.log = log;
        String jars = Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
                .filter(entry -> !entry.contains("user-app" + File.separator + "target"))
                .filter(entry -> libraries.test(new File(entry).getName()) && !isOfDatabases(new File(entry).getName()))
                .collect(Collectors.joining(File.pathSeparator));
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-Xmx256m"));
        command.addAll(options);
        command.addAll(List.of("-cp", classes + File.pathSeparator + jars, ShopApplication.class.getName()));
        Stream.of(properties).map(property -> "--" + property).forEach(command::add);
        this.process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
    }

    /** The application has none; other tests do. */
    private static boolean isOfDatabases(String jar) {
        return Stream.of("spring-jdbc-", "hibernate-core-", "h2-").anyMatch(jar::startsWith);
    }

    String log() throws IOException {
        return Files.readString(log);
    }

    @Override
    public void close() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }
}
