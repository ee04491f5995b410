package org.hatask.sample.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ChildProcessTest {

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @TempDir
    private Path directory;

    /** What the child runs: says that it lives, again and again. */
    public static final class Ticker {

        private Ticker() {}

        public static void main(String[] args) {
            if (args.length > 0) {
                throw new IllegalStateException("told to fail by " + args[0]);
            }
            while (true) {
                System.out.println("tick");
                Waiting.pause(Duration.ofMillis(20));
            }
        }
    }

    @Test
    void pausedProcessSaysNothingUntilItGoesOn() throws Exception {
        try (ChildProcess child = child()) {
            child.start();
            child.await("ticked", PATIENCE, () -> size(child) > 0);
            child.pause();
            assertThat(Waiting.until(PATIENCE, () -> isStopped(child.pid()))).isTrue();
            long silent = size(child);
            child.resume();
            assertThat(Waiting.until(PATIENCE, () -> size(child) > silent)).isTrue();
        }
    }

    @Test
    void closingEndsEvenAPausedProcess() {
        ChildProcess child = child();
        child.start();
        child.pause();
        child.close();
        assertThat(child.isAlive()).isFalse();
    }

    @Test
    void endedProcessCanBeStartedAgain() {
        try (ChildProcess child = child()) {
            child.start();
            assertThat(child.stop(PATIENCE)).isTrue();
            child.start();
            assertThat(child.isAlive()).isTrue();
        }
    }

    @Test
    void endOfTheLogIsShownWhenTheProcessDies() {
        try (ChildProcess child =
                new ChildProcess("x", directory.resolve("x.log"), List.of(), Ticker.class.getName(), List.of("test"))) {
            child.start();
            assertThatExceptionOfType(ClusterFailure.class)
                    .isThrownBy(() -> child.await("was ready", PATIENCE, () -> false))
                    .withMessageContaining("x ended with status 1")
                    .withMessageContaining("told to fail by test");
        }
    }

    private ChildProcess child() {
        return new ChildProcess(
                "ticker", directory.resolve("ticker.log"), List.of(), Ticker.class.getName(), List.of());
    }

    private static long size(ChildProcess child) {
        return child.log().toFile().length();
    }

    private static boolean isStopped(long pid) {
        try {
            return Files.readString(Path.of("/proc/" + pid + "/stat")).contains(") T ");
        } catch (java.io.IOException e) {
            return false;
        }
    }
}
