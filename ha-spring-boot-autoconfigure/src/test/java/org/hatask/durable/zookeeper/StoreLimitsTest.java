package org.hatask.durable.zookeeper;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;

class StoreLimitsTest {

    private static final Path DOCS = Path.of("..", "docs");

    @Test
    void thePagesTellTheLimitsThatHoldWithoutMore() throws Exception {
        StoreLimits limits = StoreLimits.DEFAULT;
        int kib = limits.recordBytes() / 1024;
        assertThat(limits).isEqualTo(new StoreLimits(8 * 1024, 10_000, 10_000, 100, 1_000, Duration.ofSeconds(5)));

        List<String> table = Files.readAllLines(DOCS.resolve("durable-tasks-zookeeper.md"));
        assertThat(table)
                .anyMatch(line -> line.startsWith("| one record, without its attempts | " + kib + " KiB |"))
                .anyMatch(line -> line.startsWith("| tasks that have not ended | " + number(limits.open()) + " |"))
                .anyMatch(line -> line.startsWith("| submissions of each node | " + number(limits.perSecond())
                        + " a second, " + number(limits.atOnce()) + " at once |"))
                .anyMatch(line -> line.startsWith("| tasks that have ended | " + number(limits.ended()) + " |"));
        assertThat(DOCS.resolve("durable-tasks.md"))
                .content()
                .contains("up to " + number(limits.open()) + " open ones, " + number(limits.perSecond())
                        + " submissions a second from a node, " + kib + " KiB");
    }

    private static String number(int value) {
        return String.format(Locale.ROOT, "%,d", value);
    }
}
