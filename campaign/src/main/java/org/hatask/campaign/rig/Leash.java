package org.hatask.campaign.rig;

import java.io.IOException;
import java.util.Arrays;

/**
 * Runs another main class and ends the process when its standard input ends: the campaign holds the other end, so the process
 * goes away with it even when that was killed and could not say goodbye.
 */
public final class Leash {

    private Leash() {}

    public static void main(String[] args) throws Exception {
        Thread watcher = new Thread(Leash::haltAtEndOfInput, "leash");
        watcher.setDaemon(true);
        watcher.start();
        Class<?> main = Class.forName(args[0], true, Thread.currentThread().getContextClassLoader());
        main.getMethod("main", String[].class).invoke(null, (Object) Arrays.copyOfRange(args, 1, args.length));
    }

    private static void haltAtEndOfInput() {
        try {
            while (System.in.read() != -1) {
                // Nobody writes here.
            }
        } catch (IOException e) {
            // As good as the end.
        }
        Runtime.getRuntime().halt(137);
    }
}
