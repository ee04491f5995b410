package org.hatask.benchmarks.local;

import java.util.concurrent.TimeUnit;
import org.hatask.benchmarks.Arguments;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;

/** Runs {@link LocalCalls} in processes of their own; with the bytes that a call allocates. */
public final class LocalBenchmark {

    private LocalBenchmark() {}

    public static void run(Arguments arguments) throws RunnerException {
        ChainedOptionsBuilder options = new OptionsBuilder()
                .include(LocalCalls.class.getName() + "\\." + arguments.text("only", ".*"))
                .mode(Mode.SampleTime)
                .mode(Mode.AverageTime)
                .timeUnit(TimeUnit.NANOSECONDS)
                .threads(arguments.number("threads", 1, 1))
                .forks(arguments.number("forks", 2, 1))
                .warmupIterations(arguments.number("warm-ups", 5, 0))
                .warmupTime(TimeValue.seconds(1))
                .measurementIterations(arguments.number("iterations", 5, 1))
                .measurementTime(TimeValue.seconds(1))
                .addProfiler(GCProfiler.class)
                .jvmArgs("-Xms512m", "-Xmx512m");
        arguments.nothingElse();
        new Runner(options.build()).run();
    }
}
