package org.hatask.campaign.rig;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A JVM on a {@link Leash}, with its output in a file. Ends with this JVM whatever happens; signals go to the id of this very
 * process. Its monitor guards the state.
 */
final class Child implements AutoCloseable {

    private static final Set<Process> STARTED = ConcurrentHashMap.newKeySet();

    static {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> STARTED.forEach(Process::destroyForcibly)));
    }

    private final String name;
    private final Path log;
    private final List<String> command;
    private final Map<String, String> environment;
    private Process process;
    private @Nullable Process waker;
    private boolean stopping;

    Child(
            String name,
            Path directory,
            Map<String, String> environment,
            List<String> jvmOptions,
            String mainClass,
            List<String> args) {
        this.name = name;
        this.log = directory.resolve(name + ".log");
        this.environment = environment;
        this.command = command(directory, jvmOptions, mainClass, args);
    }

    String name() {
        return name;
    }

    Path log() {
        return log;
    }

    synchronized void start() {
        if (isAlive()) {
            return;
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
        stopping = false;
        STARTED.add(started);
        started.onExit().thenAccept(STARTED::remove);
    }

    /** Of the process that was started last. */
    synchronized long pid() {
        return process.pid();
    }

    synchronized boolean isAlive() {
        return process != null && process.isAlive();
    }

    /** Alive, not paused, and not told to stop. */
    synchronized boolean isWell() {
        return isAlive() && waker == null && !stopping;
    }

    /** SIGKILL; waits for the end. */
    synchronized void kill9() {
        if (process != null) {
            process.destroyForcibly();
            awaitEnd(Duration.ofSeconds(10));
            resume();
        }
    }

    /** SIGTERM. Not {@link Process#destroy()}, which closes the input as well, and the leash would halt the child. */
    synchronized void terminate() {
        stopping = true;
        signal("TERM");
    }

    /**
     * SIGSTOP: nobody can tell it from a slow one. A stopped process does not notice that its leash was let go, so a shell holds
     * another end: it continues the process when this JVM lets go, or is no more.
     */
    synchronized void pause() {
        if (!isWell()) {
            return;
        }
        try {
            waker = new ProcessBuilder("sh", "-c", "read _; kill -CONT " + process.pid() + " 2>/dev/null").start();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot pause " + name, e);
        }
        signal("STOP");
    }

    /** SIGCONT, when it was paused. */
    synchronized void resume() {
        if (waker == null) {
            return;
        }
        try {
            waker.getOutputStream().close();
            waker.waitFor();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot continue " + name, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            waker = null;
        }
    }

    /** Whether it ended in time. */
    boolean awaitEnd(Duration patience) {
        Process current = process;
        try {
            return current == null || current.waitFor(patience.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return !isAlive();
        }
    }

    @Override
    public void close() {
        kill9();
    }

    private void signal(String signal) {
        if (!isAlive()) {
            return;
        }
        try {
            // The JDK knows only two signals, and slim machines know kill only as a word of the shell.
            Process kill = new ProcessBuilder("sh", "-c", "kill -" + signal + " " + process.pid() + " 2>/dev/null")
                    .redirectErrorStream(true)
                    .start();
            if (kill.waitFor() != 0 && !awaitEnd(Duration.ofSeconds(2))) {
                throw new IllegalStateException("kill -" + signal + " " + process.pid() + " (" + name + ") failed");
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
        command.addAll(List.of(
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-XX:-UsePerfData",
                "-Djava.net.preferIPv4Stack=true",
                // A killed process cannot tidy up: what it leaves goes with the run's own directory.
                "-Djava.io.tmpdir=" + directory));
        String unpacked = System.getProperty("campaign.unpacked");
        String jar = System.getProperty("campaign.jar");
        if (unpacked != null) {
            command.add("-XX:SharedArchiveFile=" + Path.of(unpacked, "classes.jsa"));
            command.addAll(List.of("-cp", Path.of(unpacked, "campaign.jar").toString(), Leash.class.getName()));
        } else if (jar != null) {
            command.addAll(List.of("-cp", jar, "-Dloader.main=" + Leash.class.getName()));
            command.add("org.springframework.boot.loader.launch.PropertiesLauncher");
        } else {
            command.addAll(List.of("-cp", System.getProperty("java.class.path"), Leash.class.getName()));
        }
        command.add(mainClass);
        command.addAll(args);
        return command;
    }
}
