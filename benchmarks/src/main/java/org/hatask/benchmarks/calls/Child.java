package org.hatask.benchmarks.calls;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.hatask.benchmarks.Benchmarks;

/** Another process of this benchmark, which is told something by lines and answers so. */
public final class Child implements AutoCloseable {

    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final Process process;
    private final BufferedReader from;
    private final PrintWriter to;

    private Child(Process process) {
        this.process = process;
        this.from = process.inputReader(StandardCharsets.UTF_8);
        this.to = new PrintWriter(process.outputWriter(StandardCharsets.UTF_8), true);
    }

    static Child start(Contenders contender, Place place, List<String> moreJavaOptions) throws IOException {
        List<String> javaOptions = new ArrayList<>(contender.javaOptions());
        javaOptions.addAll(moreJavaOptions);
        return start(javaOptions, "member", contender.option(), place.toString());
    }

    /**
     * @param arguments as {@link Benchmarks} takes them; what is run must answer by {@link Member#say} and end with its input
     */
    public static Child start(List<String> javaOptions, String... arguments) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(javaOptions);
        command.add("-Djava.io.tmpdir=" + System.getProperty("java.io.tmpdir"));
        command.addAll(List.of("-cp", System.getProperty("java.class.path")));
        command.add(Benchmarks.class.getName());
        command.addAll(List.of(arguments));
        return new Child(
                new ProcessBuilder(command).redirectError(Redirect.INHERIT).start());
    }

    /** Waits until it is ready. */
    public void await() throws IOException {
        answer();
    }

    public String ask(String question) throws IOException {
        tell(question);
        return answer();
    }

    public void tell(String question) {
        to.println(question);
    }

    public String answer() throws IOException {
        for (String line = from.readLine(); line != null; line = from.readLine()) {
            if (line.startsWith(Member.MARK)) {
                return line.substring(Member.MARK.length());
            }
        }
        throw new IllegalStateException("Process " + process.pid() + " has ended: "
                + process.info().commandLine().orElse(""));
    }

    /** Processor time since it started. */
    public Duration cpu() {
        return process.info().totalCpuDuration().orElse(Duration.ZERO);
    }

    /** As {@code kill -9} does. */
    public void kill() {
        process.destroyForcibly();
    }

    /** Lets it end by itself, unless that takes too long. */
    @Override
    public void close() throws Exception {
        to.close();
        if (!process.waitFor(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
            System.err.println("Process " + process.pid() + " does not end by itself");
            process.destroyForcibly().waitFor();
        }
    }
}
