package org.hatask.campaign;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.hatask.campaign.check.Event;
import org.hatask.campaign.check.History;
import org.hatask.campaign.check.ProcessLog;
import org.jspecify.annotations.Nullable;

/** Reads what the processes wrote down. */
final class Recording {

    private static final String SUFFIX = ".events";

    private Recording() {}

    static History read(Path directory, List<History.Row> rows, Duration sessionTimeout, @Nullable Duration health) {
        return new History(processes(directory.resolve("events")), unfenced(directory), rows, sessionTimeout, health);
    }

    private static List<ProcessLog> processes(Path directory) {
        try (Stream<Path> files = Files.list(directory)) {
            return files.filter(file -> file.toString().endsWith(SUFFIX))
                    .sorted()
                    .map(file -> new ProcessLog(file.getFileName().toString().replace(SUFFIX, ""), events(file)))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<History.Append> unfenced(Path directory) {
        return events(directory.resolve("unfenced.log")).stream()
                .map(event -> new History.Append(
                        event.nanos(),
                        event.fields().get(0),
                        event.fields().get(1),
                        Long.parseLong(event.fields().get(2))))
                .toList();
    }

    private static List<Event> events(Path file) {
        try (Stream<String> lines = Files.lines(file, StandardCharsets.UTF_8)) {
            return lines.map(Event::parse).toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
