package org.hatask.campaign.app;

import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.springframework.core.env.Environment;
import org.springframework.stereotype.Component;

/**
 * What this process did, one line for each event: monotonic nanoseconds, kind, fields. The monotonic clock is the machine's, so
 * lines of different processes compare. A line is one write to an appending file: it survives {@code kill -9}, and lines of
 * several threads do not mix. Not a channel, which the first interrupt would close.
 */
@Component
class EventLog {

    private final OutputStream file;

    EventLog(NodeSettings settings, Environment environment) throws IOException {
        Files.createDirectories(settings.events());
        String name = environment.getRequiredProperty("ha.node.id") + "-"
                + ProcessHandle.current().pid() + ".events";
        this.file = append(settings.events().resolve(name));
        record("start");
    }

    static OutputStream append(Path path) throws IOException {
        return new FileOutputStream(path.toFile(), true);
    }

    void record(String kind, Object... fields) {
        recordAt(System.nanoTime(), kind, fields);
    }

    void recordAt(long nanos, String kind, Object... fields) {
        write(file, nanos, kind, fields);
    }

    static void write(OutputStream file, long nanos, String kind, Object... fields) {
        StringBuilder line = new StringBuilder().append(nanos).append(' ').append(kind);
        for (Object field : fields) {
            line.append(' ').append(String.valueOf(field).replaceAll("\\s+", "_"));
        }
        try {
            file.write(line.append('\n').toString().getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
