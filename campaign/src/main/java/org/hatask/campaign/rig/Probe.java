package org.hatask.campaign.rig;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Looks into processes from outside, so that what is measured does not measure itself. Needs the JDK's {@code jcmd}. */
final class Probe {

    private static final Pattern OF_CLASS = Pattern.compile("\\s*\\d+:\\s+(\\d+)\\s+\\d+\\s+(\\S+).*");
    private static final Pattern TOTAL = Pattern.compile("Total\\s+\\d+\\s+(\\d+)\\s*");

    private Probe() {}

    /** Empty when the process is no more. */
    static Optional<Reading> jvm(Child child) {
        long pid = child.pid();
        // What waits for its finalizer is no more, though the first collection leaves it.
        jcmd(pid, "GC.run");
        jcmd(pid, "GC.run_finalization");
        List<String> histogram = jcmd(pid, "GC.class_histogram");
        try {
            return Optional.of(reading(histogram, threads(pid), files(pid)));
        } catch (IOException e) {
            return Optional.empty();
        } catch (IllegalArgumentException e) {
            if (child.isAlive()) {
                throw e;
            }
            return Optional.empty();
        }
    }

    static Reading reading(List<String> histogram, long threads, long files) {
        Map<String, Long> instances = new HashMap<>();
        long bytes = -1;
        for (String line : histogram) {
            Matcher ofClass = OF_CLASS.matcher(line);
            Matcher total = TOTAL.matcher(line);
            if (ofClass.matches()) {
                instances.merge(ofClass.group(2), Long.parseLong(ofClass.group(1)), Long::sum);
            } else if (total.matches()) {
                bytes = Long.parseLong(total.group(1));
            }
        }
        if (bytes < 0) {
            throw new IllegalArgumentException("jcmd GC.class_histogram answered without a total: "
                    + String.join(" ", histogram.subList(0, Math.min(5, histogram.size()))));
        }
        return new Reading(bytes, threads, files, instances);
    }

    private static List<String> jcmd(long pid, String command) {
        Path jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd");
        try {
            Process process = new ProcessBuilder(jcmd.toString(), Long.toString(pid), command)
                    .redirectErrorStream(true)
                    .start();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            process.waitFor();
            return output.lines().toList();
        } catch (IOException e) {
            throw new UncheckedIOException(jcmd + " cannot be run; the soak needs a JDK, not a JRE", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }

    private static long threads(long pid) throws IOException {
        return entries(Path.of("/proc", Long.toString(pid), "task"));
    }

    private static long files(long pid) throws IOException {
        return entries(Path.of("/proc", Long.toString(pid), "fd"));
    }

    private static long entries(Path directory) throws IOException {
        try (Stream<Path> entries = Files.list(directory)) {
            return entries.count();
        }
    }

    /** What a ZooKeeper server says of itself, {@code zk_watch_count} and the like. */
    static Map<String, Long> zooKeeper(int clientPort) {
        try (Socket socket = new Socket()) {
            socket.connect(Ports.loopback(clientPort), 2_000);
            socket.setSoTimeout(5_000);
            socket.getOutputStream().write("mntr".getBytes(StandardCharsets.US_ASCII));
            Map<String, Long> figures = new HashMap<>();
            new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .map(line -> line.split("\t"))
                    .filter(parts -> parts.length == 2 && parts[1].matches("\\d+"))
                    .forEach(parts -> figures.put(parts[0], Long.parseLong(parts[1])));
            return figures;
        } catch (IOException e) {
            throw new UncheckedIOException("ZooKeeper does not answer", e);
        }
    }
}
