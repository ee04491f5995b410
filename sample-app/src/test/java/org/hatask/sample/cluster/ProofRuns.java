package org.hatask.sample.cluster;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** What the tasks of the nodes noted of themselves, without any store: how often each began and came to its end. */
record ProofRuns(Map<String, Integer> begun, Map<String, Integer> ended) {

    static ProofRuns in(Path directory) {
        ProofRuns runs = new ProofRuns(new HashMap<>(), new HashMap<>());
        try (Stream<Path> files = Files.list(directory)) {
            for (Path file :
                    files.filter(path -> path.toString().endsWith(".runs")).toList()) {
                Files.readAllLines(file).forEach(runs::count);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return runs;
    }

    private void count(String line) {
        List<String> words = List.of(line.split(" "));
        Map<String, Integer> counts = words.get(0).equals("begin") ? begun : ended;
        counts.merge(words.get(1) + " " + words.get(2), 1, Integer::sum);
    }

    int begun(String task, int number) {
        return begun.getOrDefault(task + " " + number, 0);
    }

    int ended(String task, int number) {
        return ended.getOrDefault(task + " " + number, 0);
    }
}
