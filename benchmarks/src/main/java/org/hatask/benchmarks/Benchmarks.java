package org.hatask.benchmarks;

import java.util.Arrays;
import org.hatask.benchmarks.durable.DurableBenchmark;

/** The first argument is the question. */
public final class Benchmarks {

    private static final String USAGE = """
            usage: benchmarks/run <question> [--<option>=<value> …]

              durable   durable tasks submitted and completed per second, beside db-scheduler and JobRunr
            """;

    private Benchmarks() {}

    public static void main(String[] args) throws Exception {
        String question = args.length == 0 ? "" : args[0];
        try {
            switch (question) {
                case "durable" -> DurableBenchmark.run(new Arguments(Arrays.copyOfRange(args, 1, args.length)));
                default -> throw new IllegalArgumentException("'" + question + "' is none of the questions.");
            }
        } catch (IllegalArgumentException e) {
            System.err.println(e.getMessage());
            System.err.print(USAGE);
            System.exit(2);
        }
        // Some of what was measured leaves threads behind.
        System.exit(0);
    }
}
