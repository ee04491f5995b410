package org.hatask.metrics;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** The checker of Prometheus, from the binaries of this machine. */
final class Promtool {

    private Promtool() {}

    /** Where the build must tell the truth, a test without it is not skipped but fails. */
    static boolean isThere() {
        return "true".equals(System.getenv("CI")) || find().isPresent();
    }

    /** Runs it to its end; what it says. */
    static String run(String... arguments) throws Exception {
        List<String> command = new ArrayList<>();
        command.add(find().orElseThrow(
                        () -> new AssertionError("There is no promtool on this machine. Install it, on Debian with:"
                                + " apt-get install --no-install-recommends prometheus"))
                .toString());
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getOutputStream().close();
        String output = new String(process.getInputStream().readAllBytes());
        if (!process.waitFor(60, TimeUnit.SECONDS) || process.exitValue() != 0) {
            process.destroyForcibly();
            throw new AssertionError(String.join(" ", command) + " failed:\n" + output);
        }
        return output;
    }

    private static Optional<Path> find() {
        return Stream.of(System.getenv("PATH").split(":"))
                .map(place -> Path.of(place, "promtool"))
                .filter(Files::isExecutable)
                .findFirst();
    }
}
