package org.hatask.campaign.rig;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * The wall clock of one process, shifted by a little library that is compiled where there is a C compiler and preloaded. The
 * monotonic clock stays true: nothing on Linux makes that one jump.
 */
final class Clock {

    private final Optional<Path> library;
    private final Path file;

    Clock(Optional<Path> library, Path file) {
        this.library = library;
        this.file = file;
        shift(0);
    }

    /** Compiles the library; empty where there is no compiler. */
    static Optional<Path> library(Path directory) throws IOException {
        Path source = directory.resolve("shifted-clock.c");
        Path library = directory.resolve("shifted-clock.so");
        try (InputStream code = Clock.class.getResourceAsStream("/campaign/shifted-clock.c")) {
            Files.copy(code, source);
        }
        try {
            Process compiler = new ProcessBuilder(
                            "sh",
                            "-c",
                            "exec cc -shared -fPIC -O1 -o \"$1\" \"$2\"",
                            "cc",
                            library.toString(),
                            source.toString())
                    .redirectErrorStream(true)
                    .redirectOutput(directory.resolve("cc.log").toFile())
                    .start();
            return compiler.waitFor() == 0 ? Optional.of(library) : Optional.empty();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Optional.empty();
        }
    }

    boolean canShift() {
        return library.isPresent();
    }

    /** For the process's environment; empty where clocks cannot be shifted. */
    Map<String, String> environment() {
        return library.map(path -> Map.of("LD_PRELOAD", path.toString(), "SHIFTED_CLOCK", file.toString()))
                .orElse(Map.of());
    }

    /** From now on the process's clock is this much ahead. */
    void shift(int seconds) {
        try {
            Files.writeString(file, Integer.toString(seconds));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
