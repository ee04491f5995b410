package org.hatask;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** What readers get, and the samples that they copy. */
final class Documentation {

    static final Path ROOT = Path.of("..");

    private static final Pattern FENCE = Pattern.compile("^( *)```(\\w*)$");

    /**
     * A fenced block.
     *
     * @param line of the fence above it
     */
    record Sample(Path page, int line, String language, String text) {

        /** Where a line of it is, as an IDE opens it. */
        String at(long lineOfSample) {
            return ROOT.relativize(page) + ":" + (line + lineOfSample);
        }

        @Override
        public String toString() {
            return at(0);
        }
    }

    private Documentation() {}

    static List<Path> pages() throws IOException {
        List<Path> pages = new ArrayList<>(Stream.of("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")
                .map(ROOT::resolve)
                .toList());
        try (Stream<Path> files = Files.walk(ROOT.resolve("docs"))) {
            files.filter(file -> file.toString().endsWith(".md")).sorted().forEach(pages::add);
        }
        return pages;
    }

    static List<Sample> samples(String... languages) throws IOException {
        List<Sample> samples = new ArrayList<>();
        for (Path page : pages()) {
            samplesOf(page).stream()
                    .filter(sample -> List.of(languages).contains(sample.language()))
                    .forEach(samples::add);
        }
        return samples;
    }

    private static List<Sample> samplesOf(Path page) throws IOException {
        List<Sample> samples = new ArrayList<>();
        List<String> lines = Files.readAllLines(page);
        for (int i = 0; i < lines.size(); i++) {
            Matcher fence = FENCE.matcher(lines.get(i));
            if (!fence.matches()) {
                continue;
            }
            int first = i + 1;
            String end = fence.group(1) + "```";
            StringBuilder text = new StringBuilder();
            for (i = first; !lines.get(i).equals(end); i++) {
                text.append(lines.get(i)).append('\n');
            }
            samples.add(new Sample(page, first, fence.group(2), text.toString()));
        }
        return samples;
    }

    /** The names of all classes of tests. */
    static Set<String> tests() throws IOException {
        Set<String> tests = new TreeSet<>();
        try (Stream<Path> modules = Files.list(ROOT)) {
            for (Path module : modules.toList()) {
                Path sources = module.resolve("src/test/java");
                if (Files.isDirectory(sources)) {
                    try (Stream<Path> files = Files.walk(sources)) {
                        files.map(file -> file.getFileName().toString())
                                .filter(name -> name.endsWith(".java"))
                                .forEach(name -> tests.add(name.replace(".java", "")));
                    }
                }
            }
        }
        return tests;
    }
}
