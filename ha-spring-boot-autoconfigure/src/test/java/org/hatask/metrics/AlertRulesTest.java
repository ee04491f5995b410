package org.hatask.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;

/** The alert rules of the documentation, read by Prometheus itself. */
class AlertRulesTest {

    private static final Pattern ALERT = Pattern.compile("alert: (\\w+)");

    @Test
    @EnabledIf(
            value = "org.hatask.metrics.Promtool#isThere",
            disabledReason = "there is no promtool here; on Debian: apt-get install --no-install-recommends prometheus")
    void prometheusUnderstandsThem() throws Exception {
        assertThat(Promtool.run("check", "rules", Documented.ALERTS.toString())).contains("SUCCESS");
    }

    @Test
    @EnabledIf(
            value = "org.hatask.metrics.Promtool#isThere",
            disabledReason = "there is no promtool here; on Debian: apt-get install --no-install-recommends prometheus")
    void theyFireWhenTheyShouldAndNotWhenTheyShouldNot() throws Exception {
        assertThat(Promtool.run("test", "rules", Documented.ALERT_TESTS.toString()))
                .contains("SUCCESS");
    }

    @Test
    void forEveryAlertThePageSaysWhatToDo() throws Exception {
        String page = Files.readString(Documented.PAGE);

        assertThat(ALERT.matcher(Files.readString(Documented.ALERTS)).results().map(match -> match.group(1)))
                .hasSizeGreaterThan(15)
                .allSatisfy(alert -> assertThat(page).contains("| `" + alert + "` |"));
    }

    @Test
    void thePageNamesNoOtherAlert() throws Exception {
        String rules = Files.readString(Documented.ALERTS);

        assertThat(Pattern.compile("^\\| `(Ha\\w+)` \\|", Pattern.MULTILINE)
                        .matcher(Files.readString(Documented.PAGE))
                        .results()
                        .map((MatchResult match) -> match.group(1)))
                .isNotEmpty()
                .allSatisfy(alert -> assertThat(rules).contains("alert: " + alert + "\n"));
    }
}
