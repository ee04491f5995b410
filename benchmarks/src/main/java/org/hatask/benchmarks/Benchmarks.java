package org.hatask.benchmarks;

import java.util.Arrays;
import org.hatask.benchmarks.calls.CallsBenchmark;
import org.hatask.benchmarks.calls.Member;
import org.hatask.benchmarks.calls.MixedBenchmark;
import org.hatask.benchmarks.calls.NodeDeathBenchmark;
import org.hatask.benchmarks.durable.DurableBenchmark;
import org.hatask.benchmarks.growth.GrowthBenchmark;
import org.hatask.benchmarks.growth.Nodes;
import org.hatask.benchmarks.growth.ZooKeeperProcess;
import org.hatask.benchmarks.local.LocalBenchmark;
import org.hatask.benchmarks.starter.StarterBenchmark;

/** The first argument is the question. */
public final class Benchmarks {

    private static final String USAGE = """
            usage: benchmarks/run <question> [--<option>=<value> …]

              calls       remote calls per second, their times and their cost, beside raw sockets, Dubbo, Hazelcast, Ignite, RestClient
              mixed       how long short calls take beside long ones and large ones
              node-death  what callers see when one of three servers is killed
              local       what a call costs whose node is the caller's own, over the plain proxied call (JMH)
              durable     durable tasks submitted and completed per second, beside db-scheduler and JobRunr
              growth      what nodes cost ZooKeeper, each other and themselves as there are more of them
              starter     what the starter adds to a plain web application: start-up, heap, threads, classes
            """;

    private Benchmarks() {}

    public static void main(String[] args) throws Exception {
        String question = args.length == 0 ? "" : args[0];
        String[] rest = args.length == 0 ? args : Arrays.copyOfRange(args, 1, args.length);
        try {
            switch (question) {
                case "calls" -> CallsBenchmark.run(new Arguments(rest));
                case "local" -> LocalBenchmark.run(new Arguments(rest));
                case "mixed" -> MixedBenchmark.run(new Arguments(rest));
                case "node-death" -> NodeDeathBenchmark.run(new Arguments(rest));
                case "durable" -> DurableBenchmark.run(new Arguments(rest));
                case "growth" -> GrowthBenchmark.run(new Arguments(rest));
                case "starter" -> StarterBenchmark.run(new Arguments(rest));
                // A process of a benchmark that needs several.
                case "member" -> Member.run(rest);
                case "nodes" -> Nodes.serve(Integer.parseInt(rest[0]));
                case "zookeeper" -> ZooKeeperProcess.serve();
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
