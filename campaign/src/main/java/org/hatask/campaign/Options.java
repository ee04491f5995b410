package org.hatask.campaign;

import static org.hatask.campaign.Arguments.require;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import org.hatask.campaign.rig.Schedule;

/**
 * @param nodes how many nodes
 * @param length how long faults are injected
 * @param seed for the schedule of the faults and for what the nodes call
 * @param profile which faults
 * @param mutation what is broken on purpose: {@code none}, {@code no-lease} or {@code no-fence}
 * @param directory for logs; that of a run without findings is deleted
 * @param keep whether it stays all the same
 */
record Options(
        int nodes,
        Duration length,
        long seed,
        Schedule.Profile profile,
        String mutation,
        Path directory,
        boolean keep) {

    private static final Set<String> NAMES =
            Set.of("nodes", "minutes", "seconds", "seed", "profile", "mutation", "keep");

    static final String USAGE = """
            usage: campaign/run [--nodes=3|5] [--minutes=3 | --seconds=180] [--seed=<number>]
                                [--profile=all|pauses] [--mutation=none|no-lease|no-fence] [--keep=false|true]""";

    Options {
        require(nodes >= 3 && nodes <= 9, "--nodes", nodes, "between 3 and 9");
        require(length.toSeconds() >= 10, "--seconds", length.toSeconds(), "at least 10");
        require(
                Set.of("none", "no-lease", "no-fence").contains(mutation),
                "--mutation",
                mutation,
                "none, no-lease or no-fence");
    }

    /** @throws IllegalArgumentException with what to change */
    static Options parse(String[] args) {
        Arguments given = new Arguments(args, NAMES);
        long seed = given.seed();
        return new Options(
                (int) given.number("nodes", 3),
                given.length(3),
                seed,
                given.choice("profile", Schedule.Profile.ALL),
                given.text("mutation", "none"),
                RunDirectory.of("run-" + seed),
                given.flag("keep"));
    }
}
