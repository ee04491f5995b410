package org.hatask.campaign;

import static org.hatask.campaign.Arguments.require;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import org.hatask.campaign.rig.Election;
import org.hatask.campaign.rig.Ensemble;
import org.hatask.campaign.rig.Schedule;
import org.hatask.campaign.rig.Setup;

/**
 * @param setup what is under test
 * @param length how long faults are injected
 * @param seed for the schedule of the faults and for what the nodes call
 * @param profile which faults
 * @param directory for logs; that of a run without findings is deleted
 * @param keep whether it stays all the same
 */
record Options(Setup setup, Duration length, long seed, Schedule.Profile profile, Path directory, boolean keep) {

    private static final Set<String> NAMES =
            Set.of("nodes", "minutes", "seconds", "seed", "profile", "election", "ensemble", "mutation", "keep");

    static final String USAGE = """
            usage: campaign/run [--nodes=3|5] [--minutes=3 | --seconds=180] [--seed=<number>] [--profile=all|pauses]
                                [--election=leader-latch|lowest-node-id|operator] [--ensemble=external|embedded]
                                [--mutation=none|no-lease|no-fence] [--keep=false|true]""";

    Options {
        require(setup.nodes() >= 3 && setup.nodes() <= 9, "--nodes", setup.nodes(), "between 3 and 9");
        require(length.toSeconds() >= 10, "--seconds", length.toSeconds(), "at least 10");
        require(
                Set.of("none", "no-lease", "no-fence").contains(setup.mutation()),
                "--mutation",
                setup.mutation(),
                "none, no-lease or no-fence");
    }

    /** @throws IllegalArgumentException with what to change */
    static Options parse(String[] args) {
        Arguments given = new Arguments(args, NAMES);
        long seed = given.seed();
        return new Options(
                new Setup(
                        (int) given.number("nodes", 3),
                        given.choice("election", Election.LEADER_LATCH),
                        given.choice("ensemble", Ensemble.EXTERNAL),
                        given.text("mutation", "none")),
                given.length(3),
                seed,
                given.choice("profile", Schedule.Profile.ALL),
                RunDirectory.of("run-" + seed),
                given.flag("keep"));
    }

    /** What makes the same run. */
    String again() {
        return "--nodes=" + setup.nodes() + " --seconds=" + length.toSeconds() + " --seed=" + seed + " --profile="
                + Arguments.written(profile) + " --election=" + Arguments.written(setup.election()) + " --ensemble="
                + Arguments.written(setup.ensemble()) + " --mutation=" + setup.mutation();
    }
}
