package org.hatask.campaign;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
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
        Map<String, String> given = new HashMap<>();
        Arrays.stream(args).forEach(arg -> {
            String[] parts = arg.split("=", 2);
            require(
                    parts.length == 2 && parts[0].startsWith("--") && NAMES.contains(parts[0].substring(2)),
                    "an argument",
                    arg,
                    "one of those below");
            given.put(parts[0].substring(2), parts[1]);
        });
        long seed = given.containsKey("seed") ? number(given, "seed", "") : System.currentTimeMillis() % 1_000_000;
        long seconds = given.containsKey("seconds") ? number(given, "seconds", "") : 60 * number(given, "minutes", "3");
        return new Options(
                (int) number(given, "nodes", "3"),
                Duration.ofSeconds(seconds),
                seed,
                profile(given.getOrDefault("profile", "all")),
                given.getOrDefault("mutation", "none"),
                Path.of(System.getProperty("campaign.directory", "target/campaign"))
                        .resolve("run-" + seed + "-" + ProcessHandle.current().pid()),
                Boolean.parseBoolean(given.getOrDefault("keep", "false")));
    }

    private static long number(Map<String, String> given, String name, String otherwise) {
        String text = given.getOrDefault(name, otherwise);
        try {
            return Long.parseLong(text);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("--" + name + " is '" + text + "' but must be a whole number.", e);
        }
    }

    private static Schedule.Profile profile(String text) {
        try {
            return Schedule.Profile.valueOf(text.toUpperCase(Locale.ROOT));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("--profile is '" + text + "' but must be all or pauses.", e);
        }
    }

    private static void require(boolean good, String what, Object value, String expected) {
        if (!good) {
            throw new IllegalArgumentException(what + " is '" + value + "' but must be " + expected + ".");
        }
    }
}
