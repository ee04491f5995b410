package org.hatask.sample.cluster;

import java.io.IOException;
import java.io.PrintStream;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Prints what is added to a log, each line with the node's name before it. Used by one thread. */
final class LogFollower {

    private final String name;
    private final Path log;
    private final PrintStream out;
    private long position;

    LogFollower(String name, Path log, PrintStream out) {
        this.name = name;
        this.log = log;
        this.out = out;
    }

    /** Leaves out what is there already. */
    LogFollower fromNow() throws IOException {
        position = Files.exists(log) ? Files.size(log) : 0;
        return this;
    }

    /** Prints the whole lines that are new. */
    void print() throws IOException {
        if (!Files.exists(log)) {
            return;
        }
        try (RandomAccessFile file = new RandomAccessFile(log.toFile(), "r")) {
            byte[] added = new byte[(int) Math.min(1 << 20, file.length() - position)];
            file.seek(position);
            file.readFully(added);
            int end = added.length;
            while (end > 0 && added[end - 1] != '\n') {
                end--;
            }
            position += end;
            new String(added, 0, end, StandardCharsets.UTF_8).lines().forEach(line -> out.println(name + " | " + line));
        }
    }
}
