package org.hatask.campaign.rig;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The wall clock of one process, shifted by libfaketime where that is installed. The monotonic clock stays true: nothing on Linux
 * makes that one jump.
 */
final class Clock {

    private static final List<String> PLACES = List.of(
            "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
            "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1",
            "/usr/lib64/faketime/libfaketimeMT.so.1",
            "/usr/lib/faketime/libfaketimeMT.so.1",
            "/usr/local/lib/faketime/libfaketimeMT.so.1");

    private final Path file;

    Clock(Path file) {
        this.file = file;
        shift(0);
    }

    static Optional<Path> library() {
        return Stream.concat(Stream.ofNullable(System.getProperty("campaign.faketime")), PLACES.stream())
                .map(Path::of)
                .filter(Files::isReadable)
                .findFirst();
    }

    /** For the process's environment; empty where clocks cannot be shifted. */
    Map<String, String> environment() {
        return library()
                .map(library -> Map.of(
                        "LD_PRELOAD", library.toString(),
                        "FAKETIME_TIMESTAMP_FILE", file.toString(),
                        "FAKETIME_CACHE_DURATION", "1",
                        "FAKETIME_DONT_FAKE_MONOTONIC", "1",
                        "DONT_FAKE_MONOTONIC", "1",
                        "NO_FAKE_STAT", "1"))
                .orElse(Map.of());
    }

    /** Within a second the process's clock is this much ahead. */
    void shift(int seconds) {
        try {
            Files.writeString(file, String.format("%+ds%n", seconds));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
