package org.hatask.sample.cluster;

import java.util.ArrayDeque;
import java.util.Deque;

/** Tidies up when this JVM ends, however it ends but by SIGKILL: the newest first, one after the other. Thread-safe. */
final class AtExit {

    private static final Deque<Runnable> ACTIONS = new ArrayDeque<>();
    private static volatile boolean ending;

    static {
        Runtime.getRuntime().addShutdownHook(new Thread(AtExit::runAll, "tidy-up"));
    }

    private AtExit() {}

    /** Whether this JVM ends, so that what fails now fails for that reason. */
    static boolean isEnding() {
        return ending;
    }

    static synchronized void run(Runnable action) {
        ACTIONS.push(action);
    }

    static synchronized void forget(Runnable action) {
        ACTIONS.remove(action);
    }

    private static synchronized Runnable next() {
        return ACTIONS.poll();
    }

    private static void runAll() {
        ending = true;
        for (Runnable action = next(); action != null; action = next()) {
            try {
                action.run();
            } catch (RuntimeException e) {
                System.err.println("While tidying up: " + e.getMessage());
            }
        }
    }
}
