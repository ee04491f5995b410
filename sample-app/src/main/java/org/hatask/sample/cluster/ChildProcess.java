package org.hatask.sample.cluster;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;

/**
 * A JVM started by this one, on a {@link Leash}, with its output in a file. Ends with this JVM whatever happens. Signals go
 * to the id of this very process. Not thread-safe, but for the reading methods.
 */
class ChildProcess implements AutoCloseable {

    private static final Duration SOON = Duration.ofSeconds(2);

    private static final Set<Process> STARTED = ConcurrentHashMap.newKeySet();

    static {
        AtExit.run(() -> STARTED.forEach(Process::destroyForcibly));
    }

    private final String name;
    private final List<String> command;
    private final Path log;
    private final Map<String, String> environment = new HashMap<>();
    private volatile Process process;
    private volatile boolean paused;

    ChildProcess(String name, Path log, List<String> jvmOptions, String mainClass, List<String> args) {
        this.name = name;
        this.log = log;
        this.command = command(log.toAbsolutePath().getParent(), jvmOptions, mainClass, args);
    }

    String name() {
        return name;
    }

    Path log() {
        return log;
    }

    long pid() {
        return process.pid();
    }

    /** What it will find in its environment, beside what this JVM finds in its own. */
    void setEnvironment(String variable, String value) {
        environment.put(variable, value);
    }

    int exitStatus() {
        return process.exitValue();
    }

    /** Starts it, or starts it again. */
    void start() {
        if (isAlive()) {
            throw new IllegalStateException(name + " runs already");
        }
        try {
            Files.createDirectories(log.getParent());
            ProcessBuilder builder = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
            builder.environment().putAll(environment);
            process = builder.start();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot start " + name, e);
        }
        Process started = process;
        paused = false;
        STARTED.add(started);
        started.onExit().thenAccept(STARTED::remove);
    }

    boolean isAlive() {
        Process current = process;
        return current != null && current.isAlive();
    }

    /**
     * Waits for the condition while the process lives.
     *
     * @throws ClusterFailure with the end of the log, when it dies or takes longer
     */
    void await(String what, Duration patience, BooleanSupplier condition) {
        long end = System.nanoTime() + patience.toNanos();
        while (!condition.getAsBoolean()) {
            if (!isAlive()) {
                throw new ClusterFailure(
                        name + " ended with status " + process.exitValue() + " before it " + what + tail());
            }
            if (System.nanoTime() - end > 0) {
                throw new ClusterFailure(name + " did not within " + patience.toSeconds() + " s: " + what + tail());
            }
            Waiting.pause(Duration.ofMillis(50));
        }
    }

    /** SIGKILL: it has no chance to say anything to anybody. */
    void kill9() {
        process.destroyForcibly();
        awaitEnd(Duration.ofSeconds(10));
    }

    /**
     * SIGTERM: an orderly stop. Returns at once. Not {@link Process#destroy()}, which closes the child's input as well: the
     * leash would take that for our death and end the child before it can stop in order.
     */
    void terminate() {
        signal("TERM");
    }

    /** SIGTERM, and SIGKILL when it takes longer than that. Returns whether it ended by itself. */
    boolean stop(Duration patience) {
        if (!isAlive()) {
            return true;
        }
        resume();
        terminate();
        if (awaitEnd(patience)) {
            return true;
        }
        kill9();
        return false;
    }

    /** SIGSTOP: it stays where it is, and nobody can tell it from a slow one. */
    void pause() {
        signal("STOP");
        paused = true;
    }

    /** SIGCONT, when it was paused. */
    void resume() {
        if (paused) {
            signal("CONT");
            paused = false;
        }
    }

    boolean awaitEnd(Duration patience) {
        try {
            return process.waitFor(patience.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return !isAlive();
        }
    }

    /** The last lines of the log, to be added to a message. */
    String tail() {
        try {
            List<String> lines = Files.readAllLines(log, StandardCharsets.UTF_8);
            List<String> last = lines.subList(Math.max(0, lines.size() - 30), lines.size());
            return "\nThe end of " + log + ":\n  " + String.join("\n  ", last);
        } catch (IOException e) {
            return "\n(" + log + " cannot be read: " + e.getMessage() + ")";
        }
    }

    @Override
    public void close() {
        if (isAlive()) {
            kill9();
        }
    }

    private void signal(String signal) {
        if (!isAlive()) {
            return;
        }
        try {
            // The JDK knows only two signals, and slim machines know kill only as a word of the shell.
            Process kill = new ProcessBuilder("sh", "-c", "kill -" + signal + " " + pid())
                    .redirectErrorStream(true)
                    .start();
            String complaint = new String(kill.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
            // A process that has just ended is unknown to kill an instant before the JDK knows of its end.
            if (kill.waitFor() != 0 && !awaitEnd(SOON)) {
                throw new ClusterFailure("kill -" + signal + " " + pid() + " (" + name + ") failed: " + complaint);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** From the jar that was unpacked for tests, else from the fat jar, else from the class path of this JVM. */
    private static List<String> command(Path directory, List<String> jvmOptions, String mainClass, List<String> args) {
        List<String> command = new ArrayList<>();
        command.add(ProcessHandle.current().info().command().orElse("java"));
        command.addAll(jvmOptions);
        command.add("-XX:+UseSerialGC");
        command.add("-XX:TieredStopAtLevel=1");
        command.add("-XX:-UsePerfData");
        command.add("-Djava.net.preferIPv4Stack=true");
        // A killed process cannot tidy up: what it leaves goes with the run's own directory.
        command.add("-Djava.io.tmpdir=" + directory);
        String unpacked = System.getProperty("sample.unpacked");
        String jar = System.getProperty("sample.jar");
        if (unpacked != null) {
            command.add("-XX:SharedArchiveFile=" + Path.of(unpacked, "classes.jsa"));
            command.add("-cp");
            command.add(Path.of(unpacked, "sample-app.jar") + moreClasses(jvmOptions));
            command.add(Leash.class.getName());
        } else if (jar != null) {
            command.add("-cp");
            command.add(jar);
            command.add("-Dloader.main=" + Leash.class.getName());
            command.add("org.springframework.boot.loader.launch.PropertiesLauncher");
        } else {
            command.add("-cp");
            command.add(System.getProperty("java.class.path"));
            command.add(Leash.class.getName());
        }
        command.add(mainClass);
        command.addAll(args);
        return command;
    }

    /** What the options have the launcher of the fat jar look for beside it. */
    private static String moreClasses(List<String> jvmOptions) {
        String option = "-Dloader.path=";
        return jvmOptions.stream()
                .filter(each -> each.startsWith(option))
                .map(each -> File.pathSeparator + each.substring(option.length()))
                .collect(Collectors.joining());
    }
}
