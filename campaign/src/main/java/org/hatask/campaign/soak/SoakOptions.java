package org.hatask.campaign.soak;

import static org.hatask.campaign.Arguments.require;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import org.hatask.campaign.Arguments;
import org.hatask.campaign.RunDirectory;
import org.hatask.campaign.rig.Election;

/**
 * @param length how long is measured
 * @param steady how many nodes stay
 * @param election how they choose a master; with {@code lowest-node-id}, every node that comes or goes changes it
 * @param seed for when nodes end, and how
 * @param directory for logs; that of a run that found nothing is deleted
 * @param keep whether it stays all the same
 */
record SoakOptions(Duration length, int steady, Election election, long seed, Path directory, boolean keep) {

    static final String USAGE = """
            usage: campaign/soak [--minutes=60 | --seconds=<number>] [--steady=2] [--seed=<number>]
                                 [--election=leader-latch|lowest-node-id] [--keep=false|true]""";

    private static final Set<String> NAMES = Set.of("minutes", "seconds", "steady", "election", "seed", "keep");

    private static final Duration SHORTEST_INTERVAL = Duration.ofSeconds(2);
    private static final int SAMPLES = 60;

    SoakOptions {
        require(length.toSeconds() >= 30, "--seconds", length.toSeconds(), "at least 30");
        // Nobody is there to promote.
        require(
                election != Election.OPERATOR,
                "--election",
                Arguments.written(election),
                "leader-latch or lowest-node-id");
        require(steady >= 2 && steady <= 9, "--steady", steady, "between 2 and 9");
    }

    static SoakOptions parse(String[] args) {
        Arguments given = new Arguments(args, NAMES);
        long seed = given.seed();
        return new SoakOptions(
                given.length(60),
                (int) given.number("steady", 2),
                given.choice("election", Election.LEADER_LATCH),
                seed,
                RunDirectory.of("soak-" + seed),
                given.flag("keep"));
    }

    /** Sixty in all, but no more often than every two seconds. */
    Duration interval() {
        Duration interval = length.dividedBy(SAMPLES);
        return interval.compareTo(SHORTEST_INTERVAL) < 0 ? SHORTEST_INTERVAL : interval;
    }
}
