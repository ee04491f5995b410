package org.hatask;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class DocumentationTest {

    private static final Path ROOT = Documentation.ROOT;
    private static final Pattern TEST = Pattern.compile("`(\\w+(?:Test|IT))`");
    private static final Pattern LINK = Pattern.compile("\\]\\(([^)\\s:]+)\\)");
    private static final Pattern PROPERTY = Pattern.compile("(?m)^\\| `([a-z.-]+)` \\| (.*?) ?\\| ");
    private static final Pattern HEADING = Pattern.compile("(?m)^#+ (.+)$");

    @Test
    void everyGuaranteeIsShownByTestsThatExist() throws IOException {
        Set<String> tests = Documentation.tests();
        String page = Files.readString(ROOT.resolve("docs/guarantees.md"));
        Set<String> named = all(TEST, page);

        assertThat(named).hasSizeGreaterThan(20);
        assertThat(tests).containsAll(named);
        assertThat(page.lines().filter(line -> line.startsWith("| **") && line.endsWith("| |")))
                .as("promises that nothing shows")
                .isEmpty();
    }

    @Test
    void everyPropertyIsDocumentedWithItsDefaultAndNothingElseIs() throws IOException {
        Map<String, String> rows = PROPERTY.matcher(Files.readString(ROOT.resolve("docs/configuration.md")))
                .results()
                .collect(Collectors.toMap(row -> "ha." + row.group(1), row -> row.group(2)));
        Set<String> names = new TreeSet<>();
        for (JsonNode property : metadata()) {
            String name = property.path("name").asText();
            names.add(name);
            assertThat(rows).containsKey(name);
            assertThat(property.path("description").asText())
                    .as("what an IDE shows of " + name)
                    .isNotBlank()
                    .doesNotContain("{@");
            if (property.has("defaultValue")) {
                assertThat(rows.get(name))
                        .as("default of " + name)
                        .contains("`" + property.path("defaultValue").asText() + "`");
            }
        }

        assertThat(names).isEqualTo(rows.keySet());
    }

    /** Of our properties, but for the overrides of tasks, which have names of the application's. */
    private static List<JsonNode> metadata() throws IOException {
        JsonNode metadata = new ObjectMapper()
                .readTree(Path.of("target/classes/META-INF/spring-configuration-metadata.json")
                        .toFile());
        List<JsonNode> properties = new ArrayList<>();
        for (JsonNode property : metadata.path("properties")) {
            String name = property.path("name").asText();
            if (name.startsWith("ha.") && !name.equals("ha.tasks")) {
                properties.add(property);
            }
        }
        return properties;
    }

    @Test
    void everyLinkWithinTheDocumentationLeadsSomewhere() throws IOException {
        List<String> broken = new ArrayList<>();
        int links = 0;
        for (Path page : Documentation.pages()) {
            for (String link : all(LINK, Files.readString(page))) {
                links++;
                if (!leadsSomewhere(page, link)) {
                    broken.add(ROOT.relativize(page) + ": " + link);
                }
            }
        }

        assertThat(links).isGreaterThan(100);
        assertThat(broken).isEmpty();
    }

    private static boolean leadsSomewhere(Path page, String link) throws IOException {
        int hash = link.indexOf('#');
        String file = hash < 0 ? link : link.substring(0, hash);
        Path target = file.isEmpty() ? page : page.resolveSibling(file).normalize();
        return Files.exists(target)
                && (hash < 0 || anchors(Files.readString(target)).contains(link.substring(hash + 1)));
    }

    /** As GitHub makes them of headings. */
    private static Set<String> anchors(String page) {
        Matcher heading = HEADING.matcher(page);
        Set<String> anchors = new TreeSet<>();
        while (heading.find()) {
            String text = heading.group(1).replaceAll("\\[([^]]*)]\\([^)]*\\)", "$1");
            anchors.add(text.toLowerCase(Locale.ROOT)
                    .replaceAll("[^\\p{L}\\p{N}_ -]", "")
                    .replace(' ', '-'));
        }
        return anchors;
    }

    private static Set<String> all(Pattern pattern, String text) {
        return pattern.matcher(text)
                .results()
                .map(result -> result.group(1))
                .collect(Collectors.toCollection(TreeSet::new));
    }
}
