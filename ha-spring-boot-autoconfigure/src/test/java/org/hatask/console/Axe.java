package org.hatask.console;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.springframework.core.io.ClassPathResource;

/** Judges whether everybody can use a page: by WCAG 2.2, levels A and AA, and good practice. */
final class Axe {

    private static final String SCRIPT = script();

    private Axe() {}

    /** Nothing may be serious or critical, of what a machine can find. */
    static void judge(Browser browser, String what) {
        browser.evaluate(SCRIPT + "; true");
        JsonNode found = browser.evaluate("axe.run().then(result => result.violations.map(rule => ({id: rule.id,"
                + " impact: rule.impact, help: rule.help, nodes: rule.nodes.slice(0, 3).map(node => node.html"
                + " + ' ' + node.failureSummary)})))");
        List<String> serious = new ArrayList<>();
        found.forEach(rule -> {
            if (List.of("serious", "critical").contains(rule.path("impact").asText())) {
                serious.add(rule.toString());
            } else {
                System.out.println(what + ": " + rule);
            }
        });
        assertThat(serious).as(what).isEmpty();
    }

    private static String script() {
        try {
            return new ClassPathResource("axe.min.js").getContentAsString(StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
