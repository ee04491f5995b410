package org.hatask.sample.cluster;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What the nodes wrote into their logs about MASTER attempts that began. */
final class MasterAttempts {

    private static final Pattern LINE =
            Pattern.compile("^(\\S+) (\\S+) .*: Attempt of (\\S+) (\\S+) begins in epoch (\\d+)$");

    /** An attempt's own first words. */
    record Begun(Instant at, String node, String task, String reference, long epoch) {}

    private MasterAttempts() {}

    static List<Begun> of(DeskCluster cluster) {
        List<Begun> begun = new ArrayList<>();
        for (NodeProcess node : cluster.nodes()) {
            try {
                for (String line : Files.readAllLines(node.log())) {
                    Matcher match = LINE.matcher(line);
                    if (match.matches()) {
                        begun.add(new Begun(
                                OffsetDateTime.parse(match.group(1)).toInstant(),
                                match.group(2),
                                match.group(3),
                                match.group(4),
                                Long.parseLong(match.group(5))));
                    }
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return begun;
    }
}
