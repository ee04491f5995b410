package org.hatask.benchmarks.calls;

/** A way to have a method executed in one of several other processes, each in turn. */
interface Contender {

    /** Starts a process that executes; it does so until it is closed. */
    AutoCloseable serve(Place place) throws Exception;

    /** Starts the process that calls, when all others are there. */
    Caller call(Place place) throws Exception;

    /** What calls; used by many threads. */
    interface Caller extends AutoCloseable {
        String work(String text, int number) throws Exception;

        /** Has something executed that takes long, as a task of its own where the contender knows such. Otherwise the same. */
        default String rest(int millis) throws Exception {
            return work("", -millis);
        }
    }

    /** What is executed. */
    static String answer(String text, int number) {
        return number < 0 ? rest(-number) : text + number;
    }

    /** Rests and tells when it began, by the clock that all processes of a machine share: that of {@code nanoTime} on Linux. */
    static String rest(int millis) {
        long began = System.nanoTime();
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            throw new IllegalStateException("The rest was interrupted", e);
        }
        return "" + began;
    }
}
