package org.hatask.sample.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import org.hatask.console.Browser;
import org.hatask.sample.cluster.MasterWatch.Sighting;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The console of a node that lives, while the master is killed. */
@Timeout(180)
class ConsoleIT extends ProcessTest {

    /** Two seconds on a machine that does little else. */
    private static final Duration BOUND = Duration.ofSeconds(5);

    /** Notes on the page itself when a person could first see that something has changed, and who leads now. */
    private static final String WATCH = """
            window.seen = {};
            new MutationObserver(() => {
              const level = document.getElementById('level').textContent;
              const summary = document.getElementById('summary').textContent;
              if (level !== 'OK' || !summary.startsWith('%s leads')) window.seen.change ??= Date.now();
              if (summary.includes('leads epoch %d ')) window.seen.master ??= Date.now();
            }).observe(document.getElementById('state'), {subtree: true, childList: true, characterData: true});
            """;

    @Test
    void theEndOfTheMasterAndTheNextOneAreSeenWithinSeconds() throws Exception {
        assumeTrue(Browser.isThere(), "there is no Chromium on this machine");
        startCluster(Duration.ofSeconds(6), "--ha.console.enabled=true");
        Sighting old = awaitAgreement();
        load.pricing(4, Duration.ofMillis(20)).booking(2, Duration.ofMillis(20));
        awaitBooking(old.epoch(), Instant.now());
        NodeProcess witness = cluster.nodes().stream()
                .filter(node -> !node.id().equals(old.master()))
                .findFirst()
                .orElseThrow();

        try (Browser browser = Browser.start()) {
            browser.resize(1920, 1080);
            browser.open(witness.uri() + "/ha");
            browser.awaitTrue("document.getElementById('level').textContent === 'OK'");
            browser.evaluate(WATCH.formatted(old.master(), old.epoch() + 1));

            Instant killed = Instant.now();
            cluster.node(old.master()).kill9();
            browser.awaitTrue("window.seen.change && window.seen.master");
            JsonNode seen = browser.evaluate("window.seen");
            Instant change = Instant.ofEpochMilli(seen.path("change").asLong());
            Instant master = Instant.ofEpochMilli(seen.path("master").asLong());

            say(
                    "FIGURE kill -9 of the master, session 6 s: the page shows a change after %s, the next master after %s",
                    millis(killed, change), millis(killed, master));
            assertThat(Duration.between(killed, change)).isLessThan(BOUND);
            assertThat(Duration.between(killed, master)).isLessThan(BOUND);
            // It is no member any more, and missed.
            browser.awaitTrue("document.getElementById('nodes-body').innerText.includes('without signing off')");
            assertThat(browser.text("#level")).isEqualTo("DEGRADED");
            assertThat(browser.text("#concerns")).contains(old.master() + " is gone and did not sign off");
            browser.screenshot(Path.of("target/console/after-kill.png"));
            assertThat(browser.complaints()).isEmpty();
        }
        stopLoadAndJudge();
    }
}
