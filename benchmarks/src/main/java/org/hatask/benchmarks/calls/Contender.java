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
    }

    /** What is executed. */
    static String answer(String text, int number) {
        return text + number;
    }
}
