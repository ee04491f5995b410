package org.hatask.benchmarks.starter;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** An application in a process of its own, looked at from outside. */
final class RunningApplication implements AutoCloseable {

    private static final Pattern PORT = Pattern.compile("Tomcat started on port (\\d+)");
    private static final Pattern STARTED = Pattern.compile("Started \\w+ in ([\\d.]+) seconds");
    private static final Pattern HEAP = Pattern.compile("heap\\s+total \\d+K, used (\\d+)K");
    private static final Pattern METASPACE = Pattern.compile("Metaspace\\s+used (\\d+)K");
    private static final Pattern COUNTER = Pattern.compile("(?m)^([\\w.]+)=(\\d+)$");

    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(60);

    /** Whatever a start leaves to later has happened after it. */
    private static final int SETTLE_MILLIS = 2_500;

    private final Process process;
    private final long startNanos;

    private RunningApplication(Process process, long startNanos) {
        this.process = process;
        this.startNanos = startNanos;
    }

    static RunningApplication start(Iterable<String> command) throws IOException {
        ProcessBuilder builder = new ProcessBuilder();
        command.forEach(builder.command()::add);
        long now = System.nanoTime();
        return new RunningApplication(
                builder.redirectError(ProcessBuilder.Redirect.INHERIT).start(), now);
    }

    /** In the order of the columns. */
    double[] measure() throws Exception {
        BufferedReader output = process.inputReader(StandardCharsets.UTF_8);
        String port = await(output, PORT);
        double startedSeconds = Double.parseDouble(await(output, STARTED));
        long answered = firstAnswer(Integer.parseInt(port)) - startNanos;
        Duration cpu = process.info().totalCpuDuration().orElse(Duration.ZERO);
        Thread.sleep(SETTLE_MILLIS);
        jcmd("GC.run");
        jcmd("GC.run");
        String memory = jcmd("GC.heap_info");
        String counters = jcmd("PerfCounter.print");
        return new double[] {
            startedSeconds * 1000,
            TimeUnit.NANOSECONDS.toMillis(answered),
            find(memory, HEAP),
            find(memory, METASPACE),
            counter(counters, "java.threads.live"),
            counter(counters, "java.cls.loadedClasses") + counter(counters, "java.cls.sharedLoadedClasses"),
            cpu.toMillis()
        };
    }

    private static String await(BufferedReader output, Pattern pattern) throws IOException {
        StringBuilder seen = new StringBuilder();
        for (String line = output.readLine(); line != null; line = output.readLine()) {
            seen.append(line).append('\n');
            Matcher matcher = pattern.matcher(line);
            if (matcher.find()) {
                return matcher.group(1);
            }
        }
        throw new IllegalStateException("The application did not start:\n" + seen);
    }

    /** Of a node that is a member; when that was. */
    private static long firstAnswer(int port) throws Exception {
        long end = System.nanoTime() + PATIENCE_NANOS;
        while (System.nanoTime() - end < 0) {
            HttpURLConnection connection = (HttpURLConnection)
                    URI.create("http://127.0.0.1:" + port + "/").toURL().openConnection();
            try (InputStream answer = connection.getInputStream()) {
                if (answer.readAllBytes().length > 0) {
                    return System.nanoTime();
                }
            }
            Thread.sleep(2);
        }
        throw new IllegalStateException("The application did not answer within a minute.");
    }

    private String jcmd(String command) throws IOException, InterruptedException {
        Process jcmd = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "jcmd").toString(), "" + process.pid(), command)
                .redirectErrorStream(true)
                .start();
        String answer = new String(jcmd.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        jcmd.waitFor();
        return answer;
    }

    private static double find(String text, Pattern pattern) {
        Matcher matcher = pattern.matcher(text);
        if (!matcher.find()) {
            throw new IllegalStateException("'" + pattern + "' is not in: " + text);
        }
        return Double.parseDouble(matcher.group(1));
    }

    private static double counter(String counters, String name) {
        return COUNTER.matcher(counters)
                .results()
                .filter(found -> found.group(1).equals(name))
                .mapToDouble(found -> Double.parseDouble(found.group(2)))
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("There is no " + name + " among: " + counters));
    }

    @Override
    public void close() throws InterruptedException {
        process.destroy();
        if (!process.waitFor(PATIENCE_NANOS, TimeUnit.NANOSECONDS)) {
            process.destroyForcibly().waitFor();
        }
    }
}
