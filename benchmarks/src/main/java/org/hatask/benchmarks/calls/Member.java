package org.hatask.benchmarks.calls;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * The main part of a process of a contender. It says when it is ready, then answers each line it reads with one of its own, and
 * ends when there are no more: also when whoever started it has died.
 */
public final class Member {

    /** Begins a line that is meant for whoever started the process; others may write there as well. */
    static final String MARK = "@ ";

    private Member() {}

    /** @param args the contender's option and the {@link Place} */
    public static void run(String... args) throws Exception {
        Place place = Place.parse(args[1]);
        Contender contender = contender(args[0]);
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        if (place.isCaller()) {
            try (Contender.Caller caller = contender.call(place);
                    Load load = new Load(caller)) {
                say("ready");
                for (String line = in.readLine(); line != null; line = in.readLine()) {
                    say(answer(load, line.split(" ")));
                }
            }
        } else {
            try (AutoCloseable server = contender.serve(place)) {
                say("ready");
                while (in.readLine() != null) {
                    say("");
                }
            }
        }
    }

    private static Contender contender(String option) {
        for (Contenders each : Contenders.values()) {
            if (each.option().equals(option)) {
                return each.make();
            }
        }
        throw new IllegalArgumentException("'" + option + "' is none of the contenders.");
    }

    private static String answer(Load load, String... command) throws Exception {
        int[] numbers =
                Arrays.stream(command).skip(1).mapToInt(Integer::parseInt).toArray();
        return switch (command[0]) {
            case "run" -> load.run(numbers[0], numbers[1], numbers[2]).toString();
            case "watch" -> load.watch(numbers[0], numbers[1], numbers[2]).toString();
            case "mixed" -> load.mixed(Load.Mix.of(numbers)).toString();
            case "rest" -> load.rest(numbers[0], numbers[1]);
            default -> throw new IllegalArgumentException("'" + command[0] + "' is no command.");
        };
    }

    /** Answers whoever started this process. */
    public static void say(String line) {
        System.out.println(MARK + line);
    }
}
