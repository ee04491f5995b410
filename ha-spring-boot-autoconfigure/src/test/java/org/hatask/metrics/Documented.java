package org.hatask.metrics;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.yaml.snakeyaml.Yaml;

/** What the documentation says of meters: its page, the dashboard and the alert rules. */
final class Documented {

    private static final Path DOCS = Path.of("..", "docs");
    static final Path PAGE = DOCS.resolve("metrics.md");
    static final Path ALERTS = DOCS.resolve("metrics/alerts.yml");
    static final Path ALERT_TESTS = DOCS.resolve("metrics/alerts-test.yml");
    private static final Path DASHBOARD = DOCS.resolve("metrics/dashboard.json");

    private static final Pattern SELECTOR = Pattern.compile("\\b(ha_[a-z_]+)(?:\\{([^}]*)})?");
    private static final Pattern MATCHER = Pattern.compile("([a-z_]+)\\s*(?:=~|!~|!=|=)\\s*\"([^\"]*)\"");
    private static final Pattern METER = Pattern.compile("^\\| `(ha\\.[a-z.]+)` \\|", Pattern.MULTILINE);

    private Documented() {}

    /**
     * A metric as an expression asks for it.
     *
     * @param labels those that the process gives it, not Prometheus, with the values that are asked for
     */
    record Selector(String name, Map<String, String> labels) {}

    /** All expressions of the alert rules. */
    static List<String> alertExpressions() throws IOException {
        List<String> expressions = new ArrayList<>();
        Map<String, List<Map<String, List<Map<String, String>>>>> rules = new Yaml().load(Files.readString(ALERTS));
        rules.get("groups").forEach(group -> group.get("rules").forEach(rule -> expressions.add(rule.get("expr"))));
        return expressions;
    }

    /** All expressions of the dashboard, those of its variables included. */
    static List<String> dashboardExpressions() throws IOException {
        JsonNode dashboard = new ObjectMapper().readTree(Files.readString(DASHBOARD));
        List<String> expressions = new ArrayList<>(dashboard.findValuesAsText("expr"));
        expressions.addAll(dashboard.path("templating").findValuesAsText("definition"));
        return expressions;
    }

    static List<Selector> selectors(String expression) {
        List<Selector> selectors = new ArrayList<>();
        Matcher selector = SELECTOR.matcher(expression);
        while (selector.find()) {
            Map<String, String> labels = new java.util.TreeMap<>();
            Matcher label = MATCHER.matcher(selector.group(2) == null ? "" : selector.group(2));
            while (label.find()) {
                if (!label.group(1).equals("job")) {
                    labels.put(label.group(1), label.group(2));
                }
            }
            selectors.add(new Selector(selector.group(1), labels));
        }
        return selectors;
    }

    /** The meters of the page's table. */
    static Set<String> meters() throws IOException {
        Set<String> meters = new TreeSet<>();
        METER.matcher(Files.readString(PAGE)).results().forEach(match -> meters.add(match.group(1)));
        return meters;
    }
}
